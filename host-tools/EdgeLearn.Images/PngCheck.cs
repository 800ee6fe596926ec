using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using EdgeLearn.Datasets;

namespace EdgeLearn.Images;

/// <summary>
/// What must hold of a PNG before it is decoded: whole chunks with their checksums, and data that unfold to exactly the rows that the
/// header promises, unfolded here once without keeping them. PNG, third edition, sections 5 and 10.
/// </summary>
static class PngCheck
{
    const int SignatureBytes = 8, HeaderBytes = 13, FrameBytes = 12;

    // Values of a pixel by its colour type; 0 = there is no such type.
    static ReadOnlySpan<byte> Samples => [1, 0, 3, 1, 2, 0, 4];

    // First column and row of the seven passes of an interlaced image, and the steps.
    static readonly (int X, int Y, int StepX, int StepY)[] s_passes
        = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>The size that the header says.</summary>
    public static ImageSize Measure(byte[] file)
    {
        var header = Header(file);
        uint width = BinaryPrimitives.ReadUInt32BigEndian(header), height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        if (width > int.MaxValue || height > int.MaxValue || header[9] > 6 || Samples[header[9]] == 0
            || header[8] is not (1 or 2 or 4 or 8 or 16) || header[12] > 1)
        {
            throw new EdgeLearnException("is damaged: its header is none of a PNG");
        }
        return new ImageSize((int)height, (int)width, header[9] is 0 or 4 ? 1 : 3);
    }

    /// <summary>Refuses a file that is cut short or damaged, or whose data unfold to more or less than the header says.</summary>
    public static void Whole(byte[] file)
    {
        var header = Header(file);
        long expected = UnfoldedBytes(header);
        // 16 bits of four channels are kept several times over.
        if (expected > 4 * StbImageDecoder.MostPixels)
            throw new EdgeLearnException($"is too large: it unfolds to {expected:N0} bytes; make it smaller, or save it with 8 bits");
        var parts = new List<(int Start, int Length)>();
        bool hasEnd = false;
        for (int at = SignatureBytes; !hasEnd;)
        {
            if (file.Length - at < FrameBytes) throw CutShort();
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            if (length > file.Length - at - FrameBytes) throw CutShort();
            var chunk = file.AsSpan(at + 4, (int)length + 4);
            // What a decoder need not understand begins with a small letter.
            uint sum = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + (int)length));
            if ((chunk[0] & 0x20) == 0 && Crc32.HashToUInt32(chunk) != sum)
                throw new EdgeLearnException("is damaged: the checksum of a chunk does not fit; replace or remove it");
            if (chunk.StartsWith("IDAT"u8)) parts.Add((at + 8, (int)length));
            hasEnd = chunk.StartsWith("IEND"u8);
            at += (int)length + FrameBytes;
        }

        CheckUnfolded(file, parts, expected);
    }

    static void CheckUnfolded(byte[] file, List<(int Start, int Length)> parts, long expected)
    {
        byte[] buffer = new byte[1 << 16];
        long bytes = 0;
        try
        {
            using var unfolded = new ZLibStream(new PartsStream(file, parts), CompressionMode.Decompress);
            for (int count; bytes <= expected && (count = unfolded.Read(buffer)) > 0;) bytes += count;
        }
        catch (InvalidDataException e)
        {
            throw new EdgeLearnException("is damaged: its data cannot be unfolded; replace or remove it", e);
        }

        if (bytes < expected) throw CutShort();
        if (bytes > expected) throw new EdgeLearnException($"is damaged: its data unfold to more than the {expected:N0} bytes of its size");
    }

    static ReadOnlySpan<byte> Header(byte[] file)
    {
        if (file.Length < SignatureBytes + FrameBytes + HeaderBytes) throw CutShort();
        return file.AsSpan(8, 8).SequenceEqual("\0\0\0\rIHDR"u8)
            ? file.AsSpan(16, HeaderBytes)
            : throw new EdgeLearnException("is damaged: it does not begin with the header of a PNG");
    }

    // A byte that names a filter, then the row, for every row of every pass.
    static long UnfoldedBytes(ReadOnlySpan<byte> header)
    {
        long width = BinaryPrimitives.ReadUInt32BigEndian(header), height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        long bits = header[8] * (long)Samples[header[9]];
        if (header[12] == 0) return height * (1 + (((width * bits) + 7) / 8));
        long bytes = 0;
        foreach (var (x, y, stepX, stepY) in s_passes)
        {
            long columns = (width - x + stepX - 1) / stepX, rows = (height - y + stepY - 1) / stepY;
            if (columns > 0 && rows > 0) bytes += rows * (1 + (((columns * bits) + 7) / 8));
        }

        return bytes;
    }

    static EdgeLearnException CutShort() => new("is cut short: replace or remove it");
}

/// <summary>Parts of an array, one behind the other.</summary>
sealed class PartsStream(byte[] bytes, List<(int Start, int Length)> parts) : ReadOnlyStream
{
    int _part;
    int _offset;

    public override int Read(Span<byte> buffer)
    {
        while (_part < parts.Count && _offset == parts[_part].Length) (_part, _offset) = (_part + 1, 0);
        if (_part == parts.Count) return 0;
        int count = Math.Min(buffer.Length, parts[_part].Length - _offset);
        bytes.AsSpan(parts[_part].Start + _offset, count).CopyTo(buffer);
        _offset += count;
        return count;
    }
}
