using System.Globalization;

namespace EdgeLearn;

/// <summary>
/// How to train, whatever the network: the one description from which the command line, a fleet's round and a checkpoint build rule, update
/// and schedule. Rule, update and what a run keeps of the past are records of their own; the rest is the run's.
/// </summary>
public sealed record TrainingSettings : Settings
{
    static readonly IReadOnlyList<Setting> s_rows = new SettingTable<TrainingSettings>(new())
        // The steps of the whole run stand in a checkpoint's identity, whichever way they were said.
        .Whole("epochs", "passes over the training data", s => s.Epochs, (s, x) => s with { Epochs = x }, Limits.From(1),
            changesBits: _ => false)
        .OptionalWhole("steps", "steps in all, in place of --epochs", s => s.Steps, (s, x) => s with { Steps = x }, Limits.From(1),
            changesBits: _ => false)
        .Whole("batch", "samples of a step", s => s.Batch, (s, x) => s with { Batch = x }, Limits.From(1))
        .OptionalNumber("lr", "learning rate of the last layer at the start; open = what suits rule, update and network",
            s => s.LearningRate, (s, x) => s with { LearningRate = x }, Limits.Above(0))
        .Word("schedule", "how the rate runs to the end, linear: to zero", s => s.Schedule, (s, x) => s with { Schedule = x },
            [("constant", ScheduleKind.Constant), ("linear", ScheduleKind.Linear), ("cosine", ScheduleKind.Cosine)])
        .Whole("warmup", "steps in which the rate rises first", s => s.WarmupSteps, (s, x) => s with { WarmupSteps = x }, Limits.From(0))
        .Whole("seed", "seed of starting weights, order of samples, targets and directions", s => s.Seed, (s, x) => s with { Seed = x },
            Limits.From(0))
        .Text("train", "what learns, the rest is frozen: the last layer, biases, norms, adaptors of rank R, a layer (layers.2) or a "
            + "pattern of tensor names; several with commas; open = all", "head|bias|norm|lora:R|scale|residual:R|all|PATTERN",
            s => s.Train?.ToString(), (s, x) => s with { Train = TrainableParts.Parse(x) })
        .Word("feature-cache", "where the outputs of a frozen body are kept, so that it runs once and not in every epoch; auto: memory "
            + "where they fit --feature-bytes", s => s.Features, (s, x) => s with { Features = x },
            [("off", FeatureStorage.Off), ("auto", FeatureStorage.Auto), ("memory", FeatureStorage.Memory),
                ("int8", FeatureStorage.Int8), ("disk", FeatureStorage.Disk)], s => s.Features == FeatureStorage.Int8)
        .Whole("feature-bytes", "most bytes they may take", s => s.FeatureBytes, (s, x) => s with { FeatureBytes = x }, Limits.From(0),
            "BYTES", _ => false)
        .Word("weights", "how matrices are stored", s => s.Weights, (s, x) => s with { Weights = x },
            [("float32", WeightStorage.Float32), ("bf16", WeightStorage.BFloat16), ("int8", WeightStorage.Int8)]).Rows;

    /// <summary>Where the signal comes from.</summary>
    public RuleSettings Rule { get; init; } = new TargetProjectionSettings();

    /// <summary>What is done with the gradient.</summary>
    public UpdateSettings Update { get; init; } = new SgdSettings();

    /// <summary>What the run keeps of the past; null = nothing.</summary>
    public ContinualSettings? Continual { get; init; }

    /// <summary>Rows of a step.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Passes over the data.</summary>
    public int Epochs { get; init; } = 4;

    /// <summary>Steps in all; null = as many as the epochs take.</summary>
    public long? Steps { get; init; }

    /// <summary>Rate of the last layer at the start; null = what suits rule, update and network, see <see cref="UsualRate"/>.</summary>
    public float? LearningRate { get; init; }

    /// <summary>How the rate runs.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Linear;

    /// <summary>Steps of warm-up.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>Starting weights, order of samples, targets, directions.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Seed of the directions where it is not derived from <see cref="Seed"/> (rounds of a fleet).</summary>
    public ulong? DirectionSeed { get; init; }

    /// <summary>
    /// Seed of the order of the samples where it is not derived from <see cref="Seed"/>: the rounds of a fleet share targets, not orders.
    /// </summary>
    public ulong? OrderSeed { get; init; }

    /// <summary>
    /// What of the network learns; null = what its tensors say themselves (<see cref="ParameterSlice.Trainable"/>), which is everything
    /// unless somebody changed it.
    /// </summary>
    public TrainableParts? Train { get; init; }

    /// <summary>Whether and where the outputs of a frozen body are kept between epochs.</summary>
    public FeatureStorage Features { get; init; }

    /// <summary>Most bytes that they may take; on disk, with those of other runs.</summary>
    public long FeatureBytes { get; init; } = 64 << 20;

