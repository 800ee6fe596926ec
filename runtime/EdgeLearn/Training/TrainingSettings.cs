using System.IO.Enumeration;

namespace EdgeLearn;

/// <summary>The learning rules by kind; their names are those of the command line and of checkpoints.</summary>
public enum RuleKind
{
    /// <summary>tpsgd.</summary>
    TargetProjection,

    /// <summary>zo.</summary>
    ZerothOrder,

    /// <summary>elastic-zo.</summary>
    ElasticZerothOrder,

    /// <summary>backprop.</summary>
    Backprop,

    /// <summary>frozen.</summary>
    Frozen,

    /// <summary>local-heads.</summary>
    LocalHeads,
}

/// <summary>The update rules by kind.</summary>
public enum UpdateKind
{
    /// <summary>sgd.</summary>
    Sgd,

    /// <summary>signsgd.</summary>
    SignSgd,

    /// <summary>signum.</summary>
    Signum,

    /// <summary>adam.</summary>
    Adam,

    /// <summary>frugal.</summary>
    Frugal,
}

/// <summary>
/// How to train, whatever the network: the one description from which the command line, a fleet's round and a checkpoint build rule, update
/// and schedule.
/// </summary>
public sealed record TrainingSettings
{
    /// <summary>Where the signal comes from.</summary>
    public RuleKind Rule { get; init; } = RuleKind.TargetProjection;

    /// <summary>What is done with the gradient.</summary>
    public UpdateKind Update { get; init; } = UpdateKind.Sgd;

    /// <summary>Rows of a step.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Passes over the data.</summary>
    public int Epochs { get; init; } = 4;

    /// <summary>Steps in all; null = as many as the epochs take.</summary>
    public long? Steps { get; init; }

    /// <summary>Rate of the last layer at the start; null = the default of rule and update.</summary>
    public float? LearningRate { get; init; }

    /// <summary>Rate of the hidden units as a factor on it, for tpsgd, local-heads and elastic-zo; null = what suits the rule.</summary>
    public float? HiddenRateScale { get; init; }

    /// <summary>The factor in force for tpsgd and local-heads.</summary>
    public float HiddenRate => HiddenRateScale ?? (Rule == RuleKind.TargetProjection ? LocalLoss.HiddenRateScale() : 1);

    /// <summary>Momentum of sgd, decay of signum.</summary>
    public float? Momentum { get; init; }

    /// <summary>Decoupled weight decay.</summary>
    public float WeightDecay { get; init; }

    /// <summary>How the rate runs.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Linear;

    /// <summary>Steps of warm-up.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>Starting weights, order of samples, targets, directions.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Local loss of tpsgd.</summary>
    public LocalLoss LocalLoss { get; init; } = LocalLoss.CrossEntropy;

    /// <summary>Size of tpsgd's targets.</summary>
    public float TargetScale { get; init; } = new TargetProjectionOptions().TargetScale;

    /// <summary>Hidden units of each local head of local-heads; 0 = a linear classifier.</summary>
    public int HeadUnits { get; init; }

    /// <summary>Share of similarity matching in what hidden units of local-heads minimise.</summary>
    public float Similarity { get; init; }

    /// <summary>Whether tpsgd and local-heads train one layer after the other.</summary>
    public bool LayerByLayer { get; init; }

    /// <summary>Size of a zeroth-order probe.</summary>
    public float Epsilon { get; init; } = new ZerothOrderOptions().Epsilon;

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

    /// <summary>
    /// zo: the two signs of a direction go through the network one after the other, which takes the memory of inference; else together,
    /// which reads every weight once.
    /// </summary>
    public bool SignsInTurn { get; init; }

    /// <summary>Directions of a zeroth-order step.</summary>
    public int Directions { get; init; } = 1;

    /// <summary>Distribution of targets and directions.</summary>
    public NoiseKind Noise { get; init; } = NoiseKind.Sign;

    /// <summary>Seed of the directions where it is not derived from <see cref="Seed"/> (rounds of a fleet).</summary>
    public ulong? DirectionSeed { get; init; }

    /// <summary>
    /// Seed of the order of the samples where it is not derived from <see cref="Seed"/>: the rounds of a fleet share targets, not orders.
    /// </summary>
    public ulong? OrderSeed { get; init; }

    /// <summary>Last layers with exact gradients in elastic-zo.</summary>
    public int ExactLayers { get; init; } = 1;

    /// <summary>Fraction of the weights that frugal keeps state for.</summary>
    public double Rho { get; init; } = 0.25;

    /// <summary>What frugal draws.</summary>
    public FrugalSelection Selection { get; init; } = FrugalSelection.Columns;

    /// <summary>Steps between two draws of frugal; 0 = one draw.</summary>
    public long RefreshSteps { get; init; } = 200;

