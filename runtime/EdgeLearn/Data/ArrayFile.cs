using System.Globalization;
using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>
/// Items of numbers read by position from an IDX or npy file and turned into floats. Reads allocate nothing and may come from several
/// threads.
/// </summary>
sealed class ArrayFile : IDisposable
{
    const int BufferBytes = 4096;

    readonly ByteSource _source;
    readonly int _numberBytes;

    /// <summary>Reads what <paramref name="header"/> describes from <paramref name="source"/>, and owns the source from now on.</summary>
    /// <exception cref="EdgeLearnException">The source is shorter than the header promises.</exception>
    public ArrayFile(ByteSource source, ArrayHeader header)
    {
        if (source.Length < header.TotalBytes) header.CheckLength(source.Length, source.Name);
        _source = source;
        _numberBytes = header.Number.ByteCount();
        Header = header;
    }

    /// <summary>What the file holds.</summary>
    public ArrayHeader Header { get; }

    /// <summary>Items.</summary>
    public int Count => Header.Count;

    /// <summary>The file, for messages.</summary>
    public string Name => _source.Name;

    /// <summary>Opens an IDX or npy file; a compressed one is expanded into <paramref name="cache"/> once.</summary>
    /// <exception cref="EdgeLearnException">No file, no array, damaged, or larger than the header or the cache's limit allows.</exception>
    public static ArrayFile Open(string path, FileCache cache)
    {
        var source = GzipFile.OpenArray(path, cache, out var header);
        return new ArrayFile(source, header);
    }

    /// <summary>Reads one item.</summary>
    /// <param name="index">0..Count-1</param>
    /// <param name="values">[item length], written</param>
    /// <exception cref="ArgumentOutOfRangeException">No such item.</exception>
    /// <exception cref="ArgumentException"><paramref name="values"/> has another length.</exception>
    /// <exception cref="EdgeLearnException">The file cannot be read any more.</exception>
    public void Read(int index, Span<float> values) => Read(index, 1, values);

    /// <summary>Reads <paramref name="count"/> items that follow each other.</summary>
    /// <param name="first">0..Count-count</param>
    /// <param name="count">items</param>
    /// <param name="values">[count x item length], written</param>
    /// <exception cref="ArgumentOutOfRangeException">No such items.</exception>
    /// <exception cref="ArgumentException"><paramref name="values"/> has another length.</exception>
    /// <exception cref="EdgeLearnException">The file cannot be read any more.</exception>
    [SkipLocalsInit]
    public void Read(int first, int count, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)first, (uint)(Count - count), nameof(first));
        if (values.Length != (long)count * Header.Item.Length)
        {
            throw new ArgumentException($"{count} items of {Header.Item.Length} values do not fit a span of {values.Length}",
                nameof(values));
        }
        Span<byte> buffer = stackalloc byte[BufferBytes];
        long offset = Header.StartBytes + (first * Header.ItemBytes);
        int most = BufferBytes / _numberBytes;
        while (!values.IsEmpty)
        {
            int part = Math.Min(most, values.Length);
            var stored = buffer[..(part * _numberBytes)];
            _source.Read(offset, stored);
            Header.Number.Convert(Header.BigEndian, stored, values[..part]);
            offset += stored.Length;
            values = values[part..];
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _source.Dispose();
}

/// <summary>What the head of an IDX or npy file promises: <paramref name="Count"/> items of one shape, row-major.</summary>
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

    static string Text(ReadOnlySpan<long> sizes) => string.Join('x', sizes.ToArray());

    static string Hex(ReadOnlySpan<byte> start) => System.Convert.ToHexString(start[..Math.Min(4, start.Length)]);
}
