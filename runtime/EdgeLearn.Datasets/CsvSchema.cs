namespace EdgeLearn.Datasets;

/// <summary>
/// What a csv holds: its feature columns in order, its label column, and the names of its classes where labels are names.
/// </summary>
sealed record CsvSchema(string[] Features, string Label, string[]? ClassNames)
{
    /// <summary>The last line of a stored schema, by which one that was cut short is known.</summary>
    public const string EndMark = "end";

    /// <summary>Text that two schemas share only when they mean the same.</summary>
    public string Key
        => string.Join('\n', [$"{Features.Length}", .. Features, Label, $"{ClassNames?.Length ?? -1}", .. ClassNames ?? [], EndMark]);
}
