namespace EdgeLearn.Commands;

/// <summary>The training and the test part of what <c>--data</c> named. Owns the files.</summary>
public sealed class DataSplit : IDisposable
{
    // Keeps the split apart from the orders of training under the same seed.
    const ulong SplitStream = 0x53504C4954;

    readonly Dataset[] _owned;

    DataSplit(Dataset train, Dataset test, string name, string source, Dataset[] owned)
    {
        Train = train;
        Test = test;
        Name = name;
        Source = source;
        _owned = owned;
    }

    /// <summary>To learn from.</summary>
    public Dataset Train { get; }

    /// <summary>To be judged by; shares no sample with <see cref="Train"/>.</summary>
    public Dataset Test { get; }

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
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>One line that the user should see, such as data held in memory because no cache could be written; null otherwise.</summary>
    public string? Notice { get; init; }

    /// <summary>The group of every sample of <see cref="Train"/>, as a number; null where no group column was named.</summary>
    public int[]? TrainGroups { get; private set; }

    /// <summary>Frees both parts.</summary>
    public void Dispose()
    {
        foreach (var dataset in _owned) dataset.Dispose();
    }

    /// <summary>Takes the groups of the file's rows over to the training samples.</summary>
    internal void ReadGroups(ArrayFile rows)
    {
        var groups = LabelList.Read(rows);
        TrainGroups = new int[Train.Count];
        for (int i = 0; i < TrainGroups.Length; i++) TrainGroups[i] = groups[Train.SourceRow(i)];
    }

    /// <summary>Two parts from two files.</summary>
    internal static DataSplit FromParts(Dataset train, Dataset test, string name, string source, string? notice, IReadOnlyList<string>? classNames)
    {
        if (train.InputLength != test.InputLength)
            throw new EdgeLearnException($"{train.Name} has inputs of {train.InputLength} values and {test.Name} of {test.InputLength}; expected the same");
        return new DataSplit(train, test, name, source, [train, test]) { Notice = notice, ClassNames = classNames };
    }

    /// <summary>Splits one set by seed.</summary>
    internal static DataSplit FromWhole(
        Dataset whole, double testFraction, ulong seed, string name, string source, string? notice, IReadOnlyList<string>? classNames)
    {
        if (whole.Count < 2) throw new EdgeLearnException($"{whole.Name} has 1 sample; expected at least 2, one to learn from and one to test with");
        int testCount = Math.Clamp((int)Math.Round(whole.Count * testFraction), 1, whole.Count - 1);
        var order = new EpochOrder(SplitMix64.Derive(seed, SplitStream), 0, whole.Count);
        var test = new int[testCount];
        var train = new int[whole.Count - testCount];
        for (int i = 0; i < whole.Count; i++)
        {
            if (i < testCount) test[i] = order[i];
            else train[i - testCount] = order[i];
        }

        // In the file's order, so that reading a part from end to end moves forward only.
        Array.Sort(test);
        Array.Sort(train);
        return new DataSplit(new DatasetView(whole, train), new DatasetView(whole, test), name, source, [whole]) { Notice = notice, ClassNames = classNames };
    }
}
