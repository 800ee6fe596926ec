using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace EdgeLearn.Tests;

/// <summary>Image files for tests, written by the definitions of their kinds.</summary>
static class ImageBytes
{
    /// <summary>A PNG of 8 bits.</summary>
    /// <param name="height">rows</param>
    /// <param name="width">columns</param>
    /// <param name="type">0 grey, 2 colour, 4 grey and 6 colour with transparency</param>
    /// <param name="pixels">rows from the top</param>
    public static byte[] Png(int height, int width, int type, byte[] pixels)
    {
        int row = pixels.Length / height;
        // Each row begins with the number of its filter: 0, none.
        return Png(height, width, 8, type, [.. pixels.Chunk(row).SelectMany(one => new byte[] { 0 }.Concat(one))]);
    }

    /// <summary>A PNG of any header and data.</summary>
    public static byte[] Png(int height, int width, int bits, int type, byte[] unfolded, int interlace = 0)
    {
        using var folded = new MemoryStream();
        using (var stream = new ZLibStream(folded, CompressionLevel.Optimal, leaveOpen: true)) stream.Write(unfolded);
        return [0x89, .. "PNG\r\n\x1A\n"u8,
            .. Chunk("IHDR", [.. Big(width), .. Big(height), (byte)bits, (byte)type, 0, 0, (byte)interlace]),
            .. Chunk("IDAT", folded.ToArray()), .. Chunk("IEND", [])];
    }

    /// <summary>
    /// A JPEG of which each 8x8 block is one value: of every component 128 + <paramref name="level"/>(component, block), by the first
    /// coefficient alone. Progressive: the same in one scan of the first coefficients.
    /// </summary>
    /// <param name="blocks">side by side</param>
    /// <param name="components">1 grey; 3 Y, Cb, Cr</param>
    /// <param name="level">what a value lies above 128</param>
    /// <param name="progressive">the kind of the frame</param>
    public static byte[] Jpeg(int blocks, int components, Func<int, int, int> level, bool progressive = false)
    {
        var bits = new StringBuilder();
        int[] last = new int[components];
        for (int block = 0; block < blocks; block++)
        {
            for (int c = 0; c < components; c++)
            {
                // With steps of 8 the first coefficient is the level itself; the difference to the one before is written.
                int difference = level(c, block) - last[c], size = 0;
                last[c] = level(c, block);
                while (Math.Abs(difference) >> size > 0) size++;
                bits.Append(Convert.ToString(size, 2).PadLeft(4, '0'));
                int written = (difference > 0 ? difference : difference - 1) & ((1 << size) - 1);
                if (size > 0) bits.Append(Convert.ToString(written, 2).PadLeft(size, '0'));
                if (!progressive) bits.Append('0'); // the end of the block
            }
        }

        while (bits.Length % 8 != 0) bits.Append('1');
        byte[] scan = [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.ToString(i * 8, 8), 2))
            .SelectMany(one => one == 0xFF ? new byte[] { 0xFF, 0 } : [one])];
        byte[] ids = [.. Enumerable.Range(1, components).Select(id => (byte)id)];
        return [0xFF, 0xD8, .. Segment(0xDB, [0, .. Enumerable.Repeat((byte)8, 64)]),
            .. Segment(progressive ? 0xC2 : 0xC0, [8, 0, 8, 0, (byte)(8 * blocks), (byte)components,
                .. ids.SelectMany(id => new byte[] { id, 0x11, 0 })]),
            // Sizes 0 to 11 are codes of four bits; the end of a block is the one code of one bit.
            .. Segment(0xC4, [0, 0, 0, 0, 12, .. new byte[12], .. Enumerable.Range(0, 12).Select(i => (byte)i)]),
            .. Segment(0xC4, [0x10, 1, .. new byte[15], 0]),
            .. Segment(0xDA, [(byte)components, .. ids.SelectMany(id => new byte[] { id, 0 }), 0, (byte)(progressive ? 0 : 63), 0]),
            .. scan, 0xFF, 0xD9];
    }

    /// <summary>A BMP of 24 bits: rows from the bottom, blue first, each row filled up to four bytes.</summary>
    /// <param name="height">rows</param>
    /// <param name="width">columns</param>
    /// <param name="pixels">red, green, blue; rows from the top</param>
    public static byte[] Bmp(int height, int width, byte[] pixels)
    {
        var rows = pixels.Chunk(3 * width).Reverse()
            .Select(row => row.Chunk(3).SelectMany(pixel => pixel.Reverse()).Concat(new byte[width % 4]));
        byte[] data = [.. rows.SelectMany(row => row)];
        return [.. "BM"u8, .. Little(54 + data.Length), .. Little(0), .. Little(54), .. Little(40), .. Little(width), .. Little(height),
            1, 0, 24, 0, .. Little(0), .. Little(data.Length), .. Little(0), .. Little(0), .. Little(0), .. Little(0), .. data];
    }

    static byte[] Segment(int marker, byte[] content)
        => [0xFF, (byte)marker, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2), .. content];

    static byte[] Chunk(string name, byte[] content)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(name), .. content];
        uint crc = uint.MaxValue;
        foreach (byte one in named)
        {
            crc ^= one;
            for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
        }

        return [.. Big(content.Length), .. named, .. Big((int)~crc)];
    }

    static byte[] Big(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    static byte[] Little(int value) => [.. Big(value).Reverse()];
}
