using EdgeLearn.Datasets;
using EdgeLearn.Images;
using Xunit;

namespace EdgeLearn.Tests;

public class StbImageDecoderTests
{
    readonly StbImageDecoder _decoder = new();

    [Fact]
    public void A_grey_png_is_its_bytes()
    {
        byte[] file = ImageBytes.Png(2, 3, 0, [1, 2, 3, 4, 5, 255]);
        Assert.Equal(new ImageSize(2, 3, 1), _decoder.Measure(file));
        Assert.Equal([1, 2, 3, 4, 5, 255], _decoder.Decode(file, 1));
        Assert.Equal([1, 1, 1, 2, 2, 2], _decoder.Decode(file, 3)[..6]);
    }

    [Fact]
    public void A_colour_png_has_its_channels_innermost_and_transparency_does_not_count()
    {
        byte[] file = ImageBytes.Png(1, 2, 2, [10, 20, 30, 40, 50, 60]);
        byte[] transparent = ImageBytes.Png(1, 2, 6, [10, 20, 30, 0, 40, 50, 60, 255]);
        Assert.Equal(new ImageSize(1, 2, 3), _decoder.Measure(transparent));
        Assert.Equal([10, 20, 30, 40, 50, 60], _decoder.Decode(file, 3));
        Assert.Equal([10, 20, 30, 40, 50, 60], _decoder.Decode(transparent, 3));
        // Grey by brightness, 0.30 R + 0.59 G + 0.11 B.
        Assert.Equal([18, 48], _decoder.Decode(file, 1));
        Assert.Equal([10, 40], _decoder.Decode(ImageBytes.Png(1, 2, 4, [10, 0, 40, 255]), 1));
    }

