using System.Globalization;
using System.Runtime.InteropServices;
using nietras.SeparatedValues;

namespace EdgeLearn.Datasets;

/// <summary>
/// Turns the text of a table, in one pass and with the memory of a row and of its different labels, into a double for each cell, row by
/// row, and behind them what the pass learned about the columns. What the columns mean is decided afterwards.
/// </summary>
/// <param name="path">the file, compressed or not</param>
/// <param name="options">how it is written, and which columns hold labels, groups and categories, whose cells are texts</param>
/// <param name="mostRows">rows after which it ends</param>
sealed class TableConversion(string path, DataOptions options, int mostRows = int.MaxValue)
{
    const int ProgressRows = 4096;
    const int BlockBytes = 1 << 16;

    // Classes and groups have short names; free text in their column is a mistake that should not fill the memory.
    const int LongestText = 200;

    readonly string _name = Path.GetFileName(path);
    TableScan _scan = null!;
    ColumnScan[] _columns = [];
    ColumnTexts?[] _texts = [];
    double[] _previous = [];
    DecimalMarks _marks = null!;

    /// <summary>Writes the cells, what was learned, and the length of that.</summary>
    /// <exception cref="EdgeLearnException">The table is empty, ragged, too large, or has a cell that cannot be used.</exception>
    public void Write(Stream destination)
    {
        using var reader = TableReader.Open(path, options.Header, options.WholeLinesOnly);
        Begin(reader);
        byte[] block = new byte[Math.Max(BlockBytes, _columns.Length * sizeof(double))];
        int filled = 0;
        bool lacksEnd = reader.ReadAll((line, row) =>
        {
            int bytes = _columns.Length * sizeof(double);
            if (filled + bytes > block.Length)
            {
                destination.Write(block.AsSpan(0, filled));
                filled = 0;
            }

            TakeRow(line, row, MemoryMarshal.Cast<byte, double>(block.AsSpan(filled, bytes)));
            filled += bytes;
            if (_scan.Rows % ProgressRows == 0) Report(reader.Text.Bytes);
        }, mostRows);
        destination.Write(block.AsSpan(0, filled));
        _marks.Check();
        AddNotes(reader.Text, lacksEnd);
        byte[] scan = ScanCodec.Write(_scan);
        destination.Write(scan);
        destination.Write(BitConverter.GetBytes((long)scan.Length));
    }

    void Begin(TableReader reader)
    {
        string[] names = reader.Names;
        if (names.Length < 2)
        {
            throw new EdgeLearnException($"{_name} has 1 column, '{CellText.Shorten(names.FirstOrDefault(""))}'; expected features and a "
                + $"label, separated by commas, semicolons, tabs or blanks");
        }
        _columns = new ColumnScan[names.Length];
        _texts = new ColumnTexts?[names.Length];
        for (int i = 0; i < names.Length; i++)
        {
            bool isNamed = names[i].Length > 0 && reader.HasHeader;
            string name = names[i].Length > 0 ? names[i] : string.Create(CultureInfo.InvariantCulture, $"column {i + 1}");
            _columns[i] = new ColumnScan { Name = name, IsNamed = isNamed };
        }

        var words = new ColumnWords(options, _columns.Select(column => column.Name));
        int label = words.DefaultLabel(_columns, reader.IsEmptyColumn);
        for (int i = 0; i < names.Length; i++)
            _columns[i] = _columns[i] with { IsDictionary = words.IsDictionary(_columns[i].Name, i == label) };

        _previous = new double[names.Length];
        _marks = new DecimalMarks(_name, _columns, reader.Separator);
        _scan = new TableScan
        {
            Columns = [.. _columns],
            HasHeader = reader.HasHeader,
            DefaultLabel = label,
            Repeated = [.. reader.Repeated],
        };
    }

    void TakeRow(long line, SepReader.Row row, Span<double> cells)
    {
        for (int i = 0; i < cells.Length; i++)
        {
            var cell = i < row.ColCount ? TableReader.Unquoted(row[i].Span) : default;
            cells[i] = TakeCell(line, i, cell);
        }

        _scan.Rows++;
        if (_scan.Rows == int.MaxValue) throw new EdgeLearnException($"{_name} has more than {int.MaxValue} rows");
    }

    double TakeCell(long line, int column, ReadOnlySpan<char> cell)
    {
        var scan = _columns[column];
        var kind = CellText.Read(cell, out double value);
        if (kind is CellKind.CommaNumber or CellKind.Number) _marks.Take(line, column, kind, value, cell);
        if (scan.IsDictionary) return TakeName(line, column, cell, kind, value);
        switch (kind)
        {
            case CellKind.Number or CellKind.CommaNumber:
                if (scan.IsWhole && value != Math.Floor(value)) (scan.IsWhole, scan.Counts) = (false, false);
                if (scan.Numbers > 0 && value != _previous[column] + 1) scan.Counts = false;
                scan.Numbers++;
                break;
            case CellKind.Time:
                scan.HasHours |= value % 86400 != 0;
                scan.Times++;
                break;
            case CellKind.Missing:
                if (scan.Missing++ == 0) scan.MissingLine = line;
                return TableCells.Missing;
            default:
                if (kind == CellKind.NoNumber && scan.NoNumberLine == 0)
                    (scan.NoNumberLine, scan.NoNumber) = (line, CellText.Shorten(cell));
                return CodeOf(line, column, cell);
        }

        scan.Least = Math.Min(scan.Least, value);
        scan.Most = Math.Max(scan.Most, value);
        _previous[column] = value;
        return value;
    }