    /// <summary>What frugal does with the weights without state.</summary>
    public FrugalRemainder Remainder { get; init; } = FrugalRemainder.Sign;

    /// <summary>
    /// Tensors that have plain Adam in frugal: a name in which * stands for anything, such as <c>*.bias</c>; null = none.
    /// </summary>
    public string? StateFullPattern { get; init; }

    /// <summary>What the run keeps of the past; null = nothing.</summary>
    public ContinualSettings? Continual { get; init; }

    /// <summary>The rate in force.</summary>
    public float Rate => LearningRate ?? DefaultRate;

    /// <summary>
    /// The update that the command line takes where none is said: Adam, which suits networks of every kind at one rate; plain SGD for
    /// zeroth-order steps, whose log it replays.
    /// </summary>
    public static UpdateKind UsualUpdate(RuleKind rule)
        => rule is RuleKind.ZerothOrder or RuleKind.ElasticZerothOrder ? UpdateKind.Sgd : UpdateKind.Adam;

    // Chosen on validation splits: SGD's on dense nets for MNIST and the optical digits, Adam's on those, convolutions and recurrent nets.
    // A sign update moves every weight by the whole rate.
    float DefaultRate => (Rule, Update) switch
    {
        (RuleKind.ZerothOrder, UpdateKind.Sgd) => 1e-3f,
        (RuleKind.Frozen, UpdateKind.Sgd) => 2f * (1 - (Momentum ?? 0)),
        (_, UpdateKind.Sgd) => 0.5f * (1 - (Momentum ?? 0)),
        (RuleKind.ZerothOrder, _) => 1e-4f,
        (RuleKind.Frozen, UpdateKind.Adam) => 1e-2f,
        (_, UpdateKind.Adam) => 3e-3f,
        _ => 1e-3f,
    };

    /// <summary>A sensible number of epochs where nobody says one: about 2,000 steps, 4 to 30 epochs.</summary>
    public static int EpochsFor(int sampleCount, int batch) => (int)Math.Clamp(2000L * batch / sampleCount, 4, 30);

    /// <summary>Steps of the whole run on a set of this size.</summary>
    public long TotalSteps(int sampleCount) => Steps ?? (long)Epochs * ((sampleCount + NewRows - 1) / NewRows);

    // Rows of a step that do not come from the replay buffer.
    int NewRows => Batch - (Continual?.ReplayRows(Batch) ?? 0);

    /// <summary>Refuses numbers that no run can use.</summary>
    /// <exception cref="EdgeLearnException">The first that is out of range.</exception>
    public void Check()
    {
        OptionRange.Expect(Batch >= 1, "--batch", Batch, "1 or more");
        OptionRange.Expect(Epochs >= 1 || Steps is not null, "--epochs", Epochs, "1 or more");
        OptionRange.Expect(Steps is null or >= 1, "--steps", Steps, "1 or more");
        OptionRange.Expect(Momentum is null || (Momentum >= 0 && Momentum < 1), "--momentum", Momentum, "a number from 0 to below 1");
        OptionRange.Expect(float.IsFinite(Rate) && Rate > 0, "--lr", Rate, "a number above 0");
        OptionRange.Expect(HiddenRateScale is null || (float.IsFinite(HiddenRateScale.Value) && HiddenRateScale >= 0), "--hidden-rate", HiddenRateScale,
            "0 or more");
        OptionRange.Expect(float.IsFinite(WeightDecay) && WeightDecay >= 0, "--weight-decay", WeightDecay, "0 or more");
        OptionRange.Expect(HeadUnits is >= 0 and < 65536, "--head-units", HeadUnits, "0 to 65535");
        OptionRange.Expect(Similarity is >= 0 and <= 1, "--similarity", Similarity, "0 to 1");
        OptionRange.Expect(WarmupSteps >= 0, "--warmup", WarmupSteps, "0 or more");
        OptionRange.Expect(float.IsFinite(TargetScale) && TargetScale > 0, "--target-scale", TargetScale, "a number above 0");
        OptionRange.Expect(float.IsFinite(Epsilon) && Epsilon > 0, "--epsilon", Epsilon, "a number above 0");
        Continual?.Check(Batch);
        OptionRange.Expect(Directions is >= 1 and <= 4096, "--directions", Directions, "1 to 4096");
    }

