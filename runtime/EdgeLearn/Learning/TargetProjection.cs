namespace EdgeLearn;

/// <summary>
/// tpSGD: no hidden unit ever sees the output's error. Unit l has a fixed random matrix P_l [classes x values] that maps the label to a
/// target.
/// <para>
/// With the losses cross-entropy and hinge the unit need only come nearer to the target of its class than to the others': P_l scores what
/// the next unit reads, r (maps and steps averaged over cells), as s = P_l r / sqrt(values) + threshold, and s is held against the label.
/// P_l never learns and is never stored; the thresholds do, one number a class, for a random matrix gives each class another offset that
/// units would have to work off.
/// </para>
/// <para>
/// With l2, l1 and linear there is a target for each output, t = scale * P_l[label], which the unit learns to give: dz = (y - t) *
/// activation'(z) for l2. Maps and steps count as their mean over positions. The last unit learns the labels by the
/// network's own loss.
/// </para>
/// </summary>
/// <remarks>Source: Lomnitz et al. 2022, arXiv:2208.08503. Differs: signs instead of Gaussian targets; gradients are means over the batch;
/// cross-entropy, hinge and thresholds are our reading of its "any loss".</remarks>
sealed class TargetProjection : LocalLearning
{
    readonly TargetProjectionSettings _settings;
    readonly ulong _seed;

    /// <summary>Prepares the rule and sets the rate factor of the hidden units' tensors.</summary>
    /// <param name="network">what learns</param>
    /// <param name="settings">of the targets</param>
    /// <param name="context">seed, steps, and the update that learns the thresholds of cross-entropy and hinge</param>
    public TargetProjection(Network network, TargetProjectionSettings settings, in RuleContext context = default)
        : base(network, settings.HiddenRate ?? settings.LocalLoss.HiddenRateScale(), settings.LayerByLayer ? context.TotalSteps : null,
            settings.LocalLoss.Scores()
                ? new LocalHeadSet(network, 0, new LocalHeadLoss(network.Loss, settings.LocalLoss == LocalLoss.Hinge), context.HeadUpdate,
                    drawsWeights: true)
                : null)
    {
        _settings = settings;
        _seed = context.Seed;
        foreach (var head in Heads?.Heads ?? [])
        {
            var projection = head.Layers[^1].Slices[0];
            projection.Drawn = (settings.Targets, TargetKey(network, head.Unit, _seed),
                settings.TargetScale / MathF.Sqrt(projection.RowLength));
        }
    }

    public override string Name => "tpsgd";

    /// <summary>Key of the noise that is a unit's target matrix.</summary>
    internal static ulong TargetKey(Network network, LocalUnit unit, ulong seed)
        => Noise.Key(seed, Noise.TensorHash(network.Layers[unit.Learner].Name + ".target"));

    private protected override Objective ObjectiveOf(int unit, MemoryPlan plan, int batch, in UnitTimes times)
        => Heads is null ? new TargetObjective(Network, Network.Units[unit], _settings, _seed)
            : base.ObjectiveOf(unit, plan, batch, times);

    // Thresholds begin at 0.
    private protected override void InitialiseHeads()
    {
    }
}

/// <summary>Settings of <see cref="TargetProjection"/>.</summary>
public sealed record TargetProjectionSettings : RuleSettings
{
    static readonly IReadOnlyList<Setting> s_rows = new SettingTable<TargetProjectionSettings>(new())
        .OptionalNumber("hidden-rate", "rate of the hidden layers as a factor on --lr; open = 1, 0.3 for the losses l2, l1 and linear",
            s => s.HiddenRate, (s, x) => s with { HiddenRate = x }, Limits.From(0))
        .Flag("layer-by-layer", "train one layer after the other, first layer first", s => s.LayerByLayer,
            (s, x) => s with { LayerByLayer = x })
        .Word("local-loss", "loss of the hidden layers; linear is DRTP", s => s.LocalLoss, (s, x) => s with { LocalLoss = x },
            [("cross-entropy", LocalLoss.CrossEntropy), ("hinge", LocalLoss.Hinge), ("l2", LocalLoss.L2), ("l1", LocalLoss.L1),
                ("linear", LocalLoss.Linear)])
        .Number("target-scale", "size of the random targets", s => s.TargetScale, (s, x) => s with { TargetScale = x }, Limits.Above(0))
        .Word("noise", "distribution of the random targets", s => s.Targets, (s, x) => s with { Targets = x },
            [("sign", NoiseKind.Sign), ("gaussian", NoiseKind.Gaussian)]).Rows;

    /// <summary>What hidden units minimise.</summary>
    public LocalLoss LocalLoss { get; init; } = LocalLoss.CrossEntropy;

    /// <summary>Distribution of the target matrix.</summary>
    public NoiseKind Targets { get; init; } = NoiseKind.Sign;

    /// <summary>Size of the targets: below the tanh's 1, so that they can be reached.</summary>
    public float TargetScale { get; init; } = 0.9f;

    /// <summary>Rate of the hidden units as a factor on the run's rate; null = what suits the local loss.</summary>
    public float? HiddenRate { get; init; }

    /// <summary>Whether each unit learns for an equal share of the run's steps, first unit first, in place of all in every step.</summary>
    public bool LayerByLayer { get; init; }

    /// <inheritdoc/>
    public override string Word => "tpsgd";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => s_rows;

    internal override LearningRule Build(Network network, in RuleContext context) => new TargetProjection(network, this, context);

    internal override UpdateSettings UsualUpdate(NetworkKind kind) => UsualOfLocalUnits(kind);

    internal override float? HiddenFactor => HiddenRate ?? LocalLoss.HiddenRateScale();

    internal override void CheckNetwork(NetworkSpec network)
    {
        if (network.LabelsSteps && !LocalLoss.Scores())
        {
            throw new EdgeLearnException($"tpsgd with this --local-loss has one target a sample, the network has a label for each "
                + $"of {network.LabelLength} steps: use --local-loss cross-entropy or hinge");
        }
        base.CheckNetwork(network);
    }
}

/// <summary>
/// What a hidden unit of <see cref="TargetProjection"/> minimises, given its output y and its random target t, or the scores s of the
/// classes.
/// </summary>
public enum LocalLoss
{
    /// <summary>|y - t|^2 / 2: gradient y - t.</summary>
    L2,

    /// <summary>|y - t|_1: gradient sign(y - t).</summary>
    L1,

    /// <summary>-t . y: gradient -t. With it tpSGD is direct random target projection (DRTP; Frenkel, Lefebvre, Bol 2021).</summary>
    Linear,

    /// <summary>The network's own loss of the scores, for labels their cross-entropy.</summary>
    CrossEntropy,

    /// <summary>
    /// Mean over the other classes c of max(0, 1 + s_c - s_label); the network's own loss where there are no labels, or one output for two
    /// classes.
    /// </summary>
    Hinge,
}

/// <summary>What follows from the loss.</summary>
static class LocalLosses
{
    /// <summary>Whether all classes are scored, so that there is a head.</summary>
    public static bool Scores(this LocalLoss loss) => loss is LocalLoss.CrossEntropy or LocalLoss.Hinge;

    /// <summary>The usual rate of the hidden units as a factor on the run's rate.</summary>
    public static float HiddenRateScale(this LocalLoss loss) => loss.Scores() ? 1 : 0.3f;
}
