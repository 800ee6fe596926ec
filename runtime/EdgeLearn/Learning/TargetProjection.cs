namespace EdgeLearn;

/// <summary>Options of <see cref="TargetProjection"/>.</summary>
public readonly record struct TargetProjectionOptions()
{
    /// <summary>What hidden units minimise.</summary>
    public LocalLoss LocalLoss { get; init; } = LocalLoss.CrossEntropy;

    /// <summary>Distribution of the target matrix.</summary>
    public NoiseKind Targets { get; init; } = NoiseKind.Sign;

    /// <summary>Size of the targets: below the tanh's 1, so that they can be reached.</summary>
    public float TargetScale { get; init; } = 0.9f;

    /// <summary>Rate of the hidden units as a factor on the run's rate; null = what suits the local loss.</summary>
    public float? HiddenRateScale { get; init; }

    /// <summary>
    /// Null: all units learn in every step. Else the steps of the run: each unit learns for an equal share of them, first unit first.
    /// </summary>
    public long? LayerByLayerSteps { get; init; }

    /// <summary>Seed of the target matrices.</summary>
    public ulong Seed { get; init; }
}

/// <summary>
/// tpSGD: no hidden unit ever sees the output's error. Unit l has a fixed random matrix P_l [classes x values] that maps the label to a
/// target.
/// <para>
/// With the losses cross-entropy and hinge the unit need only come nearer to the target of its class than to the others': P_l scores what
/// the next unit reads, r (maps and steps averaged over cells), as s = P_l r / sqrt(values) + threshold, and s is held against the label.
/// P_l never learns; the thresholds do, one number a class, for a random matrix gives each class another offset that units would have to
/// work off.
/// </para>
/// <para>
/// With l2, l1 and linear there is a target for each output, t = scale * P_l[label], which the unit learns to give: dz = (y - t) *
/// activation'(z) for l2. Here P_l is not stored. Maps and steps count as their mean over positions. The last unit learns the labels by the
/// network's own loss.
/// </para>
/// </summary>
/// <remarks>
/// Source: Lomnitz et al. 2022, arXiv:2208.08503. Differs: signs instead of Gaussian targets; gradients are means over the batch;
/// cross-entropy, hinge and thresholds are our reading of its "any loss".
/// </remarks>
public sealed class TargetProjection : LocalLearning
{
    readonly TargetProjectionOptions _options;

    /// <summary>Prepares the rule and sets the rate factor of the hidden units' tensors.</summary>
    /// <param name="network">what learns</param>
    /// <param name="options">of the targets</param>
    /// <param name="thresholdUpdate">learns the thresholds of cross-entropy and hinge; used for nothing else; null = plain sgd</param>
    public TargetProjection(Network network, TargetProjectionOptions options, UpdateRule? thresholdUpdate = null)
        : this(network, options,
            options.LocalLoss.Scores()
            ? new LocalHeadSet(network, 0, new LocalHeadLoss(network.Loss, options.LocalLoss == LocalLoss.Hinge),
                thresholdUpdate ?? new Sgd()) : null)
    {
    }

    TargetProjection(Network network, TargetProjectionOptions options, LocalHeadSet? heads)
        : base(network, options.HiddenRateScale ?? options.LocalLoss.HiddenRateScale(), options.LayerByLayerSteps, heads)
    {
        _options = options;
        foreach (var slice in heads?.Parameters.Slices ?? []) slice.Trainable = IsThreshold(slice);
    }

    static bool IsThreshold(ParameterSlice slice) => slice.Shape.Length == 1;

    /// <inheritdoc/>
    public override string Name => "tpsgd";

    /// <summary>Key of the noise that is a unit's target matrix.</summary>
    internal static ulong TargetKey(Network network, LocalUnit unit, ulong seed)
        => Noise.Key(seed, Noise.TensorHash(network.Layers[unit.Learner].Name + ".target"));

    /// <inheritdoc/>
    private protected override Objective ObjectiveOf(int unit, MemoryPlan plan, int batch, int time)
        => Heads is null ? new TargetObjective(Network, Network.Units[unit], _options) : base.ObjectiveOf(unit, plan, batch, time);

    /// <inheritdoc/>
    private protected override void InitialiseHeads()
    {
        Heads!.Initialise(_options.Seed);
        foreach (var head in Heads.Heads)
        {
            var slices = head.Layers[^1].Slices;
            var (projection, thresholds) = (slices[0], slices[1]);
            var values = Heads.Parameters[projection];
            values.Clear();
            Noise.Add(_options.Targets, TargetKey(Network, head.Unit, _options.Seed), 0,
                _options.TargetScale / MathF.Sqrt(projection.RowLength), values, values);
            Heads.Parameters[thresholds].Clear();
        }
    }
}
