using nietras.SeparatedValues;

namespace EdgeLearn.Datasets;

/// <summary>A table's text, opened: the names of its columns, and its rows one after the other.</summary>
sealed class TableReader : IDisposable
{
    readonly TableText _text;
    readonly TableDialect _dialect;
    readonly string _name;
    readonly SepReader _rows;

    TableReader(TableText text, TableDialect dialect, string name)
    {
        _text = text;
        _dialect = dialect;
        _name = name;
        _rows = TableDialect.Reader(dialect.Separator).From(text);
    }

    /// <summary>Between cells; a tab where runs of blanks separate them.</summary>
    public char Separator => _dialect.Separator;

    /// <summary>Names of the columns; those without a name are empty.</summary>
    public string[] Names => _dialect.Names;

    /// <summary>Whether the first line has the names.</summary>
    public bool HasHeader => _dialect.HasHeader;

    /// <summary>Names that the header has more than once.</summary>
    public string[] Repeated => _dialect.Repeated;

    /// <summary>Whether a column has no value in the first rows.</summary>
    public bool IsEmptyColumn(int column) => _dialect.EmptyColumns.Contains(column);

    /// <summary>The text, which knows what was left out of it.</summary>
    public TableText Text => _text;

    /// <summary>Opens a table.</summary>
    /// <param name="path">the file, compressed or not</param>
    /// <param name="choice">whether there is a header</param>
    /// <param name="wholeLinesOnly">whether a last line without a line break is being written and does not count</param>
    /// <exception cref="EdgeLearnException">It cannot be read, or is no table.</exception>
    public static TableReader Open(string path, HeaderChoice choice, bool wholeLinesOnly)
    {
        string name = Path.GetFileName(path);
        var text = new TableText(GzipFile.OpenContent(path), name, FileCache.DefaultLimitBytes, wholeLinesOnly);
        try
        {
            return new TableReader(text, TableDialect.Begin(text, choice, name), name);
        }
        catch
        {
            text.Dispose();
            throw;
        }
    }

    /// <summary>Takes one row: its line in the file, and its cells.</summary>
    public delegate void RowTaker(long line, SepReader.Row row);

    /// <summary>Reads all rows.</summary>
    /// <param name="take">called with each that has a cell that is not empty</param>
    /// <param name="most">rows after which it ends: of a head, rows of another number of cells are left out</param>
    /// <returns>Whether the last line was left out because it has too few cells and no line break.</returns>
    /// <exception cref="EdgeLearnException">A row has another number of cells than there are columns.</exception>
    public bool ReadAll(RowTaker take, int most = int.MaxValue)
    {
        bool isHeader = HasHeader;
        int taken = 0;
        EdgeLearnException? ragged = null;
        foreach (var row in _rows)
        {
            if (ragged is not null) throw ragged;
            if (IsEmpty(row)) continue;
            if (isHeader)
            {
                isHeader = false;
                continue;
            }

            long line = row.LineNumberFrom + _dialect.SkippedLines;
            if (row.ColCount != Names.Length && !IsPadded(row))
            {
                if (most < int.MaxValue) continue;
                // The last line of a file that is being written may break off anywhere.
                ragged = new EdgeLearnException($"{_name}, line {line}: {row.ColCount} cells; expected {Names.Length} as in the first "
                    + $"line");
                if (row.ColCount > Names.Length) throw ragged;
                continue;
            }

            take(line, row);
            if (++taken == most) return false;
        }

        if (ragged is null) return false;
        return !_text.EndsWithNewline ? true : throw ragged;
    }

    /// <summary>The value of a cell: what stands between its quotes, or else it without the blanks around it.</summary>
    public static ReadOnlySpan<char> Unquoted(ReadOnlySpan<char> cell)
    {
        if (cell.Length == 0) return cell;
        if (cell[0] <= ' ' || cell[^1] <= ' ') cell = cell.Trim();
        if (cell.Length < 2 || cell[0] != '"' || cell[^1] != '"') return cell;
        cell = cell[1..^1];
        return cell.Contains('"') ? cell.ToString().Replace("\"\"", "\"", StringComparison.Ordinal) : cell;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _text.Dispose();
    }

    // Rows of separators alone are no rows.
    static bool IsEmpty(SepReader.Row row)
    {
        var span = row.Span;
        if (span.Length > row.ColCount + 2) return false;
        foreach (char c in span)
        {
            if (c is not (',' or ';' or '\t' or '|' or ' ' or '\r')) return false;
        }

        return true;
    }

    // More cells than columns, empty ones: separators behind the row. Fewer: columns without a name were left away at the end.
    bool IsPadded(SepReader.Row row)
    {
        for (int i = Names.Length; i < row.ColCount; i++)
        {
            if (!row[i].Span.IsWhiteSpace()) return false;
        }

        for (int i = row.ColCount; i < Names.Length; i++)
        {
            if (Names[i].Length > 0) return false;
        }

        return true;
    }
}
