using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>Who a workload is held against, declared in one line.</summary>
/// <param name="Name">as a report says it</param>
/// <param name="Target">ratio to reach; null = none</param>
/// <param name="TargetText">the target in its own words, where they say more</param>
abstract record Rival(string Name, double? Target, string? TargetText)
{
    /// <summary>Gets it ready with the numbers of our workload; null where the peer is missing.</summary>
    /// <param name="context">the peers</param>
    /// <param name="work">at its starting weights</param>
    /// <param name="checkedSteps">after how many steps losses are compared</param>
    public abstract RivalEntry? Enter(BenchContext context, PreparedWorkload work, int checkedSteps);

    /// <summary>What a reader must know about the comparison.</summary>
    public virtual string? Note(Workload workload) => null;
}

/// <summary>A rival that is ready.</summary>
/// <param name="contender">takes its turns</param>
/// <param name="result">its loss after the checked steps, or its outputs; empty = it does other work, nothing to compare</param>
/// <param name="hasOwnLimit">whether our limit divided into its time means anything</param>
/// <param name="end">frees it</param>
sealed class RivalEntry(Contender contender, double[] result, bool hasOwnLimit = true, Action? end = null) : IDisposable
{
    const double Tolerance = 1e-4;

    /// <summary>Takes its turns.</summary>
    public Contender Contender => contender;

    /// <summary>Whether our limit divided into its time means anything.</summary>
    public bool HasOwnLimit => hasOwnLimit;

    /// <summary>Why its numbers are not ours; null when they agree.</summary>
    public string? Disagreement(ReadOnlySpan<double> ours)
    {
        if (result.Length == 0) return null;
        if (result.Length != ours.Length) return $"no ratio: it gave {result.Length} numbers, we gave {ours.Length}";
        double scale = 1e-6, difference = 0;
        for (int i = 0; i < result.Length; i++)
        {
            scale = Math.Max(scale, Math.Abs(result[i]));
            difference = Math.Max(difference, Math.Abs(result[i] - ours[i]));
        }

        if (difference <= Tolerance * scale) return null;
        return string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"no ratio: its numbers differ from ours by {difference / scale:G2}, more than {Tolerance}");
    }

    public void Dispose() => end?.Invoke();
}
