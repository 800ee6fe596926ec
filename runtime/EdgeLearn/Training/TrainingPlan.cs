namespace EdgeLearn;

/// <summary>
/// A run, planned and not yet allocated: rule, update, evaluation, what is kept of the past, the mini-batch, and where all of it will lie.
/// What <c>plan</c> prints and what a session takes are the same object, so that the two cannot differ. Owns its rule.
/// </summary>
public sealed class TrainingPlan : IDisposable
{
    const int LastOfStep = PlanTime.Evaluation - 1;

    readonly Network _network;
    readonly TrainingSettings _settings;
    readonly Dataset? _data;
    readonly Preparation _preparation;

    TrainingPlan(Network network, TrainingSettings settings, Dataset? data, Preparation preparation, long? limitBytes)
    {
        if (data is not null) data = preparation.Targets.Scaled(data);
        (_network, _settings, _data, _preparation) = (network, settings, data, preparation);
        settings.CheckNetwork(network.Spec, network.Parameters.Storage);
        // A rule before this one may have set them: tpSGD slows the hidden layers.
        foreach (var slice in network.Parameters.Slices) (slice.RateScale, slice.IsIdle) = (1, false);
        settings.Train?.Freeze(network);
        TotalSteps = data is null ? 1 : settings.TotalSteps(data.Count);
        Rule = settings.BuildRule(network, TotalSteps);
        Update = settings.BuildUpdate();
        Evaluator = new Evaluator(new NetworkForwardPass(network), network.Loss);
        Features = data is null ? null : FeatureCache.For(network, settings, data, preparation);
        AnswerLength = network.Loss.IsClassification ? network.Spec.LabelLength : network.OutputLength;
        (Memory, Past) = Choose(limitBytes);
    }

    // The cheapest cut within the limit or, without one, within inference with the whole batch and what the run has to remember besides;
    // those that keep marks where none of the others is; where none is at all, the one that needs least. A rule that knows no cuts takes
    // its batch as a whole.
    (MemoryPlan, ContinualLearning) Choose(long? limitBytes)
    {
        int batch = _settings.Batch;
        var all = limitBytes is null ? Rule.Cuts(batch) : Rule.Cuts(batch).Concat(Rule.SparingCuts(batch));
        StepCut?[] cuts = [.. all.OrderBy(cut => Rule.CostOf(cut, batch)).Select(cut => (StepCut?)cut).DefaultIfEmpty()];
        var memory = Lay(cuts[0], batch).Memory;
        long remembered = memory.BytesOf(MemoryCategory.UpdateState) + memory.BytesOf(MemoryCategory.Past);
        long inference = MemoryOfInference(_network.Spec, batch, _network.Parameters.Storage).TotalBytes;
        long[] most = limitBytes is { } limit ? [limit] : [inference, inference + remembered];
        foreach (var (isCompact, bytes) in most.Select(bytes => (false, bytes)).Concat(most.Select(bytes => (true, bytes))))
        {
            if (bytes < remembered) continue; // nothing will fit
            // Beside what is remembered, half the rows keep an evaluation from being the largest part.
            int rows = limitBytes is null && bytes > inference ? (batch + 1) / 2 : EvaluationRows(bytes - remembered);
            foreach (var cut in cuts)
            {
                if (cut is { IsCompact: true } != isCompact) continue;
                var plan = Lay(cut, rows);
                if (plan.Memory.TotalBytes <= bytes) return plan;
            }
        }

        int fewest = limitBytes is null ? batch : 1;
        return Lay(cuts.MinBy(cut => Lay(cut, fewest).Memory.TotalBytes), fewest);
    }

    // The most rows with which an evaluation alone fits, a power of two less than the batch.
    int EvaluationRows(long bytes)
    {
        int rows = _settings.Batch;
        while (rows > 1 && MemoryOfInference(_network.Spec, _settings.Batch, _network.Parameters.Storage, rows).TotalBytes > bytes)
            rows = (rows + 1) / 2;
        return rows;
    }

    (MemoryPlan Memory, ContinualLearning Past) Lay(StepCut? cut, int evaluationRows)
    {
        int batch = _settings.Batch;
        var memory = new MemoryPlan();
        memory.Account("parameters", MemoryCategory.Parameters, _network.ParameterBytes);
        Rule.Cut = cut;
        Rule.Plan(memory, batch);
        int inputRows = ReadsAgain ? Rule.InputRows(batch) : batch;
        StreamsInputs = inputRows < batch;
        Inputs = memory.Request("batch.inputs", MemoryCategory.Batch,
            (long)inputRows * Math.Max(_network.InputLength, Features?.InputLength ?? 0), PlanTime.Step,
            ReadsAgain ? Rule.InputsUntil : LastOfStep);
        Answers = memory.Request("batch.answers", MemoryCategory.Batch, (long)batch * AnswerLength, PlanTime.Step, LastOfStep);
        Update.Plan(_network.Parameters, memory);
        Evaluator.Plan(memory, batch, evaluationRows);
        Features?.Plan(memory);
        EvaluationBatch = evaluationRows;
        return (memory, new ContinualLearning(_settings, _network, memory, TotalSteps, _data, _preparation));
    }