    /// <summary>
    /// How the network stores its matrices; bf16 and int8 are for the rules that need no input gradient, and round stochastically.
    /// </summary>
    public WeightStorage Weights { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => s_rows;

    /// <summary>
    /// A sensible number of epochs where nobody says one: about 2,000 steps, 4 to 30 epochs, and never less than 300 steps, without which
    /// small tables are hardly learned.
    /// </summary>
    public static int EpochsFor(int sampleCount, int batch)
    {
        int stepsPerEpoch = ((sampleCount - 1) / batch) + 1;
        return Math.Max((int)Math.Clamp(2000L * batch / sampleCount, 4, 30), (LeastSteps + stepsPerEpoch - 1) / stepsPerEpoch);
    }

    const int LeastSteps = 300;

    /// <summary>Steps of the whole run on a set of this size.</summary>
    public long TotalSteps(int sampleCount) => Steps ?? (long)Epochs * ((sampleCount + NewRows - 1) / NewRows);

    // Rows of a step that do not come from the replay buffer.
    int NewRows => Batch - (Continual?.ReplayRows(Batch) ?? 0);

    /// <summary>Rule, update, and every setting of all records that differs from its default, as text.</summary>
    /// <param name="onlyBits">leaves out what changes nothing that a run computes, such as memory</param>
    public override IEnumerable<(string Name, string Value)> Changes(bool onlyBits = false)
    {
        yield return ("rule", Rule.Word);
        yield return ("update", Update.Word);
        foreach (var change in base.Changes(onlyBits)) yield return change;
        foreach (var record in Parts)
        {
            foreach (var change in record.Changes(onlyBits)) yield return change;
        }
    }

    Settings[] Parts => Continual is null ? [Rule, Update] : [Rule, Update, Continual];

    /// <summary>The settings with one of theirs, their rule's, their update's or that of what they keep of the past changed.</summary>
    /// <param name="name">of a row</param>
    /// <param name="text">its value</param>
    /// <exception cref="EdgeLearnException">Neither has this setting, or it cannot have the value.</exception>
    public TrainingSettings With(string name, string text)
    {
        if (Find(name) is { } own) return (TrainingSettings)own.With(this, text);
        if (Rule.Find(name) is { } ofRule) return this with { Rule = (RuleSettings)ofRule.With(Rule, text) };
        if (Update.Find(name) is { } ofUpdate) return this with { Update = (UpdateSettings)ofUpdate.With(Update, text) };
        var continual = Continual ?? new ContinualSettings();
        if (continual.Find(name) is { } ofPast) return this with { Continual = (ContinualSettings)ofPast.With(continual, text) };
        string[] owners = [.. LearningRules.All.Where(rule => rule.Find(name) is not null).Select(rule => rule.Word),
            .. UpdateRules.All.Where(update => update.Find(name) is not null).Select(update => update.Word)];
        throw new EdgeLearnException(owners.Length == 0
            ? $"unknown setting '{name}'"
            : $"--{name} belongs to {string.Join(", ", owners)}, this run has {Rule.Word} with {Update.Word}: leave it out");
    }

    /// <summary>The settings with the rates that a run on a network has: the given ones, else the usual.</summary>
    public TrainingSettings WithRates(NetworkSpec network)
        => LearningRate is not null ? this : WithRates(UsualRate.For(Rule, Update, network));

    /// <summary>The settings with a usual rate, and its share for the hidden layers unless the rule has one that was given.</summary>
    internal TrainingSettings WithRates(UsualRate usual)
    {
        var settings = this with { LearningRate = usual.Rate };
        return usual.HiddenFactor is { } factor && Rule.Find("hidden-rate") is { } row && row.Get(Rule) is null
            ? settings.With("hidden-rate", factor.ToString(CultureInfo.InvariantCulture))
            : settings;
    }

    /// <inheritdoc/>
    public override void Check()
    {
        base.Check();
        Rule.Check();
        Update.Check();
        Continual?.Check(Batch);
    }

    /// <summary>Refuses a rule or an update that cannot train a network.</summary>
    /// <exception cref="EdgeLearnException">They cannot; the message says what to take instead.</exception>
    internal void CheckNetwork(NetworkSpec network, WeightStorage storage)
    {
        if (storage != WeightStorage.Float32 && Rule.NeedsFloatWeights)
        {
            throw new EdgeLearnException($"{Rule.Word} takes gradients through layers, which needs float32 weights; these "
                + $"are {storage.Word()}: use tpsgd, zo or frozen");
        }
        if (storage != WeightStorage.Float32 && Rule is LocalHeadsSettings or TargetProjectionSettings
            && network.Layers.Any(layer => layer is ResidualSpec { PassesGradients: true }))
        {
            throw new EdgeLearnException($"{Rule.Word} takes gradients through the layers of a residual block, which needs float32 "
                + $"weights; these are {storage.Word()}: use zo or frozen");
        }
        if (storage != WeightStorage.Float32 && Update.NeedsFloatWeights)
        {
            throw new EdgeLearnException($"{Update.Word} needs float32 weights, these are {storage.Word()}: use sgd, signsgd, signum or "
                + $"adam");
        }
        Rule.CheckNetwork(network);
    }

    /// <summary>The rule for a network.</summary>
    /// <param name="network">what learns</param>
    /// <param name="totalSteps">steps of the run, for training layer by layer</param>
    public LearningRule BuildRule(Network network, long totalSteps)
        => Rule.Build(network, new RuleContext(Seed, DirectionSeed ?? Noise.Derive(Seed, 1), totalSteps, BuildUpdate()));

    /// <summary>The update; the rounds of a fleet draw other roundings and parts.</summary>
    public UpdateRule BuildUpdate() => Update.Build(OrderSeed ?? Seed);
}

/// <summary>Where the outputs of a frozen body are kept between epochs.</summary>
public enum FeatureStorage
{
    /// <summary>Nowhere: the body runs in every step.</summary>
    Off,

    /// <summary>
    /// <see cref="Memory"/> where there is a frozen body, more than one epoch, and room within the budget; else <see cref="Off"/>.
    /// </summary>
    Auto,

    /// <summary>In memory as float32, to the bit what the body gives.</summary>
    Memory,

    /// <summary>In memory as int8 with a scale a sample: a quarter of the bytes, rounded.</summary>
    Int8,

    /// <summary>In a file of the user's cache as float32, found again by the next run on the same body, data and preparation.</summary>
    Disk,
}
