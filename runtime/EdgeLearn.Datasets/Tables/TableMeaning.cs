namespace EdgeLearn.Datasets;

/// <summary>A table's cells beside the columns of a model: where each input, label and group stands in this file.</summary>
/// <param name="Columns">of the model</param>
/// <param name="Sources">the column of the file for each input</param>
/// <param name="Labels">the columns of labels or targets; empty where the file has none and none is needed</param>
/// <param name="Group">the column of groups; -1 = none</param>
/// <param name="Time">the column of times; -1 = none</param>
/// <param name="Notes">what the user should know, a line each</param>
sealed record TableMeaning(InputColumns Columns, int[] Sources, int[] Labels, int Group, int Time, List<string> Notes)
{
    /// <summary>Finds the columns of a model in a table, by name.</summary>
    /// <param name="table">the file</param>
    /// <param name="columns">of the model</param>
    /// <param name="isOwn">whether they were chosen for this very file</param>
    /// <param name="options">whether a label is needed</param>
    /// <exception cref="EdgeLearnException">A column is missing, or holds what the model's does not.</exception>
    public static TableMeaning Of(TableFile table, InputColumns columns, bool isOwn, DataOptions options)
    {
        var notes = new List<string>();
        // In a new table the label alone must be one column; a second one of its name would give it away.
        string[] names = isOwn
            ? [.. table.Scan.Repeated.Where(twice => columns.Labels.Contains(twice) || columns.Labels.Contains($"{twice}.1"))]
            : [.. columns.Inputs.Select(input => input.Name), .. columns.Labels];
        RefuseRepeated(table.Scan.Repeated, names, table.Name);
        if (options.Columns is not null && options.Window is { } window && window != Math.Max(1, columns.Window))
        {
            throw new EdgeLearnException($"--window {window}: the model takes "
                + (columns.Window > 0 ? $"windows of {columns.Window} rows" : "each row alone"));
        }
        if (options.Columns is not null && columns.DropsMissing && options.Missing is MissingChoice.Mean or MissingChoice.Indicator)
        {
            throw new EdgeLearnException("--missing: the model was trained on whole rows alone and has no means to fill in; leave the "
                + "option out, and such rows are left out");
        }
        int[] sources = [.. columns.Inputs.Select(input => Find(table, input.Name, options.Columns is not null))];
        int[] labels = [];
        bool hasLabels = columns.Labels.All(label => table.Scan.Columns.Exists(column => column.Name == label));
        if (hasLabels || options.NeedsLabels) labels = [.. columns.Labels.Select(label => Find(table, label, options.Columns is not null))];
        int group = columns.Group is { } name && (isOwn || Has(table, name)) ? Find(table, name, false) : -1;
        int time = columns.TimeColumn is { } clock ? Find(table, clock, options.Columns is not null) : -1;
        if (!isOwn)
        {
            bool drops = columns.DropsMissing || options.Missing == MissingChoice.Drop;
            for (int k = 0; k < sources.Length; k++) Check(table, columns, k, table.Scan.Columns[sources[k]], drops, notes);
            string[] others = Unknown(columns, table.Scan.Columns.Where(column => column.IsNamed).Select(column => column.Name));
            if (others.Length > 0) notes.Add($"{table.Name}: not learned from, for the model does not know them: {Listed(others)}");
        }

        return new TableMeaning(columns, sources, labels, group, time, notes);
    }

    /// <summary>Those of some names by which a model knows no column.</summary>
    public static string[] Unknown(InputColumns columns, IEnumerable<string> names)
    {
        string?[] known = [.. columns.Inputs.Select(input => input.Name), .. columns.Labels, .. columns.LeftOut.Keys, columns.Group,
            columns.TimeColumn];
        return [.. names.Where(name => !known.Contains(name))];
    }

    /// <summary>Names, shortened where they are many.</summary>
    public static string Listed(IReadOnlyList<string> names)
        => NameText.First([.. names.Select(name => CellText.Shorten(name))], most: 8);

    /// <summary>Refuses names that a table has twice: which of the two is meant cannot be told.</summary>
    /// <param name="repeated">names that the header has more than once</param>
    /// <param name="wanted">names by which columns are looked for; one that the model knows as a and a.1 was trained so</param>
    /// <param name="name">of the table</param>
    /// <exception cref="EdgeLearnException">One of them is wanted.</exception>
    public static void RefuseRepeated(IReadOnlyList<string> repeated, IReadOnlyList<string> wanted, string name)
    {
        foreach (string twice in repeated)
        {
            if (wanted.Contains(twice) && !wanted.Contains($"{twice}.1"))
            {
                throw new EdgeLearnException($"{name} has two columns called '{CellText.Shorten(twice)}', and it cannot be told which one "
                    + $"is meant: rename one of them");
            }
        }
    }

    static bool Has(TableFile table, string name) => table.Scan.Columns.Exists(column => column.Name == name);

    static int Find(TableFile table, string name, bool byModel)
    {
        int index = table.Scan.Columns.FindIndex(column => column.Name == name);
        if (index >= 0) return index;
        if (!byModel) throw ColumnChoice.NoColumn(table, name);
        throw new EdgeLearnException(table.Scan.HasHeader
            ? $"{table.Name} has no column '{CellText.Shorten(name)}', which the model was trained with; its columns are "
                + CellText.Shorten(string.Join(", ", table.Scan.Columns.Select(column => column.Name)))
            : $"{table.Name} has no header, and the model knows its columns by name ('{CellText.Shorten(name)}'): write the names into its "
                + $"first line");
    }

    static void Check(TableFile table, InputColumns columns, int input, ColumnScan scan, bool drops, List<string> notes)
    {
        var column = columns.Inputs[input];
        if (column.Kind == ColumnKind.Category)
        {
            CheckValues(table, column, scan, notes);
        }
        else if (column.Kind == ColumnKind.Number ? scan.Texts + scan.Times > 0 : scan.Texts + scan.Numbers > 0)
        {
            string what = column.Kind == ColumnKind.Number ? "number" : "date";
            throw scan.Texts > 0
                ? ColumnChoice.Bad(table, column.Name, scan.TextLine, $"'{scan.FirstText}' is not a {what}, which the model takes there")
                : new EdgeLearnException($"{table.Name}: the column '{column.Name}' holds no {what}s, which the model takes there");
        }

        if (scan.Missing == 0 || drops) return;
        string rows = scan.Missing == 1 ? "1 row has" : $"{scan.Missing} rows have";
        if (column.Fill is null)
        {
            throw ColumnChoice.Bad(table, column.Name, scan.MissingLine, $"there is no value, and {rows} none; the model was trained "
                + $"without such rows: leave them out with --missing drop, mend them, or train it with --missing mean");
        }
        notes.Add($"{table.Name}: '{column.Name}' is filled in with the training mean where {rows} no value");
    }

    static void CheckValues(TableFile table, InputColumn column, ColumnScan scan, List<string> notes)
    {
        string[] others = [.. scan.Values.Where(value => TableLabels.IndexOf(column.Values!, value) < 0)];
        if (others.Length == 0 && !scan.HasMoreValues) return;
        notes.Add($"{table.Name}: '{column.Name}' has values that the model has not seen, taken as none of its own: {Listed(others)}"
            + (scan.HasMoreValues ? " and more" : ""));
    }
}
