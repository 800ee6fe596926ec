using EdgeLearn.Datasets;

namespace EdgeLearn.Tests;

/// <summary>A decoder for tests: height, width and channels, a byte each, then the pixels.</summary>
sealed class RawImages : IImageDecoder
{
    /// <summary>Files that were decoded.</summary>
    public int Decoded { get; private set; }

    /// <summary>A grey image of one value.</summary>
    public static byte[] Grey(int height, int width, byte value)
        => [(byte)height, (byte)width, 1, .. Enumerable.Repeat(value, height * width)];

    public ImageSize Measure(byte[] file)
        => file.Length > 3 ? new(file[0], file[1], file[2]) : throw new EdgeLearnException("is cut short");

    public byte[] Decode(byte[] file, int channels)
    {
        Decoded++;
        byte[] pixels = file[3..];
        return channels == file[2] ? pixels : channels == 3
            ? [.. pixels.SelectMany(value => Enumerable.Repeat(value, 3))]
            : [.. pixels.Chunk(3).Select(pixel => pixel[0])];
    }
}
