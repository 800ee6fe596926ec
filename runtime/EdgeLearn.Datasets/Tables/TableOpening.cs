using System.Runtime.InteropServices;

namespace EdgeLearn.Datasets;

/// <summary>Opens tables as data sets: what the columns mean, which rows are samples, the classes by name, the test part.</summary>
/// <param name="options">how the table is to be read</param>
/// <param name="cache">where converted tables are kept</param>
sealed class TableOpening(DataOptions options, FileCache cache)
{
    // Of so many rows, one that stands alone is told from the others.
    const int FewestRows = 10;

    readonly List<string> _notes = [];

    /// <summary>Opens one table, or two of which the second is the test part.</summary>
    /// <param name="train">the file to learn from</param>
    /// <param name="test">the file to test with; null splits a part off</param>
    /// <param name="name">what the user calls the data</param>
    /// <param name="source">the file or folder</param>
    /// <param name="shape">of an input; null = a vector</param>
    /// <exception cref="EdgeLearnException">A file is no table, or has a cell that cannot be used.</exception>
    public DataSplit Open(string train, string? test, string name, string source, Shape? shape)
    {
        var opened = new List<IDisposable>();
        try
        {
            var table = TableFile.Open(train, options, cache);
            opened.Add(table);
            RefuseEmpty(table);
            var columns = options.Columns ?? new ColumnChoice(table, options).Choose();
            var testTable = test is null ? null : TableFile.Open(test, options with { Columns = columns }, cache);
            if (testTable is not null) opened.Add(testTable);
            var known = KnownClasses.OfModel(options) ?? (testTable is null ? null : ClassesOfBoth(table, testTable, columns));
            var (data, classes) = Part(table, columns, isOwn: options.Columns is null, isTest: false, known, shape);
            var other = testTable is null ? null : Part(testTable, data.Meaning.Columns, isOwn: false, isTest: true, classes, shape).Data;
            return Split(data, other, classes, name, source);
        }
        catch
        {
            foreach (var file in opened) file.Dispose();
            throw;
        }
    }

    DataSplit Split(TableDataset data, TableDataset? other, KnownClasses? classes, string name, string source)
    {
        // Windows of one series stay together, unless later ones are for testing.
        bool isGrouped = data.Meaning.Group >= 0 || (data.Windows is not null && !options.SplitByTime);
        int[]? groups = isGrouped ? data.Groups() : null;
        double[]? times = options.SplitByTime && (data.Meaning.Time >= 0 || data.Windows is not null) ? data.Times() : null;
        var split = other is null
            ? DataSplit.FromWhole(data, options, name, source, groups, times)
            : DataSplit.FromParts(data, other, name, source);
        if (other is not null) split.TrainGroups = groups;
        split.Columns = FillIn(split, data, other);
        split.ClassNames = classes?.Names;
        split.Notes = [.. _notes];
        split.Scan = data.Scan;
        split.IsSequence = data.Windows is not null;
        return split;
    }

    (TableDataset Data, KnownClasses? Classes) Part(TableFile table, InputColumns columns, bool isOwn, bool isTest, KnownClasses? known,
        Shape? shape)
    {
        RefuseEmpty(table);
        var meaning = MeaningOf(table, columns, isOwn);
        var classes = options.Regression || meaning.Labels.Length == 0 ? null : ClassesOf(table, meaning, known);
        int[]? codes = classes is null ? null : TableLabels.Classes(table, table.Scan.Columns[meaning.Labels[0]], classes);
        if (options.Regression) CheckTargets(table, meaning);
        CheckWhole(table, meaning.Group, "the group is empty");
        CheckWhole(table, meaning.Time, "there is no time");
        CheckTimes(table, meaning.Time);
        var (rows, labels) = Samples(table, meaning, codes);
        _notes.AddRange(table.Scan.Notes.Select(note => $"{table.Name}: {note}"));
        _notes.AddRange(meaning.Notes);
        if (meaning.Columns.Window > 0)
        {
            if (shape is not null) throw new EdgeLearnException($"{table.Name}: --window takes whole rows together, not inputs of {shape}");
            var cut = new WindowCut(table, meaning, options, rows, labels);
            if (isOwn) meaning = meaning with { Columns = cut.Choose(meaning.Columns) };
            var windows = cut.Cut(meaning.Columns with { Hop = options.Hop ?? meaning.Columns.Hop }, isDivided: !isTest, _notes);
            if (labels is not null)
                labels = new LabelList([.. Enumerable.Range(0, windows.Count).Select(i => cut.LabelOf(windows.LastRow(i)))], table.Name);
            return (new TableDataset(table, meaning, null, labels, classes?.Count ?? 0, shape, windows), classes);
        }

        if (isOwn && SeriesSigns.Of(table, meaning, options, rows, labels) is { } sign) _notes.Add(sign);
        return (new TableDataset(table, meaning, rows, labels, classes?.Count ?? 0, shape), classes);
    }

    static void RefuseEmpty(TableFile table)
    {
        if (table.Count == 0) throw new NoSamplesException($"{table.Name} has a header and no rows");
    }

    TableMeaning MeaningOf(TableFile table, InputColumns columns, bool isOwn)
    {
        var words = new ColumnWords(options, table.Scan.Columns.Select(column => column.Name));
        if (!isOwn && words.Labels.Count > 0) columns = columns with { Labels = words.Labels };
        return TableMeaning.Of(table, columns, isOwn, options);
    }

