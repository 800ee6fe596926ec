namespace EdgeLearn.Datasets;

/// <summary>
/// What one pass over a table learned about a column: how many cells of each kind, and its different texts where they are few.
/// </summary>
sealed record ColumnScan
{
    /// <summary>Most different texts that make a category.</summary>
    public const int MostValues = 32;

    /// <summary>In the header, or made up: see <see cref="IsNamed"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Whether the table gives the name.</summary>
    public bool IsNamed { get; init; }

    /// <summary>Whether every cell counts as a text, as those of labels, groups and categories do.</summary>
    public bool IsDictionary { get; init; }

    /// <summary>Cells with a number.</summary>
    public int Numbers { get; set; }

    /// <summary>Cells without a value.</summary>
    public int Missing { get; set; }

    /// <summary>Cells with a date or time.</summary>
    public int Times { get; set; }

    /// <summary>Cells with another text.</summary>
    public int Texts { get; set; }

    /// <summary>The smallest number or time.</summary>
    public double Least { get; set; } = double.MaxValue;

    /// <summary>The greatest.</summary>
    public double Most { get; set; } = double.MinValue;

    /// <summary>Whether all numbers are whole.</summary>
    public bool IsWhole { get; set; } = true;

    /// <summary>Whether each number is the one before it and 1.</summary>
    public bool Counts { get; set; } = true;

    /// <summary>Whether a time has more than a date.</summary>
    public bool HasHours { get; set; }

    /// <summary>Line of the first cell without a value; 0 = none.</summary>
    public long MissingLine { get; set; }

    /// <summary>Line of the first text; 0 = none.</summary>
    public long TextLine { get; set; }

    /// <summary>The first text, shortened.</summary>
    public string? FirstText { get; set; }

    /// <summary>Line of the first text that looks like a number and is none; 0 = none.</summary>
    public long NoNumberLine { get; set; }

    /// <summary>That text, shortened.</summary>
    public string? NoNumber { get; set; }

    /// <summary>Different texts in the order of their first cells; where there are too many, the first of them.</summary>
    public List<string> Values { get; init; } = [];

    /// <summary>Whether there are more texts than <see cref="Values"/> has.</summary>
    public bool HasMoreValues { get; set; }

    /// <summary>A dictionary's texts and those of another file.</summary>
    public ColumnScan With(ColumnScan other) => this with
    {
        Numbers = Numbers + other.Numbers,
        Texts = Texts + other.Texts,
        IsWhole = IsWhole && other.IsWhole,
        Values = [.. Values.Union(other.Values)],
    };
}

/// <summary>What one pass learned about a whole table.</summary>
sealed record TableScan
{
    /// <summary>One a column of the file.</summary>
    public required List<ColumnScan> Columns { get; init; }

    /// <summary>Rows.</summary>
    public int Rows { get; set; }

    /// <summary>Whether the first line had the names.</summary>
    public bool HasHeader { get; init; }

    /// <summary>The column that holds the label where nobody says which.</summary>
    public int DefaultLabel { get; init; }

    /// <summary>Names that the header has more than once.</summary>
    public List<string> Repeated { get; init; } = [];

    /// <summary>What was left out of the text, in lines for the user.</summary>
    public List<string> Notes { get; init; } = [];
}
