namespace EdgeLearn.Datasets;

/// <summary>The training and the test part of what <c>--data</c> named. Owns the files.</summary>
public sealed class DataSplit : IDisposable
{
    readonly Dataset[] _owned;
    readonly Dataset? _test;
    Func<int[]?>? _findGroups;

    DataSplit(Dataset train, Dataset? test, string name, string source, Dataset[] owned)
    {
        Train = train;
        _test = test;
        Name = name;
        Source = source;
        _owned = owned;
    }

    /// <summary>To learn from.</summary>
    public Dataset Train { get; }

    /// <summary>To be judged by; shares no sample with <see cref="Train"/>.</summary>
    public Dataset Test => _test ?? Train;

    /// <summary>Whether a part is held back for <see cref="Test"/>, and not everything to learn from.</summary>
    public bool HasTest => _test is not null;

    /// <summary>Whether the test part is a file of its own, and not split off.</summary>
    public bool HasOwnTest => _test is not null and not DatasetView;

    /// <summary>Classes over both parts; 0 for regression.</summary>
    public int ClassCount => Train.ClassCount;

    /// <summary>Real targets of a sample; 0 for classification.</summary>
    public int TargetLength => Train.TargetLength;

    /// <summary>Shape of one input.</summary>
    public Shape InputShape => Train.InputShape;

    /// <summary>The known name, or the name of the folder or file.</summary>
    public string Name { get; }

    /// <summary>The folder or file that was read.</summary>
    public string Source { get; }

    /// <summary>Names of the classes where the labels were names; null where they were numbers.</summary>
    public IReadOnlyList<string>? ClassNames { get; internal set; }

    /// <summary>Lines that the user should see, such as what was left out, or that data are held in memory.</summary>
    public IReadOnlyList<string> Notes { get; internal set; } = [];

    /// <summary>What became of the columns of a table; null where the data are none.</summary>
    public InputColumns? Columns { get; internal set; }

    /// <summary>How images or sound became inputs, as a model keeps it (<see cref="Model.Media"/>); null where the data are none.</summary>
    public string? Media { get; internal set; }

    /// <summary>The file of every sample of <see cref="Test"/>, where each is one and none was split off; else null.</summary>
    internal IReadOnlyList<string>? TestFiles { get; set; }

    /// <summary>The group of every sample of <see cref="Train"/>, as a number; null where no group column was named.</summary>
    public int[]? TrainGroups { get; internal set; }

    /// <summary>What was learned about the columns of the training table; null where the data are none.</summary>
    internal TableScan? Scan { get; set; }

    /// <summary>The time of every sample of <see cref="Train"/>; null where no column says it.</summary>
    internal double[]? TrainTimes { get; private init; }

    /// <summary>Whether later samples are held back, and not random ones.</summary>
    internal bool SplitsByTime { get; private init; }

    /// <summary>Whether inputs of two dimensions are known to be steps x features and no images.</summary>
    public bool IsSequence { get; internal set; }

    /// <summary>Held back from <see cref="Train"/> to choose settings by; null unless <see cref="HoldOut"/> made it.</summary>
    public Dataset? Validation { get; private init; }

    /// <summary>Frees both parts.</summary>
    public void Dispose()
    {
        foreach (var dataset in _owned) dataset.Dispose();
    }

