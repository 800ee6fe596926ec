using System.Text;

namespace EdgeLearn;

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
