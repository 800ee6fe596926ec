using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>What a run of <c>train</c> keeps of the past.</summary>
/// <param name="ReplaySamples">samples in the replay buffer; null without one</param>
/// <param name="ReplaySeen">samples that were offered to it, those of earlier runs included</param>
/// <param name="ReplaySampleBytes">bytes of one</param>
/// <param name="ConsolidatedTasks">tasks whose weights are anchored; null without --ewc</param>
/// <param name="AveragedSteps">steps in the average that was evaluated and saved; null without --average</param>
public sealed record ContinualResult(int? ReplaySamples, long? ReplaySeen, int? ReplaySampleBytes, int? ConsolidatedTasks,
    long? AveragedSteps)
{
    /// <summary>Says it of a session at its end; null where it keeps nothing.</summary>
    internal static ContinualResult? Of(TrainingSession session, long averagedSteps)
    {
        if (session.Settings.Continual is null) return null;
        var replay = session.ReplayBuffer;
        return new ContinualResult(replay?.Count, replay?.SeenCount, replay?.RowBytes, session.Consolidation?.TaskCount,
            session.Average is null ? null : averagedSteps);
    }

    /// <summary>One line for people.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        var text = CultureInfo.InvariantCulture;
        if (ReplaySamples is { } samples)
            parts.Add(string.Create(text, $"{samples:N0} samples of {ReplaySeen:N0} seen, {ReplaySampleBytes:N0} bytes each"));
        if (ConsolidatedTasks is { } tasks) parts.Add(string.Create(text, $"anchors of {tasks} task{(tasks == 1 ? "" : "s")}"));
        if (AveragedSteps is { } steps) parts.Add(string.Create(text, $"weights averaged over {steps:N0} steps"));
        return $"kept: {string.Join("; ", parts)}";
    }
}