    /// <summary>
    /// The same data with a part of the training samples held back: whole groups where groups are known (a column or file that was named,
    /// or a file of subjects, users or writers in the folder), else single samples. The parts belong to this split, which must outlive the
    /// result.
    /// </summary>
    /// <param name="fraction">above 0 and below 1</param>
    /// <param name="seed">decides what is held back</param>
    /// <exception cref="EdgeLearnException">The fraction is out of range, or there is nothing to divide.</exception>
    public DataSplit HoldOut(double fraction, ulong seed)
    {
        if (!(fraction > 0 && fraction < 1))
        {
            throw new EdgeLearnException(
                FormattableString.Invariant($"a validation fraction of {fraction}; expected a number above 0 and below 1, such as 0.1"));
        }
        var (train, validation) = SplitsByTime && TrainGroups is null
            ? HeldOut.Last(Train.Count, TrainTimes, fraction, Name)
            : HeldOut.Divide(Train.Count, TrainGroups ?? _findGroups?.Invoke(), fraction, seed, Name);
        if (Train is DatasetView view && WindowsOf(Train) is { } windows)
        {
            var isApart = windows.IsApartFrom(validation.Select(i => view.Indices[i]));
            train = [.. train.Where(i => isApart(view.Indices[i]))];
        }
        return new DataSplit(new DatasetView(Train, train), _test, Name, Source, [])
        {
            Validation = new DatasetView(Train, validation),
            TrainGroups = TrainGroups is { } groups ? [.. train.Select(i => groups[i])] : null,
            ClassNames = ClassNames,
            TrainTimes = TrainTimes is { } times ? [.. train.Select(i => times[i])] : null,
            SplitsByTime = SplitsByTime,
            Notes = Notes,
            Columns = Columns,
            Media = Media,
            IsSequence = IsSequence,
        };
    }

    /// <summary>
    /// The preparation that a new network gets: mean 0 and deviation 1, for each feature of vectors, each channel of images, each feature
    /// of a sequence's steps, and over all values of images of one channel.
    /// </summary>
    /// <param name="network">says what it takes the inputs for</param>
    /// <exception cref="EdgeLearnException">A value is not finite.</exception>
    public Preparation Standardise(NetworkSpec network)
    {
        var input = network.Input;
        bool hasSteps = input.Rank == 2 && (IsSequence || network.Layers[0] is RecurrentSpec or Conv1dSpec or StepwiseDenseSpec);
        return Preparation.Standardise(Train, input.Rank == 1 ? input.Length : hasSteps ? input.Width : input.Channels);
    }

    // Windows that share rows must not lie on both sides.
    static RowWindows? WindowsOf(Dataset data) => data switch
    {
        TableDataset table => table.Windows,
        DatasetView view => WindowsOf(view.Whole),
        _ => null,
    };

    /// <summary>Says how groups that nobody named are found when they are wanted.</summary>
    internal void FindGroupsBy(Func<int[]?> find) => _findGroups = find;

    /// <summary>The groups of some samples.</summary>
    /// <param name="samples">of a file</param>
    /// <param name="rows">the group of each row of the file</param>
    internal static int[] GroupsOf(Dataset samples, ArrayFile rows)
    {
        var groups = LabelList.Read(rows);
        int[] found = new int[samples.Count];
        for (int i = 0; i < found.Length; i++)
        {
            int row = samples.SourceRow(i);
            found[i] = row < groups.Count
                ? groups[row]
                : throw new EdgeLearnException($"{rows.Name} has {groups.Count} groups, {samples.Name} has more samples; expected one "
                    + $"group a sample");
        }

        return found;
    }

    /// <summary>Two parts from two files.</summary>
    internal static DataSplit FromParts(Dataset train, Dataset test, string name, string source)
    {
        if (train.InputLength != test.InputLength)
        {
            throw new EdgeLearnException($"{train.Name} has inputs of {train.InputLength} values and {test.Name} of {test.InputLength}; "
                + $"expected the same");
        }
        return new DataSplit(train, test, name, source, [train, test]);
    }

