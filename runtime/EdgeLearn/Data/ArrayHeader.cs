namespace EdgeLearn;

/// <summary>What the head of an IDX or npy file promises: <paramref name="Count"/> items of one shape.</summary>
/// <param name="Number">how a value is stored</param>
/// <param name="BigEndian">byte order of a value</param>
/// <param name="Count">items, the first dimension</param>
/// <param name="Item">shape of one item, from the other dimensions; 1 value when there are none</param>
/// <param name="Dimensions">dimensions, the first included</param>
/// <param name="StartBytes">where the first item begins</param>
readonly record struct ArrayHeader(StoredNumber Number, bool BigEndian, int Count, Shape Item, int Dimensions, long StartBytes)
{
    /// <summary>Bytes at the start of a file that hold every header this project reads.</summary>
    public const int LongestBytes = 4096;

    // Room for the longest label among free text; labels themselves are shorter.
    const int LongestText = 1 << 14;

    /// <summary>Whether the first dimension varies fastest and the last one slowest, as in Fortran.</summary>
    public bool ColumnMajor { get; init; }

    /// <summary>Characters of a text, the values of an item being their numbers; 0 where items are numbers.</summary>
    public int TextWidth { get; init; }

    /// <summary>Bytes of one item.</summary>
    public long ItemBytes => (long)Item.Length * Number.ByteCount();

    /// <summary>Bytes up to the end of the last item.</summary>
    public long TotalBytes => StartBytes + (Count * ItemBytes);

    /// <summary>Reads the header of an IDX or npy file.</summary>
    /// <param name="start">the first <see cref="LongestBytes"/> bytes of the file, or all of them if it is shorter</param>
    /// <param name="name">the file, for messages</param>
    /// <exception cref="EdgeLearnException">It is neither, or the header is cut short, or asks for what is not supported.</exception>
    public static ArrayHeader Parse(ReadOnlySpan<byte> start, string name)
    {
        if (start.IsEmpty) throw new EdgeLearnException($"{name} is empty; expected an IDX, npy or csv file");
        if (NpyFile.HasMagic(start)) return NpyFile.ParseHeader(start, name);
        if (IdxFile.HasMagic(start)) return IdxFile.ParseHeader(start, name);
        throw new EdgeLearnException($"{name} is no IDX or npy file: it starts with the bytes {Hex(start)}");
    }

    /// <summary>Refuses a file whose length is not what its header promises.</summary>
    /// <exception cref="EdgeLearnException">The lengths differ.</exception>
    public void CheckLength(long actualBytes, string name)
    {
        if (actualBytes == TotalBytes) return;
        string verdict = actualBytes < TotalBytes ? "it is cut short" : "there are bytes behind the last item";
        throw new EdgeLearnException($"{name}: the header promises {Count} items of {Item} in {TotalBytes} bytes, the file "
            + $"has {actualBytes}; {verdict}");
    }

    /// <summary>Makes a header from dimensions, refusing sizes that no program here could read.</summary>
    internal static ArrayHeader Create(StoredNumber number, bool bigEndian, ReadOnlySpan<long> sizes, long startBytes, string name)
    {
        if (sizes.Length is < 1 or > 4)
        {
            throw new EdgeLearnException($"{name} has {sizes.Length} dimensions; expected 1 to 4: items, then a length or height, width, "
                + $"channels");
        }
        if (sizes[0] == 0) throw new EdgeLearnException($"{name} holds no items");
        if (sizes[0] > int.MaxValue)
            throw new EdgeLearnException($"{name}: the header promises {sizes[0]} items; at most {int.MaxValue} can be read");
        long itemLength = 1;
        foreach (long size in sizes[1..])
        {
            if (size is < 1 or >= Shape.LongestLength || (itemLength *= size) >= Shape.LongestLength)
            {
                throw new EdgeLearnException($"{name}: the header gives items of {Text(sizes[1..])} values; expected 1 "
                    + $"to {Shape.LongestLength - 1}");
            }
        }

        var item = sizes.Length switch
        {
            1 => Shape.Vector(1),
            2 => Shape.Vector((int)sizes[1]),
            3 => new Shape((int)sizes[1], (int)sizes[2]),
            _ => new Shape((int)sizes[1], (int)sizes[2], (int)sizes[3]),
        };
        return new ArrayHeader(number, bigEndian, (int)sizes[0], item, sizes.Length, startBytes);
    }

    /// <summary>Makes a header of one text an item, <paramref name="width"/> characters long.</summary>
    internal static ArrayHeader CreateText(StoredNumber character, bool bigEndian, int width, ReadOnlySpan<long> sizes, long startBytes,
        string name)
    {
        var plain = Create(character, bigEndian, sizes, startBytes, name);
        if (plain.Item.Length != 1)
            throw new EdgeLearnException($"{name} has {plain.Item.Length} texts a sample; text is read as labels, one a sample");
        if (width is < 1 or > LongestText)
            throw new EdgeLearnException($"{name} has texts of {width} characters; labels have 1 to {LongestText}");
        return plain with { Item = Shape.Vector(width), TextWidth = width };
    }

    static string Text(ReadOnlySpan<long> sizes) => string.Join('x', sizes.ToArray());

    static string Hex(ReadOnlySpan<byte> start) => System.Convert.ToHexString(start[..Math.Min(4, start.Length)]);
}