    /// <summary>The rule for a network.</summary>
    /// <param name="network">what learns</param>
    /// <param name="totalSteps">steps of the run, for tpsgd layer by layer</param>
    public LearningRule BuildRule(Network network, long totalSteps) => Rule switch
    {
        RuleKind.TargetProjection => new TargetProjection(network, new TargetProjectionOptions
        {
            LocalLoss = LocalLoss,
            Targets = Noise,
            TargetScale = TargetScale,
            HiddenRateScale = HiddenRate,
            LayerByLayerSteps = LayerByLayer ? totalSteps : null,
            Seed = Seed,
        }, BuildUpdate()),
        RuleKind.LocalHeads =>
            new LocalHeads(network,
            new LocalHeadsOptions { HeadUnits = HeadUnits, Similarity = Similarity, HiddenRateScale = HiddenRate,
            LayerByLayerSteps = LayerByLayer ? totalSteps : null, Seed = Seed }, BuildUpdate()),
        RuleKind.ZerothOrder => new ZerothOrder(new NetworkForwardPass(network, sharesRead: !SignsInTurn), network.Loss, ZerothOrder),
        RuleKind.ElasticZerothOrder => new ElasticZerothOrder(network, ZerothOrder, ExactLayers, HiddenRateScale),
        RuleKind.Backprop => new Backprop(network),
        RuleKind.Frozen => new Frozen(network),
        _ => throw new InvalidOperationException($"unknown rule {Rule}"),
    };

    /// <summary>The options of the zeroth-order rules.</summary>
    public ZerothOrderOptions ZerothOrder
        => new() { Epsilon = Epsilon, Directions = Directions, Noise = Noise, Seed = DirectionSeed ?? EdgeLearn.Noise.Derive(Seed, 1) };

    /// <summary>
    /// Refuses local losses that cannot learn labels for each step, and rules that cannot learn weights that two layers share.
    /// </summary>
    /// <exception cref="EdgeLearnException">The rule cannot train this network.</exception>
    internal void CheckLabels(NetworkSpec network)
    {
        if (network.LabelsSteps && Rule == RuleKind.TargetProjection && !LocalLoss.Scores())
            throw new EdgeLearnException($"tpsgd with this --local-loss has one target a sample, the network has a label for each "
                + $"of {network.LabelLength} steps: use --local-loss cross-entropy or hinge");
        if (network.LabelsSteps && Rule == RuleKind.LocalHeads && Similarity > 0)
            throw new EdgeLearnException($"--similarity compares samples by their label, the network has a label for each "
                + $"of {network.LabelLength} steps: leave it out");
        if (network.Layers[^1] is TokenHeadSpec { IsTied: true } head && Rule is not (RuleKind.Backprop or RuleKind.ZerothOrder))
            throw new EdgeLearnException($"{Rule.Name()} cannot train weights that the first and the last layer share: use backprop or "
                + $"zo, or end the network with tokens{head.Words}");
    }

    /// <summary>Refuses what weights of fewer bits cannot do.</summary>
    /// <exception cref="EdgeLearnException">The rule or the update needs float32 weights.</exception>
    internal void CheckStorage(WeightStorage storage)
    {
        if (storage == WeightStorage.Float32) return;
        if (Rule == RuleKind.Backprop || (Rule == RuleKind.ElasticZerothOrder && ExactLayers > 1))
            throw new EdgeLearnException($"{Rule.Name()} takes gradients through layers, which needs float32 weights; these "
                + $"are {storage.Word()}: use tpsgd, zo or frozen");
        if (Update == UpdateKind.Frugal)
            throw new EdgeLearnException($"frugal needs float32 weights, these are {storage.Word()}: use sgd, signsgd, signum or adam");
    }

    ulong RoundingSeed => EdgeLearn.Noise.Derive(OrderSeed ?? Seed, 4);

    /// <summary>The update.</summary>
    public UpdateRule BuildUpdate() => Update switch
    {
        UpdateKind.Sgd => new Sgd { RoundingSeed = RoundingSeed, Momentum = Momentum ?? 0, WeightDecay = WeightDecay },
        UpdateKind.SignSgd => new SignSgd { RoundingSeed = RoundingSeed, WeightDecay = WeightDecay },
        UpdateKind.Signum => new Signum { RoundingSeed = RoundingSeed, Beta = Momentum ?? 0.9f, WeightDecay = WeightDecay },
        UpdateKind.Adam => new Adam { RoundingSeed = RoundingSeed, WeightDecay = WeightDecay },
        UpdateKind.Frugal => new Frugal
        {
            Rho = Rho,
            Selection = Selection,
            RefreshSteps = RefreshSteps,
            Remainder = Remainder,
            StateFull = StateFullPattern is { } pattern
                ? slice => FileSystemName.MatchesSimpleExpression(pattern, slice.Name, ignoreCase: false) : null,
            Seed = EdgeLearn.Noise.Derive(OrderSeed ?? Seed, 3), // the rounds of a fleet draw other parts
            WeightDecay = WeightDecay,
        },
        _ => throw new InvalidOperationException($"unknown update {Update}"),
    };
}
