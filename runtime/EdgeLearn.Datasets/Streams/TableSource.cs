namespace EdgeLearn.Datasets;

/// <summary>
/// Tables as one stream of rows. What the columns are is decided by the first rows of the first table; later ones are read by the names of
/// their columns. A row that cannot be used is told of and does not end the stream.
/// </summary>
sealed class TableSource : RowSource
{
    /// <summary>Rows by which the types of columns are decided.</summary>
    public const int HeadRows = 1000;

    // One text among so many numbers is a slip.
    const int RareTexts = 20;

    readonly string[] _paths;
    readonly DataOptions _options;
    readonly RowLabels _labels;
    readonly bool _areClasses;
    readonly List<string> _notes = [];

    /// <summary>Looks at the first rows, and reads the labels ahead.</summary>
    /// <param name="paths">tables that follow each other, if the dates of their first rows do not say otherwise</param>
    /// <param name="options">how they are to be read</param>
    /// <exception cref="EdgeLearnException">One is no table, or lacks a column.</exception>
    public TableSource(string[] paths, DataOptions options)
    {
        // What is missing is filled in as the stream goes on.
        _options = options = options with { Missing = MissingChoice.Mean };
        _areClasses = !options.Regression;
        var heads = paths.Select(path => (Path: path, Head: TableFile.OfHead(path, options, HeadRows))).ToArray();
        try
        {
            if (heads.FirstOrDefault(one => one.Head.Count == 0).Path is { } empty)
                throw new NoSamplesException($"{Path.GetFileName(empty)} has a header and no rows");
            foreach (var (_, head) in heads) LeaveOutRareTexts(head.Scan);
            Columns = new ColumnChoice(heads[0].Head, options).Choose();
            if (_areClasses && Columns.Labels.Count > 1)
                throw new EdgeLearnException("several label columns are several outputs; add --loss mean-square for numbers");
            _paths = [.. InOrder(heads, Columns).Select(one => one.Path)];
            _labels = new RowLabels(Columns.Labels, _areClasses);
            Count = CountRows();
            if (_areClasses)
            {
                var classes = TableLabels.NewClasses(heads[0].Head, _labels.Seen);
                if (classes.Count < 2) throw new EdgeLearnException($"{Name} has only one class: there is nothing to tell apart");
                _labels.Use(classes);
                (ClassNames, ClassCount) = (classes.Names, classes.Count);
            }
        }
        finally
        {
            foreach (var (_, head) in heads) head.Dispose();
        }

        Notes = [.. _notes.Distinct()];
    }

    /// <summary>Whether a file is a table by the ending of its name.</summary>
    public static bool IsTableName(string path)
        => Path.GetExtension(ArrayName.WithoutGzip(ArrayName.Lower(path))) is ".csv" or ".tsv" or ".txt" && DataCatalog.IsTable(path);

    public override string Name => _paths.Length == 1
        ? Path.GetFileName(_paths[0]) : $"{Path.GetFileName(_paths[0])} and {_paths.Length - 1} more";

    public override int ValueCount => Columns!.Width;

    public override long Count { get; }

    public override int ClassCount { get; }

    public override int TargetCount => _areClasses ? 0 : Columns!.Labels.Count;

    // A few cells that are no numbers, where all others are, do not make a column of texts: their rows will be left out, and counted.
    static void LeaveOutRareTexts(TableScan scan)
    {
        for (int i = 0; i < scan.Columns.Count; i++)
        {
            var column = scan.Columns[i];
            if (column.IsDictionary || column.Texts == 0 || column.Numbers + column.Times < RareTexts * column.Texts) continue;
            scan.Columns[i] = column with { Texts = 0, NoNumberLine = 0, Values = [] };
        }
    }

    // By the first date of each, where all have one; else as they came.
    static IEnumerable<(string Path, TableFile Head)> InOrder((string Path, TableFile Head)[] heads, InputColumns columns)
    {
        var times = columns.Inputs.FirstOrDefault(column => column.Kind is ColumnKind.Time or ColumnKind.Elapsed);
        if (times is null || heads.Length == 1) return heads;
        double[] first = [.. heads.Select(one => FirstOf(one.Head, times.Name))];
        return Array.Exists(first, double.IsNaN) ? heads : heads.Zip(first).OrderBy(pair => pair.Second).Select(pair => pair.First);
    }

    static double FirstOf(TableFile head, string column)
    {
        int place = head.Scan.Columns.FindIndex(scan => scan.Name == column);
        if (place < 0) return double.NaN;
        double[] cells = new double[head.Width];
        head.Read(0, cells);
        return cells[place];
    }

    long CountRows()
    {
        long count = 0;
        Read((_, _, _, _) => count++, _notes.Add, CancellationToken.None);
        return count;
    }

    public override void ReadAll(RowTaker take, CancellationToken stop)
        => Read((_, values, _, complaint) => take(values, _labels.Values, complaint), _ => { }, stop);

    void Read(TableRows.RowTaker take, Action<string> say, CancellationToken stop)
    {
        foreach (string path in _paths)
        {
            string name = Path.GetFileName(path);
            var rows = new TableRows(Columns!, _options.Header, name, say) { Labels = _labels, KeepsMissing = true };
            rows.ReadAll(GzipFile.OpenContent(path), (line, values, begins, complaint)
                => take(line, values, begins, complaint is null ? null : $"{name}, line {line}: {complaint}"), stop);
        }
    }
}