    // A class of which only the test file has rows is a class all the same.
    KnownClasses? ClassesOfBoth(TableFile train, TableFile test, InputColumns columns)
    {
        if (options.Regression || columns.Labels.Count > 1) return null;
        var label = train.Scan.Columns.Find(column => column.Name == columns.Labels[0]);
        var other = test.Scan.Columns.Find(column => column.Name == columns.Labels[0]);
        return label is null || other is null ? null : TableLabels.NewClasses(train, label.With(other));
    }

    KnownClasses ClassesOf(TableFile table, TableMeaning meaning, KnownClasses? known)
    {
        if (meaning.Labels.Length > 1)
        {
            throw new EdgeLearnException($"{table.Name}: several label columns are several outputs; add --loss mean-square for numbers, or "
                + $"--loss binary-cross-entropy:multilabel for 0 and 1");
        }
        var label = table.Scan.Columns[meaning.Labels[0]];
        return known is not null && (!options.AllowsOtherClasses || TableLabels.Fit(label, known))
            ? known : TableLabels.NewClasses(table, label);
    }

    static void CheckTargets(TableFile table, TableMeaning meaning)
    {
        foreach (int i in meaning.Labels)
        {
            var label = table.Scan.Columns[i];
            if (label.Texts > 0)
                throw ColumnChoice.Bad(table, label.Name, label.TextLine, $"'{label.FirstText}' is not a number to predict");
            if (label.Times > 0) throw new EdgeLearnException($"{table.Name}: '{label.Name}' holds dates, no numbers to predict");
        }
    }

    static void CheckWhole(TableFile table, int column, string complaint)
    {
        if (column < 0 || table.Scan.Columns[column] is not { Missing: > 0 } scan) return;
        throw ColumnChoice.Bad(table, scan.Name, scan.MissingLine, complaint);
    }

    static void CheckTimes(TableFile table, int column)
    {
        if (column < 0) return;
        var scan = table.Scan.Columns[column];
        if (scan.Texts > 0)
        {
            throw ColumnChoice.Bad(table, scan.Name, scan.TextLine, $"'{scan.FirstText}' is no time; expected dates such as "
                + $"2024-03-01T12:30:00 or 01.03.2024, or numbers");
        }
        if (scan.Numbers > 0 && scan.Times > 0)
            throw new EdgeLearnException($"{table.Name}: the column '{scan.Name}' holds dates and numbers; expected one kind of time");
    }

    // A first line whose label stands nowhere else, where all others come again, is no row but names that look like numbers.
    void CheckHeader(TableFile table, int column, List<int> labels)
    {
        if (table.Scan.HasHeader || options.Header != HeaderChoice.Auto || options.Columns is not null || labels.Count < FewestRows) return;
        var counts = labels.CountBy(label => label).ToDictionary();
        if (counts[labels[0]] > 1 || counts.Count < 3 || counts.Count(count => count.Value == 1) > 1) return;
        throw new EdgeLearnException($"{table.Name}: is the first line a header? Its label '{table.Scan.Columns[column].FirstText}' stands "
            + $"in no other row: say --header yes or --header no");
    }

    // Rows without a label are no samples, and neither are those without an input where that was wanted.
    (int[]? Rows, LabelList? Labels) Samples(TableFile table, TableMeaning meaning, int[]? codes)
    {
        bool drops = meaning.Columns.DropsMissing || options.Missing == MissingChoice.Drop;
        var encoder = new ColumnEncoder(table, meaning);
        var rows = new List<int>();
        var labels = new List<int>();
        int withoutLabel = 0, withoutInput = 0;
        table.ForEach((row, cells) =>
        {
            foreach (int label in meaning.Labels)
            {
                if (!TableCells.IsMissing(cells[label])) continue;
                withoutLabel++;
                return;
            }

            if (drops && encoder.HasMissing(cells))
            {
                withoutInput++;
                return;
            }

            rows.Add(row);
            if (codes is not null) labels.Add(codes[TableCells.TextOf(cells[meaning.Labels[0]])]);
        });
        if (codes is not null) CheckHeader(table, meaning.Labels[0], labels);
        if (withoutLabel > 0) _notes.Add($"{table.Name}: {NameText.Counted(withoutLabel, "row")} without a label left out");
        if (withoutInput > 0) _notes.Add($"{table.Name}: {NameText.Counted(withoutInput, "row")} with a missing value left out");
        if (rows.Count == 0) throw new NoSamplesException($"{table.Name} has no row with a label and all inputs");
        return (rows.Count == table.Count ? null : [.. rows],
            codes is null ? null : new LabelList(CollectionsMarshal.AsSpan(labels), table.Name));
    }

    InputColumns FillIn(DataSplit split, TableDataset data, TableDataset? other)
    {
        var columns = data.Meaning.Columns;
        if (options.Columns is not null || options.Missing is not (MissingChoice.Mean or MissingChoice.Indicator)) return columns;
        var samples = split.Train is DatasetView view ? view.Indices : Enumerable.Range(0, data.Count);
        columns = data.FillWithMeans(samples);
        other?.UseFill(columns);
        return columns;
    }
}
