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

    /// <summary>
    /// Opens an IDX or npy file, or an array of an npz. What is compressed or lies column by column is written to
    /// <paramref name="cache"/> once, expanded and row by row.
    /// </summary>
    /// <exception cref="EdgeLearnException">No file, no array, damaged, or larger than the header or the cache's limit allows.</exception>
    public static ArrayFile Open(string path, FileCache cache)
    {
        var source = NpzFile.IsEntry(path)
            ? NpzFile.OpenEntry(path, cache, out var header)
            : GzipFile.OpenArray(path, cache, out header);
        if (header.ColumnMajor) source = ColumnOrder.ToRows(source, cache, ref header);
        return new ArrayFile(source, header);
    }

    /// <summary>The same values with the channel innermost (<see cref="ChannelOrder"/>); this file is closed.</summary>
    /// <param name="cache">where they are kept</param>
    /// <param name="item">shape of an item of the result, as long as one of this</param>
    public ArrayFile ChannelsLast(FileCache cache, Shape item)
    {
        var header = Header;
        return new ArrayFile(ChannelOrder.ToInnermost(_source, cache, item, ref header), header);
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

    /// <summary>For whoever needs numbers.</summary>
    /// <exception cref="EdgeLearnException">The items are texts.</exception>
    public void RefuseText()
    {
        if (Header.TextWidth > 0)
            throw new EdgeLearnException($"{Name} holds text; expected numbers: only the classes of samples may be given by name");
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _source.Dispose();
}
