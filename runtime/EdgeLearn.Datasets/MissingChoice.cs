namespace EdgeLearn.Datasets;

/// <summary>What becomes of cells of a table without a value.</summary>
public enum MissingChoice
{
    /// <summary>They are refused.</summary>
    Refuse,

    /// <summary>Their rows are left out.</summary>
    Drop,

    /// <summary>The training mean stands in for them.</summary>
    Mean,

    /// <summary>The training mean, and one more input that says where.</summary>
    Indicator,
}

/// <summary>Whether the first line of a table has the names of its columns.</summary>
public enum HeaderChoice
{
    /// <summary>It has where its cells differ in kind from those below; refused where that cannot be told.</summary>
    Auto,

    /// <summary>It has.</summary>
    Yes,

    /// <summary>It is a row.</summary>
    No,
}
