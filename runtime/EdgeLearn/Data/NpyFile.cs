using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace EdgeLearn;

/// <summary>
/// NumPy's array format, versions 1 to 3: 0x93 "NUMPY", two version bytes, the length of the header text, a Python dictionary with
/// 'descr', 'fortran_order' and 'shape', padded with spaces and ended by a newline, then the values. Read here: u1 i1 i2 i4 i8 f4 f8 of
/// either byte order, row-major.
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
        ("u1", StoredNumber.UInt8), ("i1", StoredNumber.Int8), ("i2", StoredNumber.Int16), ("i4", StoredNumber.Int32),
        ("i8", StoredNumber.Int64), ("f4", StoredNumber.Float32), ("f8", StoredNumber.Float64),
    ];

    /// <summary>The type of a description like <c>&lt;f4</c>, without its byte order; null when it is not read here.</summary>
    internal static StoredNumber? Number(string letters)
        => Array.Find(s_numbers, known => known.Letters == letters) is { Letters: not null } found ? found.Number : null;

    static string Descriptor(StoredNumber number)
        => (number.ByteCount() == 1 ? '|' : '<') + Array.Find(s_numbers, known => known.Number == number).Letters;
}

/// <summary>The dictionary in an npy header, read from left to right: only the three keys NumPy writes, in any order.</summary>
ref struct NpyHeaderText(ReadOnlySpan<byte> text, string name)
{
    readonly ReadOnlySpan<byte> _text = text;
    int _at;

    public ArrayHeader Parse(long startBytes)
    {
        StoredNumber? number = null;
        bool bigEndian = false;
        bool ordered = false;
        Span<long> sizes = stackalloc long[5];
        int dimensions = -1;

        Expect((byte)'{');
        while (Peek() != (byte)'}')
        {
            var key = Quoted();
            Expect((byte)':');
            if (key.SequenceEqual("descr"u8)) number = Descriptor(out bigEndian);
            else if (key.SequenceEqual("fortran_order"u8)) ordered = RowMajor();
            else if (key.SequenceEqual("shape"u8)) dimensions = Sizes(sizes);
            else throw Broken("an unknown key");
            if (Peek() == (byte)',') _at++;
        }

        if (number is null || !ordered || dimensions < 0) throw Broken("not all of 'descr', 'fortran_order' and 'shape'");
        return ArrayHeader.Create(number.Value, bigEndian, sizes[..dimensions], startBytes, name);
    }

    StoredNumber Descriptor(out bool bigEndian)
    {
        if (Peek() == (byte)'[') throw new EdgeLearnException($"{name} is a structured array; save one plain array of numbers");
        var text = Quoted();
        bigEndian = text.Length > 0 && text[0] == (byte)'>';
        var letters = text.Length > 0 && "<>|="u8.Contains(text[0]) ? text[1..] : text;
        return NpyFile.Number(Encoding.ASCII.GetString(letters)) ?? throw new EdgeLearnException(
            $"{name} stores '{Encoding.ASCII.GetString(text)}'; expected u1, i1, i2, i4, i8, f4 or f8: save it with .astype('f4')");
    }

    bool RowMajor()
    {
        Peek();
        if (_text[_at..].StartsWith("False"u8))
        {
            _at += 5;
            return true;
        }

        if (_text[_at..].StartsWith("True"u8))
            throw new EdgeLearnException($"{name} is stored column by column (fortran_order); save it with numpy.ascontiguousarray");
        throw Broken("neither True nor False");
    }

    int Sizes(scoped Span<long> sizes)
    {
        int dimensions = 0;
        Expect((byte)'(');
        while (Peek() != (byte)')')
        {
            if (dimensions == sizes.Length) throw new EdgeLearnException($"{name} has {dimensions} or more dimensions; expected 1 to 4");
            sizes[dimensions++] = Integer();
            if (Peek() == (byte)',') _at++;
        }

        _at++;
        return dimensions;
    }

    long Integer()
    {
        int begin = _at;
        long value = 0;
        while (_at < _text.Length && _text[_at] is >= (byte)'0' and <= (byte)'9')
        {
            // 18 digits fit a long; no array that could be read here needs more.
            if (_at - begin == 18) throw Broken("a size of more than 18 digits");
            value = (value * 10) + (_text[_at++] - '0');
        }

        // Python 2 wrote sizes as 12L.
        if (_at < _text.Length && _text[_at] == (byte)'L') _at++;
        return _at > begin ? value : throw Broken("no size");
    }

    ReadOnlySpan<byte> Quoted()
    {
        byte quote = Peek();
        if (quote is not ((byte)'\'' or (byte)'"')) throw Broken("no quoted text");
        var rest = _text[(_at + 1)..];
        int end = rest.IndexOf(quote);
        if (end < 0) throw Broken("a quote that does not end");
        _at += end + 2;
        return rest[..end];
    }

    void Expect(byte symbol)
    {
        if (Peek() != symbol) throw Broken($"no '{(char)symbol}'");
        _at++;
    }

    byte Peek()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\n') _at++;
        return _at < _text.Length ? _text[_at] : throw Broken("no end");
    }

    readonly EdgeLearnException Broken(string found)
        => new($"{name}: the npy header has {found} at character {_at}; was it written by numpy.save?");
}
