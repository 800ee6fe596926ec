namespace EdgeLearn;

/// <summary>
/// Arrays stored column by column: the value (i, h, w, c) of [n x H x W x C] is number i + n (h + H (w + W c)). An item is scattered over
/// the whole file, so it is written row by row once; reading it where it lies would take one read a value.
/// </summary>
static class ColumnOrder
{
    // Bytes of a tile, and its columns: runs of at least 4 KB are read and written at a time, however many items or columns there are.
    const int TileBytes = 4 << 20;
    const int MostColumns = 1024;

    /// <summary>The same values row by row, from the cache; takes the bytes over and closes them.</summary>
    /// <param name="source">what <paramref name="header"/> describes</param>
    /// <param name="cache">where the rows are kept, under the digest of the source</param>
    /// <param name="header">of the source; becomes that of the result</param>
    /// <exception cref="EdgeLearnException">The source is cut short, or larger than the cache allows.</exception>
    public static ByteSource ToRows(ByteSource source, FileCache cache, ref ArrayHeader header)
    {
        using (source)
        {
            var columns = header;
            columns.CheckLength(source.Length, source.Name);
            header = columns with { ColumnMajor = false, StartBytes = 0 };
            string file = Convert.ToHexStringLower(source.Hash(source.Length)) + ".rows";
            return cache.GetOrCreate(file, source.Name, header.TotalBytes, stream => Write(source, columns, stream));
        }
    }

    static void Write(ByteSource source, ArrayHeader header, Stream destination)
    {
        int size = header.Number.ByteCount();
        int width = Math.Min(header.Item.Length, MostColumns);
        int height = Math.Min(header.Count, TileBytes / (width * size));
        byte[] tile = new byte[width * height * size];
        byte[] column = new byte[height * size];
        for (int row = 0; row < header.Count; row += height)
        {
            int rows = Math.Min(height, header.Count - row);
            for (int first = 0; first < header.Item.Length; first += width)
            {
                int columns = Math.Min(width, header.Item.Length - first);
                for (int i = 0; i < columns; i++)
                {
                    var values = column.AsSpan(0, rows * size);
                    source.Read(header.StartBytes + (((ColumnOf(header.Item, first + i) * header.Count) + row) * size), values);
                    Scatter(values, size, tile.AsSpan(i * size), columns * size);
                }

                for (int i = 0; i < rows; i++)
                {
                    destination.Position = (((long)(row + i) * header.Item.Length) + first) * size;
                    destination.Write(tile.AsSpan(i * columns * size, columns * size));
                }
            }
        }
    }

    // Place of a value of an item, counted row by row, among the columns of the file.
    static long ColumnOf(Shape item, int value)
    {
        int channel = value % item.Channels, w = value / item.Channels % item.Width, h = value / item.Channels / item.Width;
        return h + ((long)item.Height * (w + ((long)item.Width * channel)));
    }

    static void Scatter(ReadOnlySpan<byte> values, int size, Span<byte> to, int stride)
    {
        for (int from = 0, at = 0; from < values.Length; from += size, at += stride) values.Slice(from, size).CopyTo(to[at..]);
    }
}
