namespace EdgeLearn;

/// <summary>
/// What a session keeps of the past, as its settings ask: planned with the run, called behind every update.
/// </summary>
sealed class ContinualLearning
{
    /// <summary>Asks the plan for all buffers; without data there is no buffer of samples yet.</summary>
    public ContinualLearning(TrainingSettings settings, Network network, MemoryPlan plan, long totalSteps, Dataset? data,
        Preparation preparation)
    {
        if (settings.Continual is not { } kept) return;
        ReplaySeed = Noise.Derive(settings.OrderSeed ?? settings.Seed, 16);
        if (kept.ReplayBytes > 0)
        {
            var block = ReplayBuffer.Plan(kept, network, plan);
            if (data is not null)
                Replay = new ReplayBuffer(kept, network, data, preparation, Noise.Derive(ReplaySeed, 1), block);
        }

        if (kept.Consolidation > 0)
            Consolidation = new WeightConsolidation(kept, network.Parameters, plan, Noise.Derive(settings.Seed, 17));
        if (kept.Average != AverageKind.None) Average = new WeightAverage(kept, network.Parameters, plan, totalSteps);
    }

    /// <summary>Seed of what is kept and drawn.</summary>
    public ulong ReplaySeed { get; }

    /// <summary>Earlier samples, or null.</summary>
    public ReplayBuffer? Replay { get; }

    /// <summary>The pull to earlier weights, or null.</summary>
    public WeightConsolidation? Consolidation { get; }

    /// <summary>The average of the weights, or null.</summary>
    public WeightAverage? Average { get; }

    /// <summary>Whether there is an average that stands for the weights.</summary>
    public bool HasAverage => Average is { Count: > 0 };

    /// <summary>Pulls and averages the weights behind a step's update.</summary>
    public void AfterUpdate(in StepClock clock)
    {
        Consolidation?.Pull(clock);
        Average?.AfterStep(clock.Step);
    }
}