    /// <summary>Splits one set.</summary>
    /// <param name="whole">owned by the result</param>
    /// <param name="options">how much is for testing, and how it is chosen</param>
    /// <param name="name">what the user calls it</param>
    /// <param name="source">the file or folder</param>
    /// <param name="groups">the group of each sample, where groups stay together; null = there are none</param>
    /// <param name="times">the time of each; null = they follow each other</param>
    internal static DataSplit FromWhole(Dataset whole, DataOptions options, string name, string source, int[]? groups = null,
        double[]? times = null)
    {
        if (options.TakesWhole) return new DataSplit(whole, null, name, source, [whole]) { TrainGroups = groups };
        bool[] isTest = new TestPart(options, whole.Name).Choose(whole.Count, groups, times,
            whole.LabelLength == 1 ? whole.Labels() : null);
        // In the file's order, so that reading a part from end to end moves forward only.
        int[] test = [.. Enumerable.Range(0, whole.Count).Where(i => isTest[i])];
        int[] train = [.. Enumerable.Range(0, whole.Count).Where(i => !isTest[i])];
        if (WindowsOf(whole) is { } windows) train = [.. train.Where(windows.IsApartFrom(test))];
        if (train.Length == 0) throw new EdgeLearnException($"{name}: the test part leaves no sample to learn from");
        return new DataSplit(new DatasetView(whole, train), new DatasetView(whole, test), name, source, [whole])
        {
            TrainGroups = groups is null ? null : [.. train.Select(i => groups[i])],
            TrainTimes = times is null ? null : [.. train.Select(i => times[i])],
            SplitsByTime = options.SplitByTime,
        };
    }
}

/// <summary>Divides samples into those to learn from and those held back.</summary>
static class HeldOut
{
    // Keeps the division apart from orders and splits under the same seed.
    const ulong Stream = 0x48454C444F5554;

    /// <summary>Divides by sample, or by whole groups: shuffled groups are held back until the fraction is reached.</summary>
    /// <param name="count">samples</param>
    /// <param name="groups">the group of each; null divides by sample</param>
    /// <param name="fraction">above 0 and below 1</param>
    /// <param name="seed">of shuffling</param>
    /// <param name="name">what the user calls the data</param>
    /// <returns>both ascending, neither empty</returns>
    /// <exception cref="EdgeLearnException">There is nothing to divide.</exception>
    public static (int[] Train, int[] Held) Divide(int count, int[]? groups, double fraction, ulong seed, string name)
    {
        seed = SplitMix64.Derive(seed, Stream);
        bool[] held = groups is null ? BySample(count, fraction, seed, name) : ByGroup(groups, fraction, seed, name);
        return ([.. Enumerable.Range(0, count).Where(i => !held[i])], [.. Enumerable.Range(0, count).Where(i => held[i])]);
    }

    /// <summary>Holds the last samples in the order of time back.</summary>
    public static (int[] Train, int[] Held) Last(int count, double[]? times, double fraction, string name)
    {
        if (count < 2) throw new EdgeLearnException($"{name} has 1 sample to learn from; expected at least 2 where some are held back");
        int[] order = TestPart.ByTime(count, times);
        int held = Math.Clamp((int)Math.Round(count * fraction), 1, count - 1);
        return ([.. order.Take(count - held).Order()], [.. order.Skip(count - held).Order()]);
    }

    static bool[] BySample(int count, double fraction, ulong seed, string name)
    {
        if (count < 2) throw new EdgeLearnException($"{name} has 1 sample to learn from; expected at least 2 where some are held back");
        bool[] held = new bool[count];
        var order = new EpochOrder(seed, 0, count);
        int heldCount = Math.Clamp((int)Math.Round(count * fraction), 1, count - 1);
        for (int i = 0; i < heldCount; i++) held[order[i]] = true;
        return held;
    }

    static bool[] ByGroup(int[] groups, double fraction, ulong seed, string name)
    {
        int[] numbers = [.. groups.Distinct().Order()];
        if (numbers.Length < 2)
            throw new EdgeLearnException($"{name} has only one group to learn from; expected at least 2 where groups are held back");
        var order = new EpochOrder(seed, 0, numbers.Length);
        var sizes = groups.CountBy(group => group).ToDictionary();
        var heldGroups = new HashSet<int>();
        for (int i = 0, samples = 0; i < numbers.Length - 1 && samples < fraction * groups.Length; i++)
        {
            heldGroups.Add(numbers[order[i]]);
            samples += sizes[numbers[order[i]]];
        }

        return [.. groups.Select(heldGroups.Contains)];
    }
}
