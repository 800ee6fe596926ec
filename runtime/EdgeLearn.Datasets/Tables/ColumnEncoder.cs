namespace EdgeLearn.Datasets;

/// <summary>Makes the values of an input out of the cells of a row, as the columns of a model say. Allocates nothing.</summary>
/// <remarks>
/// With w cells: a number is itself; a category of two 0 or 1, of more one value each; a date sin and cos of 2 pi hour / 24, where it has
/// hours, and of 2 pi weekday / 7; days since the first for elapsed time.
/// </remarks>
sealed class ColumnEncoder
{
    const double DaySeconds = 86400;

    readonly InputColumn[] _columns;
    readonly int[] _sources;
    readonly int[]?[] _classes;

    /// <summary>Prepares encoding of a file's rows.</summary>
    public ColumnEncoder(TableFile table, TableMeaning meaning)
    {
        _columns = [.. meaning.Columns.Inputs];
        _sources = meaning.Sources;
        // Which of the model's values each text of this file is.
        _classes = [.. _columns.Select((column, k) => column.Kind != ColumnKind.Category
            ? null
            : table.Scan.Columns[_sources[k]].Values.Select(value => TableLabels.IndexOf(column.Values!, value)).ToArray())];
        Width = _columns.Sum(column => column.Width);
    }

    /// <summary>Prepares encoding of rows whose cells are the inputs themselves, texts numbered as the columns' values.</summary>
    public ColumnEncoder(InputColumns columns)
    {
        _columns = [.. columns.Inputs];
        _sources = [.. Enumerable.Range(0, _columns.Length)];
        _classes = [.. _columns.Select(column => column.Values is { } values ? Enumerable.Range(0, values.Count).ToArray() : null)];
        Width = _columns.Sum(column => column.Width);
    }

    /// <summary>Values of a row.</summary>
    public int Width { get; }

    /// <summary>Whether an input of a row has no value.</summary>
    public bool HasMissing(ReadOnlySpan<double> cells)
    {
        foreach (int source in _sources)
        {
            if (TableCells.IsMissing(cells[source])) return true;
        }

        return false;
    }

    /// <summary>Takes the means that stand in for missing cells.</summary>
    public void UseFill(IReadOnlyList<InputColumn> columns)
    {
        for (int k = 0; k < _columns.Length; k++) _columns[k] = columns[k];
    }

    /// <summary>The values of a row; NaN for a missing cell that nothing stands in for.</summary>
    public void Encode(ReadOnlySpan<double> cells, Span<double> values)
    {
        int at = 0;
        for (int k = 0; k < _columns.Length; k++)
        {
            var column = _columns[k];
            double cell = cells[_sources[k]];
            int width = column.Width - (column.HasIndicator ? 1 : 0);
            bool isMissing = TableCells.IsMissing(cell);
            if (isMissing) Fill(column, values.Slice(at, width));
            else if (column.Kind == ColumnKind.Number) values[at] = cell;
            else if (column.Kind == ColumnKind.Category) EncodeText(cell, _classes[k]!, values.Slice(at, width));
            else EncodeTime(column, cell, values.Slice(at, width));
            at += width;
            if (column.HasIndicator) values[at++] = isMissing ? 1 : 0;
        }
    }

    static void Fill(InputColumn column, Span<double> values)
    {
        for (int i = 0; i < values.Length; i++) values[i] = column.Fill is { } fill ? fill[i] : double.NaN;
    }

    // A text that the model has not seen is none of its values; between two of them it is in the middle.
    static void EncodeText(double cell, int[] classes, Span<double> values)
    {
        int text = TableCells.TextOf(cell), value = text >= 0 && text < classes.Length ? classes[text] : -1;
        if (values.Length == 1)
        {
            values[0] = value < 0 ? 0.5 : value;
            return;
        }

        values.Clear();
        if (value >= 0) values[value] = 1;
    }

    static void EncodeTime(InputColumn column, double seconds, Span<double> values)
    {
        if (column.Kind == ColumnKind.Elapsed)
        {
            values[0] = (seconds - column.Start) / DaySeconds;
            return;
        }

        double day = Math.Floor(seconds / DaySeconds);
        // 1970 began on a Thursday; Monday is 0.
        double weekday = (((day + 3) % 7) + 7) % 7;
        if (column.HasHours) (values[0], values[1]) = Math.SinCos(2 * Math.PI * ((seconds / DaySeconds) - day));
        (values[^2], values[^1]) = Math.SinCos(2 * Math.PI * weekday / 7);
    }
}
