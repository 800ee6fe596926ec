namespace EdgeLearn;

/// <summary>What a rule and an update know of time.</summary>
/// <param name="Step">steps done before this one, from 0</param>
/// <param name="Rate">learning rate of this step, after the schedule</param>
/// <param name="Seed">of the run's random layers</param>
public readonly record struct StepClock(long Step, float Rate, ulong Seed = 0)
{
    /// <summary>
    /// Whether layers run as in an evaluation, although gradients are taken: random layers off, running statistics used and left alone.
    /// </summary>
    public bool Evaluates { get; init; }
}
