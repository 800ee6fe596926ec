namespace EdgeLearn;

/// <summary>
/// A run, planned and not yet allocated: rule, update, evaluation, what is kept of the past, the mini-batch, and where all of it will lie.
/// What <c>plan</c> prints and what a session takes are the same object, so that the two cannot differ. Owns its rule.
/// </summary>
public sealed class TrainingPlan : IDisposable
{
    const int LastOfStep = PlanTime.Evaluation - 1;

    TrainingPlan(Network network, TrainingSettings settings, Dataset? data, Preparation preparation)
    {
        settings.CheckNetwork(network.Spec, network.Parameters.Storage);
        // A rule before this one may have set them: tpSGD slows the hidden layers.
        foreach (var slice in network.Parameters.Slices) slice.RateScale = 1;
        settings.Train?.Freeze(network);
        TotalSteps = data is null ? 1 : settings.TotalSteps(data.Count);
        Rule = settings.BuildRule(network, TotalSteps);
        Update = settings.BuildUpdate();
        Evaluator = new Evaluator(new NetworkForwardPass(network), network.Loss);
        Features = data is null ? null : FeatureCache.For(network, settings, data, preparation);

        int batch = settings.Batch;
        AnswerLength = network.Loss.IsClassification ? network.Spec.LabelLength : network.OutputLength;
        Memory.Account("parameters", MemoryCategory.Parameters, network.ParameterBytes);
        Inputs = Memory.Request("batch.inputs", MemoryCategory.Batch,
            (long)batch * Math.Max(network.InputLength, Features?.InputLength ?? 0), PlanTime.Step, LastOfStep);
        Answers = Memory.Request("batch.answers", MemoryCategory.Batch, (long)batch * AnswerLength, PlanTime.Step, LastOfStep);
        Rule.Plan(Memory, batch);
        Update.Plan(network.Parameters, Memory);
        Evaluator.Plan(Memory, batch);
        Features?.Plan(Memory);
        Past = new ContinualLearning(settings, network, Memory, TotalSteps, data, preparation);
    }

    /// <summary>Plans a run on a network's own weights; sets what of it is frozen. Allocates none of the memory.</summary>
    /// <param name="network">what learns</param>
    /// <param name="settings">how</param>
    /// <param name="data">from what; null for a plan that does not depend on the number of samples (features of a frozen body, kept in
    /// memory, do)</param>
    /// <param name="preparation">of every input; null = none</param>
    /// <exception cref="EdgeLearnException">The settings do not fit the network or the data.</exception>
    public static TrainingPlan Of(Network network, TrainingSettings settings, Dataset? data = null, Preparation? preparation = null)
        => new(network, settings, data, preparation ?? Preparation.Identity);

    /// <summary>The memory of a run on a network that is described and not built.</summary>
    /// <exception cref="EdgeLearnException">The settings do not fit the network.</exception>
    public static MemoryPlan MemoryOf(NetworkSpec spec, TrainingSettings settings)
    {
        using var network = new Network(spec, settings.Weights);
        using var plan = Of(network, settings);
        return plan.Memory;
    }

    /// <summary>The memory of inference alone.</summary>
    public static MemoryPlan MemoryOfInference(NetworkSpec spec, int batch, WeightStorage storage = WeightStorage.Float32)
    {
        using var network = new Network(spec, storage);
        var plan = new MemoryPlan();
        plan.Account("parameters", MemoryCategory.Parameters, network.ParameterBytes);
        new Evaluator(new NetworkForwardPass(network), network.Loss).Plan(plan, batch);
        return plan;
    }

    /// <summary>Where everything will live.</summary>
    public MemoryPlan Memory { get; } = new();

    /// <summary>Steps of the whole run; 1 without data.</summary>
    public long TotalSteps { get; }

    /// <summary>The rule.</summary>
    public LearningRule Rule { get; }

    /// <summary>The update.</summary>
    public UpdateRule Update { get; }

    internal Evaluator Evaluator { get; }

    internal FeatureCache? Features { get; }

    internal ContinualLearning Past { get; }

    /// <summary>Floats that answer one sample: labels, as floats of the same bits, or targets.</summary>
    internal int AnswerLength { get; }

    /// <summary>[batch x input length, or features].</summary>
    internal PlannedBuffer Inputs { get; }

    /// <summary>[batch x answer length].</summary>
    internal PlannedBuffer Answers { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Features?.Dispose();
        Rule.Dispose();
    }
}

/// <summary>What a session keeps of the past, as its settings ask: planned with the run, called behind every update.</summary>
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
