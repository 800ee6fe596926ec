namespace EdgeLearn.Commands;

/// <summary>
/// Quantiles of step times in fixed memory: counts in bins that grow by a 64th of an octave (1.1 %), from a microsecond to a day. Adding
/// allocates nothing.
/// </summary>
sealed class StepTimes
{
    const int BinsPerOctave = 64;
    const double FirstMs = 1e-3;
    const int Octaves = 37;

    readonly long[] _counts = new long[Octaves * BinsPerOctave];

    /// <summary>Times added.</summary>
    public long Count { get; private set; }

    public void Add(double ms)
    {
        int bin = ms <= FirstMs ? 0 : (int)(Math.Log2(ms / FirstMs) * BinsPerOctave);
        _counts[Math.Min(bin, _counts.Length - 1)]++;
        Count++;
    }

    /// <summary>The time that a fraction of the steps stayed below, in ms; 0 without steps.</summary>
    public double Quantile(double fraction)
    {
        if (Count == 0) return 0;
        long rank = Math.Min(Count - 1, (long)(fraction * Count));
        int bin = 0;
        for (long seen = _counts[0]; seen <= rank; seen += _counts[bin]) bin++;
        return FirstMs * Math.Pow(2, (bin + 0.5) / BinsPerOctave);
    }
}
