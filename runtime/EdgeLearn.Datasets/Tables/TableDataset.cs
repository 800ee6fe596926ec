using System.Numerics.Tensors;

namespace EdgeLearn.Datasets;

/// <summary>The rows of a table, or windows of them, as samples, read by position. Owns the file.</summary>
sealed class TableDataset : Dataset
{
    [ThreadStatic]
    static RowBlock? s_rows;

    [ThreadStatic]
    static double[]? s_values;

    readonly TableFile _table;
    readonly TableMeaning _meaning;
    readonly ColumnEncoder _encoder;
    readonly int[]? _rows;
    readonly RowWindows? _windows;
    readonly LabelList? _labels;

    /// <summary>Rows with classes or targets.</summary>
    /// <param name="table">owned from now on</param>
    /// <param name="meaning">of its columns</param>
    /// <param name="rows">the rows that are samples, ascending; null = all</param>
    /// <param name="labels">the class of each sample; null = it has targets, or nothing</param>
    /// <param name="classCount">classes that there are; 0 without classes</param>
    /// <param name="shape">of an input; null = a vector, or steps x features of windows</param>
    /// <param name="windows">that are the samples in place of rows; null = the rows are</param>
    /// <exception cref="EdgeLearnException">The shape has another number of values.</exception>
    public TableDataset(TableFile table, TableMeaning meaning, int[]? rows, LabelList? labels, int classCount,
        Shape? shape, RowWindows? windows = null)
    {
        _table = table;
        _meaning = meaning;
        _encoder = new ColumnEncoder(table, meaning);
        _rows = rows;
        _windows = windows;
        _labels = labels;
        ClassCount = classCount;
        Count = windows?.Count ?? rows?.Length ?? table.Count;
        TargetLength = labels is null ? meaning.Labels.Length : 0;
        InputShape = shape ?? (windows is null ? Shape.Vector(_encoder.Width) : new Shape(windows.Length, _encoder.Width));
        if (InputShape.Length == Steps * _encoder.Width) return;
        throw new EdgeLearnException($"{table.Name} has inputs of {Steps * _encoder.Width} values; the input shape {InputShape} has "
            + $"{InputShape.Length}");
    }

    public override string Name => _table.Name;

    public override int Count { get; }

    public override Shape InputShape { get; }

    public override int ClassCount { get; }

    public override int TargetLength { get; }

    internal override bool IsWide => true;

    /// <summary>What a pass over the file learned.</summary>
    public TableScan Scan => _table.Scan;

    /// <summary>What the columns mean.</summary>
    public TableMeaning Meaning => _meaning;

    /// <summary>The windows that are the samples; null = rows are.</summary>
    public RowWindows? Windows => _windows;

    /// <summary>Reads the group of every sample: the number of its text.</summary>
    public int[] Groups()
    {
        if (_windows is not null) return _windows.Groups;
        int[] places = GroupPlaces(_table, _meaning.Group);
        return Read(_meaning.Group, cell => places[TableCells.TextOf(cell)]);
    }

    /// <summary>Numbers the texts of a column of groups in their sorted order, whatever the order of the rows.</summary>
    public static int[] GroupPlaces(TableFile table, int column)
    {
        var names = table.Scan.Columns[column].Values;
        int[] places = new int[names.Count];
        int[] order = [.. Enumerable.Range(0, names.Count).OrderBy(i => names[i], StringComparer.Ordinal)];
        for (int i = 0; i < order.Length; i++) places[order[i]] = i;
        return places;
    }

    /// <summary>Reads the time of every sample, in seconds or in the unit of its numbers.</summary>
    public double[] Times() => _windows?.Times ?? Read(_meaning.Time, cell => cell);

    T[] Read<T>(int column, Func<double, T> of)
    {
        var values = new T[Count];
        int next = 0;
        _table.ForEach((row, cells) =>
        {
            if (next < Count && row == RowOf(next)) values[next++] = of(cells[column]);
        });
        return values;
    }

