namespace EdgeLearn.Datasets;

/// <summary>
/// Options that say how the rows of a table are read: beside other data they would do nothing, which is a misunderstanding.
/// </summary>
static class TableWords
{
    /// <summary>Refuses them.</summary>
    /// <param name="options">of data that are no table</param>
    /// <param name="other">what these data have instead</param>
    /// <exception cref="EdgeLearnException">There is one.</exception>
    public static void Refuse(DataOptions options, string other)
    {
        string? word = options switch
        {
            { Window: not null } => "--window",
            { Hop: not null } => "--hop",
            { LabelColumn: not null } => "--label",
            { Ignored: not null } => "--ignore",
            { ColumnKinds: not null } => "--columns",
            { TimeColumn: not null } => "--time",
            { Missing: not MissingChoice.Refuse } => "--missing",
            { Header: not HeaderChoice.Auto } => "--header",
            _ => null,
        };
        if (word is not null) throw new EdgeLearnException($"{word} says how the rows of a table are read, and the data are none: {other}");
    }
}
