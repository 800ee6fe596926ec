using System.Globalization;
using System.Text;

namespace EdgeLearn;

/// <summary>The dictionary in an npy header, read from left to right: only the three keys NumPy writes, in any order.</summary>
ref struct NpyHeaderText(ReadOnlySpan<byte> text, string name)
{
    readonly ReadOnlySpan<byte> _text = text;
    int _at;

    public ArrayHeader Parse(long startBytes)
    {
        ReadOnlySpan<byte> descriptor = default;
        bool? columnMajor = null;
        Span<long> sizes = stackalloc long[5];
        int dimensions = -1;

        Expect((byte)'{');
        while (Peek() != (byte)'}')
        {
            var key = Quoted();
            Expect((byte)':');
            if (key.SequenceEqual("descr"u8)) descriptor = Descriptor();
            else if (key.SequenceEqual("fortran_order"u8)) columnMajor = Flag();
            else if (key.SequenceEqual("shape"u8)) dimensions = Sizes(sizes);
            else throw Broken("an unknown key");
            if (Peek() == (byte)',') _at++;
        }

        if (descriptor.IsEmpty || columnMajor is null || dimensions < 0)
            throw Broken("not all of 'descr', 'fortran_order' and 'shape'");
        return Header(descriptor, columnMajor.Value, sizes[..dimensions], startBytes);
    }

    readonly ArrayHeader Header(ReadOnlySpan<byte> descriptor, bool columnMajor, ReadOnlySpan<long> sizes, long startBytes)
    {
        bool bigEndian = descriptor[0] == (byte)'>';
        string letters = Encoding.ASCII.GetString("<>|="u8.Contains(descriptor[0]) ? descriptor[1..] : descriptor);
        if (NpyFile.Number(letters) is { } number)
        {
            var header = ArrayHeader.Create(number, bigEndian, sizes, startBytes, name);
            return header with { ColumnMajor = columnMajor && header.Item.Length > 1 };
        }

        if (letters is ['U' or 'S', ..] && int.TryParse(letters.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int width))
        {
            // A text is its characters, padded with zeros: 4 bytes each in U, 1 byte in S.
            return ArrayHeader.CreateText(letters[0] == 'U' ? StoredNumber.UInt32 : StoredNumber.UInt8, bigEndian, width, sizes, startBytes,
                name);
        }

        string stored = letters is ['O', ..] ? $"Python objects ('{Shown(descriptor)}')" : $"'{Shown(descriptor)}'";
        throw new EdgeLearnException($"{name} stores {stored}; expected b1, i1 to i8, u1 to u8, f2, f4 or f8, or U or S for labels: save "
            + "it with .astype('f4'), labels perhaps with .astype(str)");
    }

    static string Shown(ReadOnlySpan<byte> text)
    {
        Span<byte> shown = stackalloc byte[Math.Min(text.Length, 20)];
        for (int i = 0; i < shown.Length; i++) shown[i] = text[i] is >= (byte)' ' and <= (byte)'~' ? text[i] : (byte)'?';
        return Encoding.ASCII.GetString(shown);
    }

    ReadOnlySpan<byte> Descriptor()
    {
        if (Peek() is (byte)'[' or (byte)'(')
            throw new EdgeLearnException($"{name} is a structured array of records; save one plain array of numbers");
        var text = Quoted();
        return text.IsEmpty ? throw Broken("an empty 'descr'") : text;
    }

    bool Flag()
    {
        Peek();
        bool isTrue = _text[_at..].StartsWith("True"u8);
        if (!isTrue && !_text[_at..].StartsWith("False"u8)) throw Broken("neither True nor False");
        _at += isTrue ? 4 : 5;
        return isTrue;
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
