using System.Text;

namespace EdgeLearn.Datasets;

/// <summary>
/// What a pass over a table learned, as bytes behind its converted cells: the members of <see cref="TableScan"/> and of each
/// <see cref="ColumnScan"/> in the order in which they are declared.
/// </summary>
static class ScanCodec
{
    /// <summary>Writes it.</summary>
    public static byte[] Write(TableScan scan)
    {
        using var buffer = new MemoryStream();
        using (var writer = new BinaryWriter(buffer, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(scan.Columns.Count);
            foreach (var column in scan.Columns) Write(writer, column);
            writer.Write(scan.Rows);
            writer.Write(scan.HasHeader);
            writer.Write(scan.DefaultLabel);
            Write(writer, scan.Repeated);
            Write(writer, scan.Notes);
        }

        return buffer.ToArray();
    }

    static void Write(BinaryWriter writer, ColumnScan column)
    {
        writer.Write(column.Name);
        writer.Write(column.IsNamed);
        writer.Write(column.IsDictionary);
        foreach (int count in (ReadOnlySpan<int>)[column.Numbers, column.Missing, column.Times, column.Texts]) writer.Write(count);
        writer.Write(column.Least);
        writer.Write(column.Most);
        foreach (bool flag in (ReadOnlySpan<bool>)[column.IsWhole, column.Counts, column.HasHours]) writer.Write(flag);
        foreach (long line in (ReadOnlySpan<long>)[column.MissingLine, column.TextLine, column.NoNumberLine]) writer.Write(line);
        writer.Write(column.FirstText ?? "");
        writer.Write(column.NoNumber ?? "");
        Write(writer, column.Values);
        writer.Write(column.HasMoreValues);
    }

    static void Write(BinaryWriter writer, List<string> texts)
    {
        writer.Write(texts.Count);
        foreach (string text in texts) writer.Write(text);
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="IOException">The bytes end too early.</exception>
    /// <exception cref="FormatException">They are none that <see cref="Write(TableScan)"/> made.</exception>
    public static TableScan Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        var columns = new List<ColumnScan>();
        for (int i = Count(reader); i > 0; i--) columns.Add(ReadColumn(reader));
        return new TableScan
        {
            Columns = columns,
            Rows = reader.ReadInt32(),
            HasHeader = reader.ReadBoolean(),
            DefaultLabel = reader.ReadInt32(),
            Repeated = ReadTexts(reader),
            Notes = ReadTexts(reader),
        };
    }

    static ColumnScan ReadColumn(BinaryReader reader) => new()
    {
        Name = reader.ReadString(),
        IsNamed = reader.ReadBoolean(),
        IsDictionary = reader.ReadBoolean(),
        Numbers = reader.ReadInt32(),
        Missing = reader.ReadInt32(),
        Times = reader.ReadInt32(),
        Texts = reader.ReadInt32(),
        Least = reader.ReadDouble(),
        Most = reader.ReadDouble(),
        IsWhole = reader.ReadBoolean(),
        Counts = reader.ReadBoolean(),
        HasHours = reader.ReadBoolean(),
        MissingLine = reader.ReadInt64(),
        TextLine = reader.ReadInt64(),
        NoNumberLine = reader.ReadInt64(),
        FirstText = reader.ReadString(),
        NoNumber = reader.ReadString(),
        Values = ReadTexts(reader),
        HasMoreValues = reader.ReadBoolean(),
    };

    static List<string> ReadTexts(BinaryReader reader)
    {
        var texts = new List<string>();
        for (int i = Count(reader); i > 0; i--) texts.Add(reader.ReadString());
        return texts;
    }

    // Each thing that is counted takes a byte at least.
    static int Count(BinaryReader reader)
    {
        int count = reader.ReadInt32();
        long left = reader.BaseStream.Length - reader.BaseStream.Position;
        return count >= 0 && count <= left ? count : throw new FormatException($"{count} things in {left} bytes");
    }
}
