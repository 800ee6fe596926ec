using System.Buffers.Binary;
using System.IO.Hashing;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class NpzFileTests : IDisposable
{
    static readonly byte[] s_array = ArrayBytes.Npy("<f4", "(3, 2)", 1, 2, 3, 4, 5, 6);

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Arrays_of_a_zip_are_files_of_a_folder(bool compressed)
    {
        byte[] columns = ArrayBytes.NpyText("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", [1, 2, 3, 4]);
        string path = _folder.Write("d.npz", ArrayBytes.Zip(compressed, ("b.npy", s_array), ("a.npy", columns), ("deep/c.npy", s_array),
            ("notes.txt", [1])));
        Assert.Equal([path + "/a.npy", path + "/b.npy"], NpzFile.Entries(path));
        Assert.Equal([3f, 4f], Row(path + "/b.npy", 1));
        Assert.Equal([2f, 4f], Row(path + "/a.npy", 1));
        Assert.Contains("there is no c.npy of d.npz", Message(() => Row(path + "/c.npy", 0)));
    }

    [Fact]
    public void A_changed_zip_is_expanded_anew()
    {
        for (int round = 0; round < 3; round++)
        {
            string path = _folder.Write("d.npz", ArrayBytes.Zip(false, ("a.npy", ArrayBytes.Npy("|u1", "(1, 2)", round, 7))));
            Assert.Equal([round, 7f], Row(path + "/a.npy", 0));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_zip_cut_at_any_byte_is_refused_in_one_line(bool compressed)
    {
        byte[] whole = ArrayBytes.Zip(compressed, ("a.npy", s_array));
        for (int length = 0; length < whole.Length; length++)
        {
            string path = _folder.Write("cut.npz", whole[..length]);
            string message = Message(() =>
            {
                NpzFile.Entries(path);
                Row(path + "/a.npy", 0);
            });
            Assert.Contains("cut.npz", message);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_value_that_was_damaged_is_noticed(bool compressed)
    {
        // Without pattern, so that a compressed form is about as long and every byte of it counts.
        double[] values = [.. Enumerable.Range(0, 1000).Select(i => (double)(i * 7919 % 65536))];
        byte[] bytes = ArrayBytes.Zip(compressed, ("a.npy", ArrayBytes.Npy("<u2", "(500, 2)", values)));
        bytes[bytes.Length / 2] ^= 1;
        string path = _folder.Write("d.npz", bytes);
        Assert.Contains("a.npy of d.npz is a damaged zip file", Message(() => Row(path + "/a.npy", 0)));
        Assert.Empty(Directory.GetFiles(_folder["cache"]));
    }

    [Fact]
    public void A_zip_that_expands_without_end_is_stopped()
    {
        byte[] bomb = [.. s_array, .. new byte[50_000_000]];
        byte[] bytes = ArrayBytes.Zip(true, ("a.npy", bomb));
        string path = _folder.Write("bomb.npz", bytes);
        Assert.Contains("there are bytes behind the last item", Message(() => Row(path + "/a.npy", 0)));

        // The directory at the end of the zip lies about the length: PK 1 2, and 24 bytes from there the length.
        int at = bytes.AsSpan().LastIndexOf("PK\x1\x2"u8);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at + 24), s_array.Length);
        path = _folder.Write("bomb.npz", bytes);
        Assert.Contains("bomb.npz", Message(() => Row(path + "/a.npy", 0)));
        Assert.True(!Directory.Exists(_folder["cache"]) || Directory.GetFiles(_folder["cache"]).Length == 0);

        byte[] giant = ArrayBytes.NpyText("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000), }", new byte[1000]);
        path = _folder.Write("giant.npz", Claimed(giant, giant.Length + 8_000_000_000 - 1000));
        Assert.Contains("giant.npz", Message(() => Row(path + "/a.npy", 0)));

        static byte[] Claimed(byte[] array, long length)
        {
            byte[] zip = ArrayBytes.Zip(true, ("a.npy", array));
            BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(zip.AsSpan().LastIndexOf("PK\x1\x2"u8) + 24), (uint)length);
            return zip;
        }
    }

    [Fact]
    public void A_directory_of_very_many_entries_is_refused_before_it_is_read()
    {
        string path = _folder.Write("many.npz",
            ArrayBytes.Zip(false, [.. Enumerable.Range(0, 20_000).Select(i => ($"some-longer-name-{i}.npy", Array.Empty<byte>()))]));
        Assert.Contains("many.npz has a directory of", Message(() => NpzFile.Entries(path)));
    }

    [Fact]
    public void Two_arrays_of_one_name_are_refused()
    {
        string path = _folder.Write("d.npz", ArrayBytes.Zip(false, ("a.npy", s_array), ("a.npy", s_array)));
        Assert.Contains("two arrays a.npy", Message(() => NpzFile.Entries(path)));
    }

    [Fact]
    public void The_check_sum_is_that_of_the_standard()
    {
        // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
        Assert.Equal(0xCBF43926, Crc32.HashToUInt32("123456789"u8));
    }

    float[] Row(string path, int index)
    {
        using var file = ArrayFile.Open(path, new FileCache(_folder["cache"]));
        float[] row = new float[file.Header.Item.Length];
        file.Read(index, row);
        return row;
    }

    static string Message(Action action) => Assert.Throws<EdgeLearnException>(action).Message;
}
