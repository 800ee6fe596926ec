using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace EdgeLearn;

/// <summary>
/// NumPy's array format, versions 1 to 3: 0x93 "NUMPY", two version bytes, the length of the header text, a Python dictionary with
/// 'descr', 'fortran_order' and 'shape', padded with spaces and ended by a newline, then the values. Read here: numbers (b1, i1 to
/// i8, u1 to u8, f2 f4 f8) of either byte order, row by row or column by column, and text (U, S) as the numbers of its characters.
/// </summary>
static class NpyFile
{
    /// <summary>
    /// Bytes of every header that <see cref="WriteHeader"/> writes, so that it can be written again when the count is known.
    /// </summary>
    public const int WrittenHeaderBytes = 128;

    static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>True when the bytes begin an npy file.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <summary>Reads the header.</summary>
    /// <param name="start">the first <see cref="ArrayHeader.LongestBytes"/> bytes of the file, or all of them if it is shorter</param>
    /// <param name="name">the file, for messages</param>
    /// <exception cref="EdgeLearnException">It is no npy header, is cut short, or describes what cannot be read.</exception>
    public static ArrayHeader ParseHeader(ReadOnlySpan<byte> start, string name)
    {
        if (!HasMagic(start)) throw new EdgeLearnException($"{name} is no npy file");
        if (start.Length < 12) throw new EdgeLearnException($"{name}: the npy header is cut short after {start.Length} bytes");
        int version = start[6];
        if (version is < 1 or > 3) throw new EdgeLearnException($"{name}: npy version {version}; expected 1, 2 or 3");
        int textStart = version == 1 ? 10 : 12;
        uint textBytes = version == 1
            ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..])
            : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (textBytes > ArrayHeader.LongestBytes - textStart)
        {
            throw new EdgeLearnException($"{name}: an npy header of {textBytes} bytes; a plain array of numbers needs less "
                + $"than {ArrayHeader.LongestBytes}");
        }
        if (start.Length < textStart + textBytes)
            throw new EdgeLearnException($"{name}: the npy header is cut short after {start.Length} of {textStart + textBytes} bytes");
        return new NpyHeaderText(start.Slice(textStart, (int)textBytes), name).Parse(textStart + textBytes);
    }

    /// <summary>Writes a version 1 header of <see cref="WrittenHeaderBytes"/> bytes for little-endian, row-major values.</summary>
    /// <param name="destination">[<see cref="WrittenHeaderBytes"/>], written</param>
    /// <param name="number">how values are stored</param>
    /// <param name="sizes">1 to 4 dimensions</param>
    public static void WriteHeader(Span<byte> destination, StoredNumber number, params ReadOnlySpan<int> sizes)
    {
        var shape = new StringBuilder();
        foreach (int size in sizes) shape.Append(CultureInfo.InvariantCulture, $"{size}, ");
        string tuple = sizes.Length == 1 ? shape.ToString(0, shape.Length - 1) : shape.ToString(0, shape.Length - 2);
        string text = $"{{'descr': '{Descriptor(number)}', 'fortran_order': False, 'shape': ({tuple}), }}";

        destination = destination[..WrittenHeaderBytes];
        destination.Fill((byte)' ');
        Magic.CopyTo(destination);
        destination[6] = 1;
        destination[7] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], WrittenHeaderBytes - 10);
        Encoding.ASCII.GetBytes(text, destination[10..^1]);
        destination[^1] = (byte)'\n';
    }

    static readonly (string Letters, StoredNumber Number)[] s_numbers =
    [
        ("u1", StoredNumber.UInt8), ("u2", StoredNumber.UInt16), ("u4", StoredNumber.UInt32), ("u8", StoredNumber.UInt64),
        ("i1", StoredNumber.Int8), ("i2", StoredNumber.Int16), ("i4", StoredNumber.Int32), ("i8", StoredNumber.Int64),
        ("f2", StoredNumber.Float16), ("f4", StoredNumber.Float32), ("f8", StoredNumber.Float64), ("b1", StoredNumber.Boolean),
    ];

    /// <summary>The type of a description like <c>&lt;f4</c>, without its byte order; null when it is not read here.</summary>
    internal static StoredNumber? Number(string letters)
        => Array.Find(s_numbers, known => known.Letters == letters) is { Letters: not null } found ? found.Number : null;

    static string Descriptor(StoredNumber number)
        => (number.ByteCount() == 1 ? '|' : '<') + Array.Find(s_numbers, known => known.Number == number).Letters;
}
