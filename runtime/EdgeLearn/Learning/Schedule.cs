namespace EdgeLearn;

/// <summary>Factor on the learning rate, by step. With warm-up it first rises linearly over <see cref="WarmupSteps"/>.</summary>
/// <param name="Kind">shape after the warm-up</param>
/// <param name="TotalSteps">T, the steps of the whole run, warm-up included</param>
/// <param name="WarmupSteps">steps of the rise from 1 / (WarmupSteps + 1)</param>
public readonly record struct Schedule(ScheduleKind Kind, long TotalSteps, long WarmupSteps = 0)
{
    /// <summary>The factor of step t, counted from 0; never 0 within the run, so that no step is wasted.</summary>
    public float FactorAt(long step)
    {
        if (step < WarmupSteps) return (float)((step + 1.0) / (WarmupSteps + 1));
        double progress = Math.Clamp((double)(step - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps), 0, 1);
        return Kind switch
        {
            ScheduleKind.Constant => 1,
            ScheduleKind.Linear => (float)(1 - progress),
            ScheduleKind.Cosine => (float)(0.5 * (1 + Math.Cos(Math.PI * progress))),
            _ => throw new InvalidOperationException($"unknown schedule {Kind}"),
        };
    }
}

/// <summary>How the learning rate runs over the steps of a run.</summary>
public enum ScheduleKind
{
    /// <summary>1.</summary>
    Constant,

    /// <summary>1 - t / T: removes the logarithm from the last iterate's error, so it is the default.</summary>
    Linear,

    /// <summary>(1 + cos(pi t / T)) / 2.</summary>
    Cosine,
}