    [Fact]
    public void Pngs_of_16_bits_one_bit_and_interlaced_ones_are_read()
    {
        Assert.Equal([0x12, 0xFF], _decoder.Decode(ImageBytes.Png(1, 2, 16, 0, [0, 0x12, 0x34, 0xFF, 0x00]), 1));
        Assert.Equal([255, 0, 255], _decoder.Decode(ImageBytes.Png(1, 3, 1, 0, [0, 0b1010_0000]), 1));
        // 2x2 in seven passes: the first has (0, 0), the sixth (0, 1), the last the row below.
        Assert.Equal([1, 2, 3, 4], _decoder.Decode(ImageBytes.Png(2, 2, 8, 0, [0, 1, 0, 2, 0, 3, 4], interlace: 1), 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_jpeg_of_even_blocks_has_their_values(bool progressive)
    {
        byte[] grey = ImageBytes.Jpeg(3, 1, (_, block) => (block * 50) - 100, progressive);
        Assert.Equal(new ImageSize(8, 24, 1), _decoder.Measure(grey));
        byte[] pixels = _decoder.Decode(grey, 1);
        for (int i = 0; i < pixels.Length; i++) Assert.Equal(28 + (i % 24 / 8 * 50), pixels[i]);
        // JFIF: R = Y + 1.402 (Cr - 128), G = Y - 0.344 (Cb - 128) - 0.714 (Cr - 128), B = Y + 1.772 (Cb - 128).
        byte[] colour = ImageBytes.Jpeg(1, 3, (component, _) => component switch { 0 => -28, 1 => 20, _ => 50 }, progressive);
        Assert.Equal(new ImageSize(8, 8, 3), _decoder.Measure(colour));
        byte[] pixel = _decoder.Decode(colour, 3)[..3];
        Assert.Equal(100 + (1.402 * 50), pixel[0], 1.5);
        Assert.Equal(100 - (0.344 * 20) - (0.714 * 50), pixel[1], 1.5);
        Assert.Equal(100 + (1.772 * 20), pixel[2], 1.5);
    }

    [Fact]
    public void A_bmp_is_read_from_the_top()
    {
        byte[] pixels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18], file = ImageBytes.Bmp(2, 3, pixels);
        Assert.Equal(new ImageSize(2, 3, 3), _decoder.Measure(file));
        Assert.Equal(pixels, _decoder.Decode(file, 3));
    }

    [Fact]
    public void What_is_cut_short_or_damaged_is_refused()
    {
        byte[] png = ImageBytes.Png(8, 8, 0, new byte[64]), jpeg = ImageBytes.Jpeg(4, 1, (_, block) => block * 9);
        byte[] bmp = ImageBytes.Bmp(4, 4, new byte[48]);
        foreach (byte[] whole in (byte[][])[png, jpeg, bmp])
        {
            for (int length = 4; length < whole.Length; length++) Refuses("", whole[..length]);
        }

        byte[] changed = [.. png];
        changed[45] ^= 1;
        Refuses("is damaged: the checksum of a chunk does not fit", changed);
        Refuses("is no PNG, JPEG or BMP: it begins with the bytes 47494638", "GIF89a"u8.ToArray());
        Refuses("is no PNG, JPEG or BMP", []);
        bmp[30] = 1;
        Refuses("is a compressed BMP", bmp);
    }

    [Fact]
    public void What_would_take_all_memory_is_refused_by_its_header()
    {
        Refuses("is too large: its header says 60000x60000 pixels", ImageBytes.Png(60000, 60000, 8, 0, [0]));
        byte[] jpeg = ImageBytes.Jpeg(1, 1, (_, _) => 0);
        int frame = jpeg.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        (jpeg[frame + 5], jpeg[frame + 6], jpeg[frame + 7], jpeg[frame + 8]) = (0xEA, 0x60, 0xEA, 0x60);
        Refuses("is too large: its header says 60000x60000 pixels", jpeg);
        Refuses("is too large: it unfolds to 287,957,999 bytes", ImageBytes.Png(5999, 6000, 16, 6, [0]));
        // 64 MB of zeros in 64 kB behind a header of 8x8.
        byte[] bomb = ImageBytes.Png(8, 8, 8, 0, new byte[64 << 20]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refuses("its data unfold to more than the 72 bytes of its size", bomb);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        // 200 scans of 5 million pixels.
        byte[] small = ImageBytes.Jpeg(1, 1, (_, _) => 0, progressive: true);
        frame = small.AsSpan().IndexOf<byte>([0xFF, 0xC2]);
        (small[frame + 5], small[frame + 7]) = (10, 8);
        int scan = small.AsSpan().IndexOf<byte>([0xFF, 0xDA]);
        byte[] scans = [.. small[..scan], .. Enumerable.Repeat(small[scan..^2], 300).SelectMany(one => one), 0xFF, 0xD9];
        Refuses("scans of 2568x2056 pixels, which is too much to decode", scans);
    }

    // Whatever is in a file, nothing else than a refusal comes out.
    [Theory]
    [InlineData("png")]
    [InlineData("jpeg")]
    [InlineData("progressive")]
    [InlineData("bmp")]
    public void Damaged_bytes_bring_nothing_else_than_a_refusal(string kind)
    {
        const int Rounds = 3000;
        var random = new Random(kind.Length);
        byte[] noise = new byte[20 * 20 * 3];
        random.NextBytes(noise);
        byte[] whole = kind switch
        {
            "png" => ImageBytes.Png(20, 20, 2, noise),
            "bmp" => ImageBytes.Bmp(20, 20, noise),
            _ => ImageBytes.Jpeg(12, 3, (component, block) => noise[(block * 3) + component] - 128, kind == "progressive"),
        };
        int decoded = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = round % 5 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (int change = random.Next(1, 5); change > 0 && bytes.Length > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            // Past the checksums, which refuse nearly all of it.
            if (kind == "png" && round % 2 == 0) bytes = Unfolded(random, noise);
            try
            {
                var size = _decoder.Measure(bytes);
                // A header of many pixels takes its time; the limit has a test of its own.
                if ((long)size.Height * size.Width > 1 << 20) continue;
                Assert.Equal(size.Height * size.Width * 3, _decoder.Decode(bytes, 3).Length);
                decoded++;
            }
            catch (EdgeLearnException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }

        Assert.InRange(decoded, 1, Rounds - 1);
    }

    // A PNG with good checksums whose header, filters and perhaps amount of data are anything.
    static byte[] Unfolded(Random random, byte[] noise)
    {
        int height = random.Next(1, 20), width = random.Next(1, 15), type = random.Next(7), bits = 1 << random.Next(5);
        int length = random.Next(2) == 0 ? random.Next(noise.Length) : height * (1 + (width * (type == 2 ? 3 : 1)));
        byte[] rows = [.. noise[..length]];
        for (int i = 0; i < length; i += 1 + (width * (type == 2 ? 3 : 1))) rows[i] = (byte)random.Next(6);
        return ImageBytes.Png(height, width, random.Next(2) == 0 ? 8 : bits, type, rows, random.Next(2));
    }

    void Refuses(string part, byte[] file)
    {
        var e = Assert.Throws<EdgeLearnException>(() => _decoder.Decode(file, 3));
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }
}