    // A label, a group, or a value of a category.
    double TakeName(long line, int column, ReadOnlySpan<char> cell, CellKind kind, double value)
    {
        var scan = _columns[column];
        if (CellText.IsMissingLabel(cell))
        {
            if (scan.Missing++ == 0) scan.MissingLine = line;
            return TableCells.Missing;
        }

        if (kind is CellKind.Number or CellKind.CommaNumber)
        {
            scan.Numbers++;
            scan.IsWhole &= value == Math.Floor(value);
            scan.Least = Math.Min(scan.Least, value);
            scan.Most = Math.Max(scan.Most, value);
        }

        if (cell.Length > LongestText)
        {
            throw new EdgeLearnException($"{_name}, line {line}, column '{CellText.Shorten(scan.Name)}': a text of {cell.Length} "
                + $"characters; a name of a class or group has at most {LongestText}");
        }
        return CodeOf(line, column, cell);
    }

    double CodeOf(long line, int column, ReadOnlySpan<char> cell)
    {
        var scan = _columns[column];
        if (scan.Texts++ == 0) (scan.TextLine, scan.FirstText) = (line, CellText.Shorten(cell));
        return (_texts[column] ??= new ColumnTexts(scan, _name)).CodeOf(cell);
    }

    void AddNotes(TableText text, bool lacksEnd)
    {
        if (text.NulRuns > 0)
        {
            _scan.Notes.Add($"NUL bytes in {text.NulRuns} place{(text.NulRuns == 1 ? "" : "s")}, as after a power cut: left out, "
                + $"with the line that they tear");
        }
        if (lacksEnd || (text.HasBrokenEnd && !options.WholeLinesOnly))
            _scan.Notes.Add("the last line breaks off and is left out");
    }

    void Report(long bytes)
        => options.Progress?.Invoke(new DataProgress($"reading {_name}", bytes, Math.Max(bytes, new FileInfo(path).Length)));
}

/// <summary>The different texts of a column as they come, numbered in the order of their first cells.</summary>
sealed class ColumnTexts
{
    readonly ColumnScan _scan;
    readonly string _name;
    readonly Dictionary<string, int> _codes = [];
    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public ColumnTexts(ColumnScan scan, string name)
    {
        _scan = scan;
        _name = name;
        _lookup = _codes.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The cell of a text.</summary>
    /// <exception cref="EdgeLearnException">A dictionary has too many.</exception>
    public double CodeOf(ReadOnlySpan<char> text)
    {
        if (_scan.HasMoreValues) return TableCells.FreeText;
        if (_lookup.TryGetValue(text, out int code)) return TableCells.OfText(code);
        if (_codes.Count == (_scan.IsDictionary ? LabelList.LargestClassCount : ColumnScan.MostValues))
        {
            if (_scan.IsDictionary)
            {
                throw new EdgeLearnException($"{_name}, column '{CellText.Shorten(_scan.Name)}': more than {LabelList.LargestClassCount} "
                    + $"different texts; name the label's column with --label, or predict numbers with --loss mean-square");
            }
            _scan.HasMoreValues = true;
            return TableCells.FreeText;
        }

        code = _codes.Count;
        string kept = text.ToString();
        _codes.Add(kept, code);
        _scan.Values.Add(kept);
        return TableCells.OfText(code);
    }
}

/// <summary>Cells as doubles: a number is itself, everything else a NaN that says what it is.</summary>
static class TableCells
{
    const long TextBits = 0x7FFC_0000_0000_0000;
    const int FreeCode = int.MaxValue;

    /// <summary>No value.</summary>
    public static double Missing { get; } = BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_0000);

    /// <summary>One of too many texts.</summary>
    public static double FreeText { get; } = OfText(FreeCode);

    /// <summary>The text of a number.</summary>
    public static double OfText(int code) => BitConverter.Int64BitsToDouble(TextBits | (uint)code);

    /// <summary>The number of a text; -1 where the cell is none.</summary>
    public static int TextOf(double cell)
    {
        long bits = BitConverter.DoubleToInt64Bits(cell);
        return (bits & ~0xFFFF_FFFFL) == TextBits ? (int)bits : -1;
    }

    /// <summary>Whether a cell has no value.</summary>
    public static bool IsMissing(double cell) => double.IsNaN(cell) && TextOf(cell) < 0;
}