    /// <summary>Takes the means of some samples as what stands in for missing cells.</summary>
    /// <param name="samples">of the training part</param>
    /// <returns>the columns with their means</returns>
    public InputColumns FillWithMeans(IEnumerable<int> samples)
    {
        int width = _encoder.Width;
        double[] values = new double[width], sums = new double[width];
        int[] counts = new int[width];
        foreach (int row in _windows?.RowsOf(samples) ?? samples.Select(RowOf))
        {
            _encoder.Encode(Cells(row), values);
            for (int i = 0; i < width; i++)
            {
                if (double.IsNaN(values[i])) continue;
                sums[i] += values[i];
                counts[i]++;
            }
        }

        var columns = new List<InputColumn>();
        int at = 0;
        for (int k = 0; k < _meaning.Sources.Length; k++)
        {
            var column = _meaning.Columns.Inputs[k];
            int count = column.Width - (column.HasIndicator ? 1 : 0), first = at;
            bool needsFill = _table.Scan.Columns[_meaning.Sources[k]].Missing > 0;
            columns.Add(!needsFill ? column : column with
            {
                Fill = [.. Enumerable.Range(first, count).Select(i => counts[i] > 0 ? sums[i] / counts[i] : 0)],
            });
            at += column.Width;
        }

        _encoder.UseFill(columns);
        return _meaning.Columns with { Inputs = columns };
    }

    /// <summary>Takes the means of another file as what stands in for missing cells.</summary>
    public void UseFill(InputColumns columns) => _encoder.UseFill(columns.Inputs);

    public override int Label(int index) => _labels is not null ? _labels[index] : base.Label(index);

    public override void ReadInput(int index, Span<float> raw)
    {
        var values = Values(index);
        TensorPrimitives.ConvertTruncating<double, float>(values, raw);
    }

    internal override void ReadWide(int index, Span<double> raw) => Values(index).CopyTo(raw);

    internal override void ReadPrepared(int index, Preparation preparation, Span<float> prepared)
        => preparation.Apply(Values(index), 0, prepared);

    public override void ReadTarget(int index, Span<float> target)
    {
        var cells = Cells(RowOf(index));
        for (int i = 0; i < target.Length; i++) target[i] = (float)cells[_meaning.Labels[i]];
    }

    internal override void ReadWideTarget(int index, Span<double> target)
    {
        var cells = Cells(RowOf(index));
        for (int i = 0; i < target.Length; i++) target[i] = cells[_meaning.Labels[i]];
    }

    public override int SourceRow(int index) => RowOf(index);

    protected override void Dispose(bool disposing)
    {
        _table.Dispose();
        base.Dispose(disposing);
    }

    int Steps => _windows?.Length ?? 1;

    // The row that has a sample's label.
    int RowOf(int index) => _windows?.LastRow(index) ?? (_rows is null ? index : _rows[index]);

    ReadOnlySpan<double> Cells(int row, int expected = 1) => (s_rows ??= new RowBlock()).Read(_table, row, expected);

    ReadOnlySpan<double> Values(int index)
    {
        int width = _encoder.Width, length = Steps * width;
        if (s_values is null || s_values.Length < length) s_values = new double[length];
        var values = s_values.AsSpan(0, length);
        if (_windows is null)
        {
            _encoder.Encode(Cells(RowOf(index)), values);
            return values;
        }

        for (int step = 0; step < _windows.Length; step++)
            _encoder.Encode(Cells(_windows.Row(index, step), _windows.Length - step), values.Slice(step * width, width));
        return values;
    }
}

/// <summary>The last rows that a thread has read: those that follow each other are read some at a time.</summary>
sealed class RowBlock
{
    const int BlockBytes = 1 << 16;

    // Rows that a test part took out in between are read over.
    const int LongestGap = 16;

    TableFile? _table;
    double[] _cells = [];
    int _first;
    int _count;
    int _last = -1;

    /// <summary>The cells of a row; good until the next call.</summary>
    /// <param name="table">the file</param>
    /// <param name="row">0..Count-1</param>
    /// <param name="expected">rows that will be wanted, this one and those behind it</param>
    public ReadOnlySpan<double> Read(TableFile table, int row, int expected)
    {
        int width = table.Width;
        if (table != _table || row < _first || row >= _first + _count)
        {
            bool follows = expected == 1 && table == _table && row > _last && row - _last <= LongestGap;
            int wanted = follows ? BlockBytes : Math.Min(BlockBytes, expected * width * sizeof(double));
            _count = Math.Clamp(wanted / (width * sizeof(double)), 1, table.Count - row);
            if (_cells.Length < width || _cells.Length < BlockBytes / sizeof(double))
                _cells = new double[Math.Max(width, BlockBytes / sizeof(double))];
            table.Read(row, _cells.AsSpan(0, _count * width));
            (_table, _first) = (table, row);
        }

        _last = row;
        return _cells.AsSpan((row - _first) * width, width);
    }
}
