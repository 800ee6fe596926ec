using System.Runtime.InteropServices;
using System.Text;

namespace EdgeLearn.Datasets;

/// <summary>A table that was converted once into the cache: its cells, read by position. Owns the file.</summary>
sealed class TableFile : IDisposable
{
    // In the name of every converted file: a new layout is a new name.
    const string LayoutVersion = "edgelearn table 3";

    readonly ByteSource _source;

    TableFile(ByteSource source, TableScan scan)
    {
        _source = source;
        Scan = scan;
    }

    /// <summary>What the pass over the text learned.</summary>
    public TableScan Scan { get; }

    /// <summary>Rows.</summary>
    public int Count => Scan.Rows;

    /// <summary>Columns of the file.</summary>
    public int Width => Scan.Columns.Count;

    /// <summary>What the user calls it.</summary>
    public string Name => _source.Name;

    /// <summary>Opens a table, converting it first where that has not been done.</summary>
    /// <param name="path">the file, compressed or not</param>
    /// <param name="options">how it is to be read</param>
    /// <param name="cache">where converted tables are kept</param>
    /// <exception cref="EdgeLearnException">It is no table, or has a cell that cannot be used.</exception>
    public static TableFile Open(string path, DataOptions options, FileCache cache)
    {
        string digest = GzipFile.Digest(path), meaning = string.Join('\n', [LayoutVersion, .. ColumnWords.Meaning(options)]);
        // Of a file that grows, the last state is kept alone: a board's disk is small.
        string place = options.WholeLinesOnly ? Hash($"{Path.GetFullPath(path)}\n{meaning}")[..32] + "." : "";
        string file = $"{place}{Hash($"{meaning}\n{digest}")}.table";
        var source = cache.GetOrCreate(file, Path.GetFileName(path), -1, new TableConversion(path, options).Write);
        if (options.WholeLinesOnly) cache.RemoveOthers(place, file);
        try
        {
            return Read(source);
        }
        catch (Exception e) when (e is FormatException or IOException or OverflowException or EdgeLearnException)
        {
            source.Dispose();
            throw new EdgeLearnException($"the converted file {Path.Combine(cache.Folder, file)} is damaged; delete it and try again", e);
        }
    }

    /// <summary>The first rows of a table, converted in memory.</summary>
    /// <param name="path">the file, compressed or not</param>
    /// <param name="options">how it is to be read</param>
    /// <param name="rows">at most so many</param>
    /// <exception cref="EdgeLearnException">It is no table, or one of these rows has a cell that cannot be used.</exception>
    public static TableFile OfHead(string path, DataOptions options, int rows)
    {
        using var head = new MemoryStream();
        new TableConversion(path, options, rows).Write(head);
        return Read(new ByteSource(head.ToArray(), Path.GetFileName(path)));
    }

    static string Hash(string text) => Convert.ToHexStringLower(Sha256.Hash(Encoding.UTF8.GetBytes(text)));

    static TableFile Read(ByteSource source)
    {
        Span<byte> tail = stackalloc byte[sizeof(long)];
        if (source.Length < tail.Length) throw new FormatException("it is too short");
        source.Read(source.Length - tail.Length, tail);
        long length = BitConverter.ToInt64(tail), begin = source.Length - tail.Length - length;
        if (length < 0 || begin < 0) throw new FormatException("there is no description of the columns");
        byte[] bytes = new byte[checked((int)length)];
        source.Read(begin, bytes);
        var scan = ScanCodec.Read(bytes);
        return (long)scan.Rows * scan.Columns.Count * sizeof(double) == begin
            ? new TableFile(source, scan) : throw new FormatException("the cells are cut short");
    }

    /// <summary>Reads rows that follow each other.</summary>
    /// <param name="first">0..Count-1</param>
    /// <param name="cells">[rows x Width], written</param>
    public void Read(int first, Span<double> cells)
        => _source.Read((long)first * Width * sizeof(double), MemoryMarshal.AsBytes(cells));

    /// <summary>Calls with every row, or with the first of them, a block at a time.</summary>
    public void ForEach(Action<int, ReadOnlySpan<double>> take, int count = int.MaxValue)
    {
        count = Math.Min(count, Count);
        int most = Math.Max(1, (1 << 16) / (Width * sizeof(double)));
        double[] block = new double[most * Width];
        for (int first = 0; first < count; first += most)
        {
            int rows = Math.Min(most, count - first);
            Read(first, block.AsSpan(0, rows * Width));
            for (int i = 0; i < rows; i++) take(first + i, block.AsSpan(i * Width, Width));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();
}
