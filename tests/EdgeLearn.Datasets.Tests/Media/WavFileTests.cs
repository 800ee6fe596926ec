using EdgeLearn.Datasets;
using Xunit;
using static EdgeLearn.Tests.WavBytes;

namespace EdgeLearn.Tests;

public sealed class WavFileTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Samples as the definition of each kind has them: 8 bits are counted from 128, wider ones are signed.
    public static TheoryData<int, int, byte[], float[]> Kinds => new()
    {
        { 1, 8, [128, 255, 0, 64], [0, 127 / 128f, -1, -0.5f] },
        { 1, 16, [0, 0, 0xFF, 0x7F, 0, 0x80, 0, 0x40], [0, 32767 / 32768f, -1, 0.5f] },
        { 1, 24, [0, 0, 0xC0, 0, 0, 0x80, 0, 0, 0x20], [-0.5f, -1, 0.25f] },
        { 1, 32, [0, 0, 0, 0x80, 0, 0, 0, 0x10], [-1, 0.125f] },
        { 3, 32, [.. BitConverter.GetBytes(0.75f), .. BitConverter.GetBytes(-1.5f)], [0.75f, -1.5f] },
        { 3, 64, [.. BitConverter.GetBytes(0.1), .. BitConverter.GetBytes(-2.0)], [0.1f, -2] },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_of_sample_is_read(int tag, int bits, byte[] data, float[] expected)
    {
        Assert.Equal(expected, Read(Riff(Format(tag, 1, 8000, bits), Chunk("data", data)), out var file));
        Assert.Equal((8000, 1, expected.Length), (file.Rate, file.Channels, (int)file.Frames));
        Assert.Equal(expected, Read(Riff(Extensible(tag, 1, 8000, bits), Chunk("data", data)), out _));
    }

    [Fact]
    public void Channels_are_averaged()
        => Assert.Equal([0.25f, -0.5f], Read(Riff(Format(1, 2, 8000, 16), Chunk("data", [0, 0x40, 0, 0, 0, 0x80, 0, 0])), out _));

    [Fact]
    public void Chunks_come_in_any_order_and_odd_ones_are_padded()
    {
        byte[] data = Chunk("data", [0, 0x40]), format = Format(1, 1, 8000, 16), other = Chunk("LIST", [1, 2, 3]);
        foreach (byte[] file in (byte[][])[Riff(other, format, data), Riff(format, other, data, other), Riff(data, other, format)])
            Assert.Equal([0.5f], Read(file, out _));
    }

    [Theory]
    [InlineData(0xFFFFFFFFu)]
    [InlineData(0u)]
    [InlineData(1000u)]
    public void A_length_that_was_not_filled_in_goes_to_the_end(uint length)
        => Assert.Equal([0.5f, -1], Read([.. Riff(Format(1, 1, 8000, 16)), .. Chunk("data", [0, 0x40, 0, 0x80, 7], length)[..^1]], out _));

    [Fact]
    public void Behind_the_end_there_is_silence()
    {
        using var file = WavFile.Open(_folder.Write("a.wav", Of(8000, 16384, -16384)));
        float[] samples = [9, 9, 9];
        file.Read(samples);
        Assert.Equal([0.5f, -0.5f, 0], samples);
    }

    [Fact]
    public void What_is_no_such_file_is_refused_in_one_line()
    {
        byte[] good = Format(1, 1, 8000, 16), data = Chunk("data", [1, 2]);
        Refuses("is empty", []);
        Refuses("is no WAV file: it has 5 bytes", [1, 2, 3, 4, 5]);
        Refuses("is no WAV file: it begins with the bytes 52494658", [.. "RIFX"u8, .. Riff(good, data)[4..]]);
        Refuses("has no data chunk", Riff(good));
        Refuses("has no fmt chunk", Riff(data));
        Refuses("holds no samples", Riff(good, Chunk("data", [])));
        Refuses("has ADPCM of 4 bits; expected PCM", Riff(Format(17, 1, 8000, 4), data));
        Refuses("has mu-law of 8 bits; expected PCM", Riff(Format(7, 1, 8000, 8), data));
        Refuses("has PCM of 12 bits; expected PCM", Riff(Format(1, 2, 8000, 12), data));
        Refuses("has a damaged fmt chunk: 0 channels", Riff(Format(1, 0, 8000, 16), data));
        Refuses("at 0 Hz", Riff(Format(1, 1, 0, 16), data));
        Refuses("a sample that is not a finite number: 0", Riff(Format(3, 1, 8000, 32), Chunk("data", BitConverter.GetBytes(float.NaN))));
    }

    [Fact]
    public void Damaged_bytes_bring_nothing_else_than_a_refusal()
    {
        var random = new Random(1);
        byte[] data = [.. Enumerable.Range(0, 60).Select(i => (byte)i)];
        byte[] whole = Riff(Chunk("LIST", [1, 2, 3]), Extensible(1, 2, 8000, 24), Chunk("data", data));
        for (int i = 0; i < 1000; i++)
        {
            byte[] bytes = whole[..(i % 3 == 0 ? random.Next(whole.Length) : whole.Length)];
            for (int change = random.Next(4); change >= 0 && bytes.Length > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                Assert.DoesNotContain(Read(bytes, out _), sample => !float.IsFinite(sample));
            }
            catch (EdgeLearnException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }
    }

    void Refuses(string part, byte[] bytes)
    {
        string message = Assert.Throws<EdgeLearnException>(() => Read(bytes, out _)).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains(_folder["a.wav"], message, StringComparison.Ordinal);
    }

    float[] Read(byte[] bytes, out WavFile file)
    {
        using (file = WavFile.Open(_folder.Write("a.wav", bytes)))
        {
            float[] samples = new float[file.Frames];
            file.Read(samples);
            return samples;
        }
    }
}
