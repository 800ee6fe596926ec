namespace EdgeLearn.Benchmarks;

/// <summary>One part of a run: some contenders that take turns, and the rows that come of it.</summary>
/// <param name="name">first word of its rows; what <c>--only</c> selects by</param>
/// <param name="section">part of the report; <c>--only</c> selects by it too</param>
abstract class BenchJob(string name, string section)
{
    /// <summary>First word of its rows.</summary>
    public string Name => name;

    /// <summary>Part of the report.</summary>
    public string Section => section;

    /// <summary>About how long it takes.</summary>
    public abstract double EstimatedSeconds(BenchContext context);

    /// <summary>Measures. A job whose peers are all missing returns no rows.</summary>
    public abstract IReadOnlyList<BenchRow> Run(BenchContext context);

    /// <summary>Seconds that contenders of one step each take.</summary>
    protected static double SecondsOf(Pace pace, int contenders)
        => (pace.Rounds * pace.Cycles + 1) * pace.BlockMs * 1e-3 * contenders * 1.2;
}
