using System.Buffers.Binary;
using System.Text;

namespace EdgeLearn.Tests;

/// <summary>WAV files for tests, written by the definition of RIFF.</summary>
static class WavBytes
{
    /// <summary>A file of 16 bits and one channel.</summary>
    public static byte[] Of(int rate, params short[] samples)
        => Riff(Format(1, 1, rate, 16), Chunk("data", [.. samples.SelectMany(sample => new[] { (byte)sample, (byte)(sample >> 8) })]));

    /// <summary>A tone of 16 bits and one channel at half of the full range.</summary>
    public static byte[] Tone(int rate, int count, double hertz)
        => Of(rate, [.. Enumerable.Range(0, count).Select(n => (short)Math.Round(16384 * Math.Sin(2 * Math.PI * hertz * n / rate)))]);

    public static byte[] Riff(params byte[][] chunks)
    {
        byte[] all = [.. "WAVE"u8, .. chunks.SelectMany(chunk => chunk)];
        return [.. "RIFF"u8, .. Number(all.Length), .. all];
    }

    /// <summary>A chunk with the padding that an odd length takes.</summary>
    public static byte[] Chunk(string name, byte[] content, uint? length = null)
        => [.. Encoding.ASCII.GetBytes(name), .. Number((int)(length ?? (uint)content.Length)), .. content,
            .. content.Length % 2 == 1 ? new byte[1] : []];

    public static byte[] Format(int tag, int channels, int rate, int bits)
        => Chunk("fmt ", [.. Short(tag), .. Short(channels), .. Number(rate),
        .. Number(rate * channels * bits / 8), .. Short(channels * bits / 8), .. Short(bits)]);

    /// <summary>WAVE_FORMAT_EXTENSIBLE with the kind in a GUID.</summary>
    public static byte[] Extensible(int tag, int channels, int rate, int bits)
        => Chunk("fmt ", [.. Format(0xFFFE, channels, rate, bits)[8..],
        .. Short(22), .. Short(bits), .. Number(0), .. Short(tag), 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);

    static byte[] Short(int value) => [(byte)value, (byte)(value >> 8)];

    static byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
