namespace EdgeLearn;

/// <summary>
/// How rows of a table become inputs of a model. It is saved with the model, so that every later table is read by the names of its columns.
/// </summary>
/// <param name="Inputs">in the order of the values that they become</param>
/// <param name="Labels">columns that hold the label, or the targets; empty = not from a table with labels</param>
public sealed record InputColumns(IReadOnlyList<InputColumn> Inputs, IReadOnlyList<string> Labels)
{
    /// <summary>Columns of the training table that are no inputs, each with the reason.</summary>
    public IReadOnlyDictionary<string, string> LeftOut { get; init; } = new Dictionary<string, string>();

    /// <summary>The column that says which rows belong together; null = none.</summary>
    public string? Group { get; init; }

    /// <summary>Whether rows with a missing cell are left out.</summary>
    public bool DropsMissing { get; init; }

    /// <summary>The column by whose time rows follow each other; null = in the order of the file.</summary>
    public string? TimeColumn { get; init; }

    /// <summary>Rows of a window, which are one input together; 0 = each row is one.</summary>
    public int Window { get; init; }

    /// <summary>Rows from one window to the next.</summary>
    public int Hop { get; init; }

    /// <summary>A larger step of the time column than this ends a series, so that no window reaches over it; 0 = none does.</summary>
    public double Gap { get; init; }

    /// <summary>Whether a change of the label ends a series, and a window does not have the label of its last row.</summary>
    public bool EndsAtLabels { get; init; }

    /// <summary>Values of one row.</summary>
    public int Width => Inputs.Sum(column => column.Width);
}

/// <summary>One column that a model takes in, by its name in the table, and how its cells become values.</summary>
/// <param name="Name">in the header, or its number from 1 where there was no header</param>
/// <param name="Kind">of its values</param>
public sealed record InputColumn(string Name, ColumnKind Kind)
{
    /// <summary>The texts of a category, in the order of its values; null for other kinds.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>Whether the dates of <see cref="ColumnKind.Time"/> have a time of day.</summary>
    public bool HasHours { get; init; }

    /// <summary>Seconds since 1970 from which <see cref="ColumnKind.Elapsed"/> counts.</summary>
    public double Start { get; init; }

    /// <summary>
    /// What stands in for a missing cell, one number a value (the training mean); null = it is refused or its row left out.
    /// </summary>
    public IReadOnlyList<double>? Fill { get; init; }

    /// <summary>Whether one more value says where the cell is missing: 1, else 0.</summary>
    public bool HasIndicator { get; init; }

    /// <summary>Values that a cell becomes.</summary>
    public int Width => (HasIndicator ? 1 : 0) + Kind switch
    {
        ColumnKind.Category when Values!.Count > 2 => Values.Count,
        ColumnKind.Time => HasHours ? 4 : 2,
        _ => 1,
    };
}

/// <summary>What the values of a table's column are.</summary>
public enum ColumnKind
{
    /// <summary>A number; 1 value.</summary>
    Number,

    /// <summary>One of a few texts: 0 or 1 where there are two, else a value for each, 1 for the one that it is.</summary>
    Category,

    /// <summary>A date with a time of day or without: sine and cosine of the hour, where there is one, and of the weekday.</summary>
    Time,

    /// <summary>A date as days since the first of the training file; 1 value.</summary>
    Elapsed,
}
