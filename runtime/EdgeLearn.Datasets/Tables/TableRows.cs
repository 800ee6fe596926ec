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
/// <param name="say">takes lines for the user</param>
sealed class TableRows(InputColumns columns, HeaderChoice choice, string name, Action<string> say)
{
    readonly ColumnEncoder _encoder = new(columns);
    readonly double[] _cells = new double[columns.Inputs.Count];
    readonly HashSet<string> _unseen = [];
    readonly StreamMarks _marks = new();
    string? _group;
    double _time = double.NaN;

    /// <summary>Reads the labels of each row beside its inputs; null = nobody asks for them.</summary>
    public RowLabels? Labels { get; init; }

    /// <summary>Whether a missing input is NaN, and no complaint.</summary>
    public bool KeepsMissing { get; init; }

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
        var start = text.Peek();
        if (start.IsEmpty) throw new NoSamplesException($"{name} is empty");
        if (start is [0x1F, 0x8B, ..]) throw new EdgeLearnException($"{name} is compressed: expand it first, as zcat does");
        var dialect = TableDialect.Begin(text, choice, name, columns);
        int[] sources = SourcesOf(dialect);
        TableMeaning.RefuseRepeated(dialect.Repeated, [.. columns.Inputs.Select(column => column.Name)], name);
        SayOthers(dialect);
        Labels?.Begin(dialect.Names, name);
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

                string? complaint = ReadCells(row, sources, dialect.Names.Length) ?? Labels?.Read(row);
                if (complaint is null) _encoder.Encode(_cells, values);
                bool begins = IsOtherGroup(row, group) | HasGap(row, time);
                take(line + row.LineNumberFrom, complaint is null ? values : default, begins, complaint);
            }

            line += block.Count((byte)'\n');
            text.Skip(block.Length);
        }

        if (text.NulRuns > 0) say($"{name}: NUL bytes, as after a power cut: left out, with the line that they tear");
    }

    void SayOthers(TableDialect dialect)
    {
        if (!dialect.HasHeader) return;
        string[] others = TableMeaning.Unknown(columns, dialect.Names.Where(other => other.Length > 0));
        if (others.Length > 0) say($"{name}: left aside, for the model does not know them: {TableMeaning.Listed(others)}");
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

    string? ReadCells(SepReader.Row row, int[] sources, int width)
    {
        for (int i = width; i < row.ColCount; i++)
        {
            if (!row[i].Span.IsWhiteSpace()) return $"the row has {row.ColCount} cells where {width} are expected";
        }

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
            if (kind == CellKind.Missing && column.Fill is null && !KeepsMissing)
                return $"column '{CellText.Shorten(column.Name)}': there is no value";
            if (kind != CellKind.Missing && TableCells.IsMissing(_cells[k]))
                return $"column '{CellText.Shorten(column.Name)}': '{CellText.Shorten(cell)}' is no {Word(column.Kind)}";
            if (column.Kind == ColumnKind.Number && _marks.Complaint(kind, cell) is { } complaint)
                return $"column '{CellText.Shorten(column.Name)}': '{CellText.Shorten(cell)}' {complaint}";
        }

        return null;
    }

    double TextCell(InputColumn column, ReadOnlySpan<char> cell)
    {
        for (int i = 0; i < column.Values!.Count; i++)
        {
            if (cell.SequenceEqual(column.Values[i])) return TableCells.OfText(i);
        }

        int index = TableLabels.IndexOf(column.Values, cell.ToString());
        if (index >= 0) return TableCells.OfText(index);
        if (_unseen.Add(column.Name))
            say($"{name}: '{CellText.Shorten(column.Name)}' has values that the model has not seen, such as '{CellText.Shorten(cell)}'");
        return TableCells.FreeText;
    }

    static string Word(ColumnKind kind) => kind == ColumnKind.Number ? "number" : "date";
}

/// <summary>
/// Which mark the numbers of rows have that are answered as they come: a point or a comma, one of them in the whole text. What comes before
/// the first that can be read in one way alone is no number yet.
/// </summary>
sealed class StreamMarks
{
    bool _hasPoint;
    bool _hasComma;

    /// <summary>Why a number cannot be taken; null where it can.</summary>
    public string? Complaint(CellKind kind, ReadOnlySpan<char> cell)
    {
        if (kind == CellKind.CommaNumber)
        {
            if (_hasPoint) return "has a decimal comma, and numbers before it a point";
            if (!_hasComma && CellText.MayBeThousands(cell))
                return "may have a decimal comma or a separator of thousands: write it with a point";
            _hasComma = true;
        }
        else if (cell.Contains('.'))
        {
            if (_hasComma) return "has a point, and numbers before it a decimal comma";
            _hasPoint = true;
        }

        return null;
    }
}
