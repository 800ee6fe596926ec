using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>Rounds that follow each other: each starts from the result of the one before.</summary>
/// <param name="Group">empty = default</param>
/// <param name="Count">of rounds</param>
/// <param name="Codec">what travels</param>
/// <param name="Settings">of the first round; its schedule runs over the rounds</param>
/// <param name="Minimum">updates that a round needs</param>
/// <param name="Expected">boards whose answers end a round; 0 = all of the group</param>
/// <param name="Deadline">of a round; 0 = the hub's</param>
sealed record RoundPlan(string Group, int Count, Codec Codec, TrainingSettings Settings, uint Minimum, uint Expected, TimeSpan Deadline)
{
    /// <summary>The request of one round.</summary>
    /// <param name="index">from 0</param>
    public RunRoundRequest Request(int index)
    {
        return new RunRoundRequest
        {
            Group = Group,
            Codec = Codec,
            Training = RoundTraining.From(Settings, new Schedule(Settings.Schedule, Count, Settings.WarmupSteps).FactorAt(index)),
            DeadlineMs = (long)Deadline.TotalMilliseconds,
            MinimumReports = Minimum,
            ExpectedDevices = Expected,
        };
    }
}
