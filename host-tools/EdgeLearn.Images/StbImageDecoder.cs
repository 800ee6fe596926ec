using EdgeLearn.Datasets;
using StbImageSharp;

namespace EdgeLearn.Images;

/// <summary>
/// PNG, JPEG and BMP by StbImageSharp, a C# port of stb_image. What that library does not notice is checked first: the kind, the size, data
/// that unfold beyond it, and files that end too early (<see cref="PngCheck"/>, <see cref="JpegCheck"/>, <see cref="BmpCheck"/>).
/// </summary>
public sealed class StbImageDecoder : IImageDecoder
{
    /// <summary>The largest image: what a camera of 64 megapixels makes. As a PNG in colour it took 0.6 GB to decode.</summary>
    public const long MostPixels = 1L << 26;

    /// <inheritdoc/>
    public ImageSize Measure(byte[] file)
    {
        var size = file switch
        {
            [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => PngCheck.Measure(file),
            [0xFF, 0xD8, 0xFF, ..] => JpegCheck.Measure(file),
            [(byte)'B', (byte)'M', ..] => BmpCheck.Measure(file),
            _ => throw new EdgeLearnException("is no PNG, JPEG or BMP: it begins with the bytes "
                + Convert.ToHexString(file.AsSpan(0, Math.Min(4, file.Length)))),
        };
        if (size.Height < 1 || size.Width < 1)
            throw new EdgeLearnException($"is damaged: its header says {size.Height}x{size.Width} pixels");
        return (long)size.Height * size.Width <= MostPixels
            ? size
            : throw new EdgeLearnException($"is too large: its header says {size.Height}x{size.Width} pixels, and at most {MostPixels:N0} "
                + "are decoded; make it smaller");
    }

    /// <inheritdoc/>
    public byte[] Decode(byte[] file, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(channels is 1 or 3, true, nameof(channels));
        var size = Measure(file);
        if (file[0] == 0x89) PngCheck.Whole(file);
        else if (file[0] == 0xFF) JpegCheck.Whole(file, size);
        else BmpCheck.Whole(file);
        ImageResult result;
        try
        {
            result = ImageResult.FromMemory(file, channels == 1 ? ColorComponents.Grey : ColorComponents.RedGreenBlue);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The library throws whatever its port of C comes upon.
            throw new EdgeLearnException($"is damaged ({e.Message.ReplaceLineEndings(" ")}): replace or remove it", e);
        }

        return (result.Height, result.Width) == (size.Height, size.Width) && result.Data.Length == size.Height * size.Width * channels
            ? result.Data
            : throw new EdgeLearnException($"is damaged: it decodes to {result.Height}x{result.Width} pixels, its header says "
                + $"{size.Height}x{size.Width}");
    }
}
