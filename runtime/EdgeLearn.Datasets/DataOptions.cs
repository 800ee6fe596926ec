namespace EdgeLearn.Datasets;

/// <summary>How <c>--data</c> is to be read.</summary>
public sealed record DataOptions
{
    /// <summary>
    /// The label column of a table, or several with commas between them, as many outputs; null takes the one called label, class, target
    /// or y, else the last.
    /// </summary>
    public string? LabelColumn { get; init; }

    /// <summary>Columns of a table that are left out, with commas between them.</summary>
    public string? Ignored { get; init; }

    /// <summary>What columns of a table are, where they do not show it: <c>A=category,B=number</c>; see <see cref="ColumnKind"/>.</summary>
    public string? ColumnKinds { get; init; }

    /// <summary>What becomes of cells without a value.</summary>
    public MissingChoice Missing { get; init; }

    /// <summary>Whether a table's first line has the names of its columns.</summary>
    public HeaderChoice Header { get; init; }

    /// <summary>Whether a table's last line counts only with its line break: for a file that is being written.</summary>
    public bool WholeLinesOnly { get; init; }

    /// <summary>The column by whose time rows follow each other, no input itself; null = in the order of the file.</summary>
    public string? TimeColumn { get; init; }

    /// <summary>Rows of a table that follow each other and are one sample together; null = the model's; 1 = each row is one.</summary>
    public int? Window { get; init; }

    /// <summary>Rows from one window to the next; null = the model's, or half a window.</summary>
    public int? Hop { get; init; }

    /// <summary>Whether the last part in the order of time is the test part, and not a random one.</summary>
    public bool SplitByTime { get; init; }

    /// <summary>Whether everything is to be trained on and nothing split off.</summary>
    public bool TakesWhole { get; init; }

    /// <summary>The columns that a model takes in, which a table must have; null = they are chosen.</summary>
    public InputColumns? Columns { get; init; }

    /// <summary>Classes that a model has, 0 = whatever the data have.</summary>
    public int ModelClassCount { get; init; }

    /// <summary>The names of a model's classes, where it has names.</summary>
    public IReadOnlyList<string>? ModelClassNames { get; init; }

    /// <summary>How images or sound become a model's inputs, in its words (<see cref="Model.Media"/>); null = it does not say.</summary>
    public string? ModelMedia { get; init; }

    /// <summary>Shape of a model's input, to which images are scaled where the model does not say more; null = there is none.</summary>
    public Shape? ModelInput { get; init; }

    /// <summary>What inputs made of WAV files hold; null takes the model's, else samples.</summary>
    public AudioKind? Audio { get; init; }

    /// <summary>Samples a second at which WAV files are read; null takes the model's, else the files', which must be one.</summary>
    public int? AudioRate { get; init; }

    /// <summary>Reads images; null = folders of images are refused.</summary>
    public IImageDecoder? Images { get; init; }

    /// <summary>Whether data with other classes than the model's are read by their own.</summary>
    public bool AllowsOtherClasses { get; init; }

    /// <summary>Whether samples without a label are no samples.</summary>
    public bool NeedsLabels { get; init; } = true;

    /// <summary>
    /// Whether nothing but the number of samples is asked for, before there is a model that says how they are read: images and WAV files
    /// are then counted and not read.
    /// </summary>
    public bool CountsOnly { get; init; }

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

    /// <summary>
    /// Shape of the inputs where the file does not tell it, to which images are scaled and sound is cut or filled up; null takes the
    /// file's.
    /// </summary>
    public Shape? InputShape { get; init; }

    /// <summary>Where the channels of an array's items lie; null takes what the shape of the items or of the model tells.</summary>
    public InputLayout? Layout { get; init; }

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
