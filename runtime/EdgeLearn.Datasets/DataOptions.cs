namespace EdgeLearn.Datasets;

/// <summary>How <c>--data</c> is to be read.</summary>
public sealed record DataOptions
{
    /// <summary>The label column of a csv; null takes the last one.</summary>
    public string? LabelColumn { get; init; }

    /// <summary>
    /// The column of a csv that says which samples belong together, such as a person; it is no feature. For a folder of arrays a word in
    /// the name of the file that says it, such as <c>writers</c>. Null = there is none.
    /// </summary>
    public string? GroupColumn { get; init; }

    /// <summary>The share of a set without test file that is split off for testing, above 0 and below 1.</summary>
    public double TestFraction { get; init; } = 0.2;

    /// <summary>
    /// Which of how many equal parts of a set without test file is for testing, counted from 1, in place of <see cref="TestFraction"/>:
    /// cross-validation. Null = no folds.
    /// </summary>
    public (int Part, int Count)? Fold { get; init; }

    /// <summary>Decides which samples are split off.</summary>
    public ulong Seed { get; init; }

    /// <summary>Shape of the inputs where the file does not tell it; null takes the file's.</summary>
    public Shape? InputShape { get; init; }

    /// <summary>True when labels are real numbers to be predicted and not classes.</summary>
    public bool Regression { get; init; }

    /// <summary>Where expanded, converted and downloaded files are kept; null takes the user's cache.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>False keeps a known name from being downloaded.</summary>
    public bool AllowDownload { get; init; } = true;

    /// <summary>Called from time to time during long work.</summary>
    public Action<DataProgress>? Progress { get; init; }
}

/// <summary>How far a long piece of data work has come.</summary>
/// <param name="Activity">what is done, such as <c>downloading train-images-idx3-ubyte.gz</c></param>
/// <param name="Bytes">done</param>
/// <param name="TotalBytes">to be done</param>
public readonly record struct DataProgress(string Activity, long Bytes, long TotalBytes);