    /// <summary>Plans a run on a network's own weights; sets what of it is frozen. Allocates none of the memory.</summary>
    /// <param name="network">what learns</param>
    /// <param name="settings">how</param>
    /// <param name="data">from what; null for a plan that does not depend on the number of samples (features of a frozen body, kept in
    /// memory, do)</param>
    /// <param name="preparation">of every input; null = none</param>
    /// <param name="memoryLimitBytes">
    /// what <see cref="MemoryPlan.TotalBytes"/> should not exceed: the step then takes fewer rows at a time; null = the bytes of inference
    /// with the whole batch, and what the run has to remember. Where nothing fits, the plan is the smallest there is
    /// </param>
    /// <exception cref="EdgeLearnException">The settings do not fit the network or the data.</exception>
    public static TrainingPlan Of(Network network, TrainingSettings settings, Dataset? data = null, Preparation? preparation = null,
        long? memoryLimitBytes = null)
        => new(network, settings, data, preparation ?? Preparation.Identity, memoryLimitBytes);

    /// <summary>The memory of a run on a network that is described and not built.</summary>
    /// <param name="spec">the network</param>
    /// <param name="settings">of the run</param>
    /// <param name="memoryLimitBytes">see <see cref="Of"/>; 0 = the least that would do</param>
    /// <param name="data">see <see cref="Of"/></param>
    /// <param name="preparation">see <see cref="Of"/></param>
    /// <exception cref="EdgeLearnException">The settings do not fit the network or the data.</exception>
    public static MemoryPlan MemoryOf(NetworkSpec spec, TrainingSettings settings, long? memoryLimitBytes = null, Dataset? data = null,
        Preparation? preparation = null)
    {
        using var network = new Network(spec, settings.Weights);
        using var plan = Of(network, settings, data, preparation, memoryLimitBytes);
        return plan.Memory;
    }

    /// <summary>The memory of inference alone.</summary>
    public static MemoryPlan MemoryOfInference(NetworkSpec spec, int batch, WeightStorage storage = WeightStorage.Float32)
        => MemoryOfInference(spec, batch, storage, batch);

    static MemoryPlan MemoryOfInference(NetworkSpec spec, int batch, WeightStorage storage, int rows)
    {
        using var network = new Network(spec, storage);
        var plan = new MemoryPlan();
        plan.Account("parameters", MemoryCategory.Parameters, network.ParameterBytes);
        new Evaluator(new NetworkForwardPass(network), network.Loss).Plan(plan, batch, rows);
        return plan;
    }

    /// <summary>Where everything will live.</summary>
    public MemoryPlan Memory { get; }

    /// <summary>
    /// How a step takes its batch through the network, such as <c>units 1-2 by 8 rows</c>; empty where it takes it as a whole.
    /// </summary>
    public string Cut => Rule.Cut?.Describe(_settings.Batch) ?? "";

    /// <summary>Fewest rows of the batch that a stretch of units sees at a time.</summary>
    public int Rows => Rule.Cut?.Stretches.Min(stretch => stretch.Rows) ?? _settings.Batch;

    /// <summary>Samples that an evaluation takes at a time.</summary>
    public int EvaluationBatch { get; private set; }

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

    /// <summary>Whether inputs of a batch can be read a second time; what is replayed cannot, and features need not be.</summary>
    internal bool ReadsAgain => Features is null && _settings.Continual is not { ReplayBytes: > 0 };

    /// <summary>Whether inputs are read some rows at a time, as the first stretch asks for them.</summary>
    internal bool StreamsInputs { get; private set; }

    /// <summary>[batch, or rows at a time, x input length, or features].</summary>
    internal PlannedBuffer Inputs { get; private set; }

    /// <summary>[batch x answer length].</summary>
    internal PlannedBuffer Answers { get; private set; }

    /// <summary>Learns from a batch that lies in the plan's buffers: the one step of every session.</summary>
    internal StepReport Step(in Batch batch, in StepClock clock)
    {
        Update.BeginStep(clock);
        var report = Rule.Step(batch, clock, Update);
        Past.AfterUpdate(clock);
        return report;
    }

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
