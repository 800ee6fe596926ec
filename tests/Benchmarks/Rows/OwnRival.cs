using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>Another workload of ours: how one rule does beside another, or a step beside a forward pass.</summary>
/// <param name="Name">as a report says it</param>
/// <param name="Id">of the other workload</param>
/// <param name="Target">ratio to reach</param>
/// <param name="TargetText">in its own words</param>
sealed record OwnRival(string Name, string Id, double? Target = null, string? TargetText = null) : Rival(Name, Target, TargetText)
{
    public override RivalEntry? Enter(BenchContext context, PreparedWorkload work, int checkedSteps)
    {
        var other = new PreparedWorkload(Workloads.Named(Id));
        return new RivalEntry(StepJob.Own(other), [], hasOwnLimit: false, other.Dispose);
    }

    public override string? Note(Workload workload)
    {
        // Beside a forward pass the section says it for all rows.
        if (workload.Rule is null || Workloads.Named(Id).Rule is null) return null;
        double ratio = WorkCount.Of(Workloads.Named(Id)).Flop / WorkCount.Of(workload).Flop;
        return string.Create(CultureInfo.InvariantCulture, $"ratio of the operations: {ratio:F2}");
    }
}
