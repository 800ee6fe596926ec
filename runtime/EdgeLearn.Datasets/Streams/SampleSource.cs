namespace EdgeLearn.Datasets;

/// <summary>Samples of data sets as rows, one set after the other; of each its training part before its test part.</summary>
sealed class SampleSource : RowSource
{
    readonly List<DataSplit> _splits = [];
    readonly List<Dataset> _parts = [];

    /// <summary>Opens them.</summary>
    /// <param name="paths">in order</param>
    /// <param name="options">how they are to be read</param>
    /// <exception cref="EdgeLearnException">One cannot be read, or they do not fit each other.</exception>
    public SampleSource(string[] paths, DataOptions options)
    {
        var notes = new List<string>();
        try
        {
            foreach (string path in paths)
            {
                var split = DataCatalog.Open(path, options with { TakesWhole = true });
                _splits.Add(split);
                notes.AddRange(split.Notes);
                if (split.Train.LabelLength > 1)
                    throw new EdgeLearnException($"{split.Name} has a label for each step; a stream has one a row");
                foreach (var part in split.HasOwnTest ? [split.Train, split.Test] : new[] { split.Train }) AddPart(part);
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        Notes = notes;
        ClassNames = _splits[0].ClassNames;
        ClassCount = _parts.Max(part => part.ClassCount);
    }

    void AddPart(Dataset part)
    {
        _parts.Add(part);
        var first = _parts[0];
        if (part.InputLength == first.InputLength && part.TargetLength == first.TargetLength) return;
        throw new EdgeLearnException($"{part.Name} has rows of {part.InputLength} values, {first.Name} of {first.InputLength}: one stream "
            + "has rows of one kind");
    }

    /// <summary>Whether a file holds inputs by its name, with labels beside it.</summary>
    public static bool IsInputs(string path)
        => ArrayName.IsPossible(path) && ArrayName.Of(path).Role == ArrayRole.Inputs && DataFolder.LabelsBeside(path) is not null;

    public override string Name => _splits.Count == 1 ? _splits[0].Name : $"{_splits[0].Name} and {_splits.Count - 1} more";

    public override int ValueCount => _parts[0].InputLength;

    public override long Count => _parts.Sum(part => (long)part.Count);

    public override int ClassCount { get; }

    public override int TargetCount => _parts[0].TargetLength;

    public override void ReadAll(RowTaker take, CancellationToken stop)
    {
        float[] narrow = new float[ValueCount];
        double[] values = new double[ValueCount], answers = new double[Math.Max(1, TargetCount)];
        foreach (var part in _parts)
        {
            for (int i = 0; i < part.Count; i++)
            {
                stop.ThrowIfCancellationRequested();
                if (part.IsWide)
                {
                    part.ReadWide(i, values);
                }
                else
                {
                    part.ReadInput(i, narrow);
                    for (int j = 0; j < narrow.Length; j++) values[j] = narrow[j];
                }

                if (ClassCount > 0) answers[0] = part.Label(i);
                else part.ReadWideTarget(i, answers);
                bool isInfinite = Array.Exists(values, double.IsInfinity);
                take(isInfinite ? default : values, answers, isInfinite ? "a value is infinite" : null);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var split in _splits) split.Dispose();
        base.Dispose(disposing);
    }
}
