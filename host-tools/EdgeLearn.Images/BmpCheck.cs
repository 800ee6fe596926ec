using System.Buffers.Binary;
using EdgeLearn.Datasets;

namespace EdgeLearn.Images;

/// <summary>
/// What must hold of a BMP before it is decoded: all rows that its header promises (the library reads what is missing as 0).
/// </summary>
static class BmpCheck
{
    const int FileHeaderBytes = 14, OldHeaderBytes = 12;

    /// <summary>The size that the header says.</summary>
    public static ImageSize Measure(byte[] file)
    {
        var (width, height, _, _) = Read(file);
        return new ImageSize(height, width, 3);
    }

    /// <summary>Refuses a file that is shorter than its rows, or compressed.</summary>
    public static void Whole(byte[] file)
    {
        var (width, height, bits, compression) = Read(file);
        if (compression is not (0 or 3)) throw new EdgeLearnException("is a compressed BMP: save it as PNG");
        long start = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(10)), rowBytes = ((width * (long)bits) + 31) / 32 * 4;
        if (start + (rowBytes * height) > file.Length) throw new EdgeLearnException("is cut short: replace or remove it");
    }

    static (int Width, int Height, int Bits, uint Compression) Read(byte[] file)
    {
        int header = file.Length < FileHeaderBytes + OldHeaderBytes ? 0
            : BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(FileHeaderBytes));
        var fields = file.AsSpan(Math.Min(FileHeaderBytes + 4, file.Length));
        if (header == OldHeaderBytes)
        {
            return (BinaryPrimitives.ReadUInt16LittleEndian(fields), BinaryPrimitives.ReadUInt16LittleEndian(fields[2..]),
                BinaryPrimitives.ReadUInt16LittleEndian(fields[6..]), 0);
        }
        if (header < 40 || file.Length < FileHeaderBytes + 40)
            throw new EdgeLearnException("is cut short or damaged: replace or remove it");
        int height = BinaryPrimitives.ReadInt32LittleEndian(fields[4..]);
        // Rows from the top have a negative height.
        return (BinaryPrimitives.ReadInt32LittleEndian(fields), height == int.MinValue ? 0 : Math.Abs(height),
            BinaryPrimitives.ReadUInt16LittleEndian(fields[10..]), BinaryPrimitives.ReadUInt32LittleEndian(fields[12..]));
    }
}
