using System.Security.Cryptography;
using Xunit;

namespace EdgeLearn.Tests;

public class Sha256Tests
{
    [Theory]
    // FIPS 180-2, appendix B.
    [InlineData("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    [InlineData("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void Published_digests_come_out(string text, string digest)
    => Assert.Equal(digest, Convert.ToHexStringLower(Sha256.Hash(System.Text.Encoding.ASCII.GetBytes(text))));

    [Fact]
    public void Every_length_agrees_with_the_frameworks_own_in_one_piece_and_in_many()
    {
        var random = new Random(5);
        for (int length = 0; length <= 257; length++)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            byte[] expected = SHA256.HashData(bytes);
            Assert.Equal(expected, Sha256.Hash(bytes));
            var pieces = new Sha256();
            for (int at = 0; at < length;)
            {
                int count = Math.Min(random.Next(100), length - at);
                pieces.Append(bytes.AsSpan(at, count));
                at += count;
            }

            Assert.Equal(expected, pieces.Finish());
        }
    }

    [Fact]
    public void A_stream_is_read_to_its_end()
    {
        byte[] bytes = new byte[300_001];
        new Random(6).NextBytes(bytes);
        Assert.Equal(SHA256.HashData(bytes), Sha256.Hash(new MemoryStream(bytes)));
    }
}
