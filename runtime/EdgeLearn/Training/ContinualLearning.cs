namespace EdgeLearn;

/// <summary>
/// What a session keeps of the past, as its settings ask: planned with the run, bound to its workspace, called behind every update.
/// </summary>
sealed class ContinualLearning
{
    readonly ContinualSettings? _settings;
    readonly Network _network;
    readonly BufferId _replay;

    /// <summary>Asks the plan for all buffers.</summary>
    public ContinualLearning(TrainingSettings settings, Network network, MemoryPlan plan, long totalSteps)
    {
        _settings = settings.Continual;
        _network = network;
        if (_settings is null) return;
        ReplaySeed = Noise.Derive(settings.OrderSeed ?? settings.Seed, 16);
        if (_settings.ReplayBytes > 0) _replay = ReplayBuffer.Plan(_settings, network, plan);
        if (_settings.Consolidation > 0)
            Consolidation = new WeightConsolidation(_settings, network.Parameters, plan, Noise.Derive(settings.Seed, 17));
        if (_settings.Average != AverageKind.None) Average = new WeightAverage(_settings, network.Parameters, plan, totalSteps);
    }

    /// <summary>Seed of what is kept and drawn.</summary>
    public ulong ReplaySeed { get; }

    /// <summary>Earlier samples, or null.</summary>
    public ReplayBuffer? Replay { get; private set; }

    /// <summary>The pull to earlier weights, or null.</summary>
    public WeightConsolidation? Consolidation { get; }

    /// <summary>The average of the weights, or null.</summary>
    public WeightAverage? Average { get; }

    /// <summary>Whether there is an average that stands for the weights.</summary>
    public bool HasAverage => Average is { Count: > 0 };

    /// <summary>Takes the planned buffers.</summary>
    public void Bind(Workspace workspace, Dataset data, Preparation preparation)
    {
        if (_settings is { ReplayBytes: > 0 })
            Replay = ReplayBuffer.Open(_settings, _network, data, preparation, Noise.Derive(ReplaySeed, 1), _replay, workspace);
        Consolidation?.Bind(workspace);
        Average?.Bind(workspace);
    }

    /// <summary>Pulls and averages the weights behind a step's update.</summary>
    public void AfterUpdate(in StepClock clock)
    {
        Consolidation?.Pull(clock);
        Average?.AfterStep(clock.Step);
    }
}
