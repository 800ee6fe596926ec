using System.Text;
using nietras.SeparatedValues;

namespace EdgeLearn.Datasets;

/// <summary>
/// The rows of a table as inputs of a model, one after the other as they come: from a file, or from a pipe that never ends. Nothing is
/// kept.
/// </summary>
/// <param name="columns">of the model</param>
/// <param name="choice">whether the first line has the names; without names cells stand in the order of the model's columns</param>
/// <param name="name">what the user calls the text</param>
sealed class TableRows(InputColumns columns, HeaderChoice choice, string name)
{
    readonly ColumnEncoder _encoder = new(columns);
    readonly double[] _cells = new double[columns.Inputs.Count];
    string? _group;
    double _time = double.NaN;

    /// <summary>Takes one row.</summary>
    /// <param name="line">of the text</param>
    /// <param name="values">of the input; empty where it has none</param>
    /// <param name="begins">whether it is of another group than the row before it, or a gap in time lies between them</param>
    /// <param name="complaint">why it has none; null where it has</param>
    public delegate void RowTaker(long line, ReadOnlySpan<double> values, bool begins, string? complaint);

    /// <summary>Reads until the text ends.</summary>
    /// <param name="content">its bytes; closed at the end</param>
    /// <param name="take">called with each row</param>
    /// <param name="stop">ends it early with <see cref="OperationCanceledException"/></param>
    /// <exception cref="EdgeLearnException">It is no table, or a column of the model is missing.</exception>
    public void ReadAll(Stream content, RowTaker take, CancellationToken stop)
    {
        using var text = new TableText(content, name, long.MaxValue);
        // A single line is a header unless it is said to be none: a pipe may bring no more at first.
        var start = text.Peek();
        if (start.IsEmpty) throw new NoSamplesException($"{name} is empty");
        bool isSingle = start.Trim("\r\n"u8).IndexOf((byte)'\n') < 0;
        var dialect = TableDialect.Begin(text, isSingle && choice == HeaderChoice.Auto ? HeaderChoice.Yes : choice, name);
        int[] sources = SourcesOf(dialect);
        var reader = TableDialect.Reader(dialect.Separator);
        long line = dialect.SkippedLines;
        bool isHeader = dialect.HasHeader;
        double[] values = new double[_encoder.Width];
        int group = Array.IndexOf(dialect.Names, columns.Group), time = Array.IndexOf(dialect.Names, columns.TimeColumn);
        for (var block = text.Peek(); !block.IsEmpty; block = text.Peek())
        {
            using var rows = reader.FromText(Encoding.UTF8.GetString(block));
            foreach (var row in rows)
            {
                stop.ThrowIfCancellationRequested();
                if (row.Span.IsWhiteSpace()) continue;
                if (isHeader)
                {
                    isHeader = false;
                    continue;
                }

                string? complaint = ReadCells(row, sources);
                if (complaint is null) _encoder.Encode(_cells, values);
                bool begins = IsOtherGroup(row, group) | HasGap(row, time);
                take(line + row.LineNumberFrom, complaint is null ? values : default, begins, complaint);
            }

            line += block.Count((byte)'\n');
            text.Skip(block.Length);
        }
    }

    bool IsOtherGroup(SepReader.Row row, int column)
    {
        if (column < 0 || column >= row.ColCount) return false;
        var cell = TableReader.Unquoted(row[column].Span);
        if (_group is not null && cell.SequenceEqual(_group)) return false;
        _group = cell.ToString();
        return true;
    }

    bool HasGap(SepReader.Row row, int column)
    {
        if (columns.Gap <= 0 || column < 0 || column >= row.ColCount) return false;
        double before = _time;
        var kind = CellText.Read(TableReader.Unquoted(row[column].Span), out double time);
        _time = kind is CellKind.Number or CellKind.CommaNumber or CellKind.Time ? time : double.NaN;
        return !(_time >= before && _time - before <= columns.Gap);
    }

    int[] SourcesOf(TableDialect dialect)
    {
        if (!dialect.HasHeader)
        {
            if (dialect.Names.Length == columns.Inputs.Count) return [.. Enumerable.Range(0, columns.Inputs.Count)];
            bool areNumbered = columns.Inputs.All(column => dialect.Names.Contains(column.Name));
            if (!areNumbered)
            {
                throw new EdgeLearnException($"{name} has no header and {dialect.Names.Length} cells a row; expected a header line with "
                    + $"the model's columns, or their {columns.Inputs.Count} cells in its order: {Names()}");
            }
        }

        int[] sources = [.. columns.Inputs.Select(column => Array.IndexOf(dialect.Names, column.Name))];
        int missing = sources.IndexOf(-1);
        return missing < 0
            ? sources
            : throw new EdgeLearnException($"{name} has no column '{CellText.Shorten(columns.Inputs[missing].Name)}'; the model takes "
                + Names());
    }

    string Names() => TableMeaning.Listed([.. columns.Inputs.Select(column => column.Name)]);

    string? ReadCells(SepReader.Row row, int[] sources)
    {
        for (int k = 0; k < sources.Length; k++)
        {
            var column = columns.Inputs[k];
            if (sources[k] >= row.ColCount) return $"column '{CellText.Shorten(column.Name)}': the row ends before it";
            var cell = TableReader.Unquoted(row[sources[k]].Span);
            var kind = CellText.Read(cell, out double value);
            _cells[k] = column.Kind switch
            {
                ColumnKind.Category when kind != CellKind.Missing => TextCell(column, cell),
                ColumnKind.Number when kind is CellKind.Number or CellKind.CommaNumber => value,
                ColumnKind.Time or ColumnKind.Elapsed when kind == CellKind.Time => value,
                _ => TableCells.Missing,
            };
            if (kind == CellKind.Missing && column.Fill is null) return $"column '{CellText.Shorten(column.Name)}': there is no value";
            if (kind != CellKind.Missing && TableCells.IsMissing(_cells[k]))
                return $"column '{CellText.Shorten(column.Name)}': '{CellText.Shorten(cell)}' is no {Word(column.Kind)}";
        }

        return null;
    }

    static double TextCell(InputColumn column, ReadOnlySpan<char> cell)
    {
        for (int i = 0; i < column.Values!.Count; i++)
        {
            if (cell.SequenceEqual(column.Values[i])) return TableCells.OfText(i);
        }

        int index = TableLabels.IndexOf(column.Values, cell.ToString());
        return index >= 0 ? TableCells.OfText(index) : TableCells.FreeText;
    }

    static string Word(ColumnKind kind) => kind == ColumnKind.Number ? "number" : "date";
}
