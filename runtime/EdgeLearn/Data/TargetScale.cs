namespace EdgeLearn;

/// <summary>t' = (t - mean) / deviation for each real target, so that what is learned does not depend on their units.</summary>
sealed class TargetScale
{
    readonly double[] _mean;
    readonly double[] _deviation;

    /// <summary>Uses given numbers, copied.</summary>
    /// <param name="mean">[targets], finite; empty = t' = t</param>
    /// <param name="deviation">as many, finite and above 0</param>
    /// <exception cref="EdgeLearnException">The lengths differ, or a number cannot be used.</exception>
    public TargetScale(ReadOnlySpan<double> mean, ReadOnlySpan<double> deviation)
    {
        if (mean.Length != deviation.Length)
            throw new EdgeLearnException($"a preparation has {mean.Length} means of targets and {deviation.Length} deviations");
        for (int i = 0; i < mean.Length; i++)
        {
            if (!double.IsFinite(mean[i]) || !double.IsFinite(1 / deviation[i]) || !(deviation[i] > 0))
                throw new EdgeLearnException($"a preparation has a target of mean {mean[i]} and deviation {deviation[i]}");
        }

        _mean = mean.ToArray();
        _deviation = deviation.ToArray();
    }

    /// <summary>t' = t.</summary>
    public static TargetScale None { get; } = new([], []);

    /// <summary>Whether it changes nothing.</summary>
    public bool IsNone => _mean.Length == 0;

    /// <summary>[targets], or nothing.</summary>
    public ReadOnlySpan<double> Mean => _mean;

    /// <summary>[targets], or nothing.</summary>
    public ReadOnlySpan<double> Deviation => _deviation;

    /// <summary>To mean 0 and deviation 1 over a set; a target that does not vary keeps its unit.</summary>
    /// <exception cref="EdgeLearnException">A target is not finite.</exception>
    public static TargetScale Standardise(Dataset data)
    {
        var statistics = SampleStatistics.OfTargets(data);
        return new TargetScale(statistics.Mean, [.. statistics.Deviation.ToArray().Select(d => d > 0 && double.IsFinite(1 / d) ? d : 1)]);
    }

    /// <summary>
    /// To median 0 and median absolute deviation 1 / 1.4826, the deviation of a normal distribution, which a few wild targets do not move;
    /// where more than half of the targets are equal, as <see cref="Standardise"/>.
    /// </summary>
    /// <remarks>Of at most 65,536 samples, evenly spread.</remarks>
    /// <exception cref="EdgeLearnException">A target is not finite.</exception>
    public static TargetScale StandardiseRobustly(Dataset data)
    {
        int count = Math.Min(data.Count, MostSorted);
        double[] values = new double[count], row = new double[data.TargetLength];
        var plain = Standardise(data);
        double[] mean = plain.Mean.ToArray(), deviation = plain.Deviation.ToArray();
        for (int target = 0; target < row.Length; target++)
        {
            for (int i = 0; i < count; i++)
            {
                data.ReadWideTarget((int)((long)i * data.Count / count), row);
                values[i] = row[target];
            }

            double median = Median(values);
            for (int i = 0; i < count; i++) values[i] = Math.Abs(values[i] - median);
            double spread = NormalDeviation * Median(values);
            if (spread > 0 && double.IsFinite(1 / spread)) (mean[target], deviation[target]) = (median, spread);
        }

        return new TargetScale(mean, deviation);
    }

    const int MostSorted = 1 << 16;

    // 1 / (the normal distribution's third quartile)
    const double NormalDeviation = 1.4826022185056018;

    static double Median(double[] values)
    {
        Array.Sort(values);
        return (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
    }

    /// <summary>The target as the network learns it.</summary>
    public float Apply(double target, int index) => IsNone ? (float)target : (float)((target - _mean[index]) / _deviation[index]);

    /// <summary>An output of the network in the target's unit.</summary>
    public double Undo(double output, int index) => IsNone ? output : (output * _deviation[index]) + _mean[index];

    /// <summary>Refuses targets that this was not made for.</summary>
    /// <exception cref="EdgeLearnException">There are numbers for another count of targets.</exception>
    public void CheckLength(int targetLength)
    {
        if (!IsNone && targetLength != _mean.Length)
            throw new EdgeLearnException($"the preparation was made for {_mean.Length} targets a sample; these have {targetLength}");
    }

    /// <summary>A set whose targets are scaled; the set itself where nothing is to be done.</summary>
    /// <exception cref="EdgeLearnException">There are numbers for another count of targets.</exception>
    public Dataset Scaled(Dataset data)
    {
        if (IsNone || data.TargetLength == 0 || data is ScaledDataset) return data;
        CheckLength(data.TargetLength);
        return new ScaledDataset(data, this);
    }
}

/// <summary>Another set with scaled targets. The other set stays its owner's.</summary>
sealed class ScaledDataset(Dataset whole, TargetScale scale) : Dataset
{
    public override string Name => whole.Name;

    public override int Count => whole.Count;

    public override Shape InputShape => whole.InputShape;

    public override int ClassCount => whole.ClassCount;

    public override int TargetLength => whole.TargetLength;

    internal override StoredNumber Number => whole.Number;

    internal override bool IsWide => whole.IsWide;

    public override void ReadInput(int index, Span<float> raw) => whole.ReadInput(index, raw);

    internal override void ReadWide(int index, Span<double> raw) => whole.ReadWide(index, raw);

    internal override void ReadPrepared(int index, Preparation preparation, Span<float> prepared)
        => whole.ReadPrepared(index, preparation, prepared);

    public override void ReadTarget(int index, Span<float> target)
    {
        var wide = target.Length <= 64 ? stackalloc double[target.Length] : new double[target.Length];
        whole.ReadWideTarget(index, wide);
        for (int i = 0; i < target.Length; i++) target[i] = scale.Apply(wide[i], i);
    }

    public override int SourceRow(int index) => whole.SourceRow(index);
}
