namespace EdgeLearn;

/// <summary>
/// Two-sided SPSA with q directions, the MeZO family: the loss of one batch at w + eps z and w - eps z gives g = (loss+ - loss-) / (2 eps)
/// along z. The weights are never perturbed in place: a probe is a property of reading them, so they are exact between probes, may be
/// mapped read-only, and a crash loses nothing. Works on anybody's forward pass; memory is that of inference. A method to adapt pre-trained
/// networks, slow from scratch.
/// </summary>
/// <remarks>Source: Spall 1992; Malladi et al. 2023 (MeZO). Differs: sign noise by default, perturbation on the read.</remarks>
/// <param name="pass">computes the losses</param>
/// <param name="loss">of the outputs</param>
/// <param name="settings">of the probes</param>
/// <param name="seed">of all directions of the run</param>
public sealed class ZerothOrder(IForwardPass pass, Loss loss, ZerothOrderSettings settings, ulong seed = 0) : LearningRule
{
    readonly ZerothOrderRecord[] _records = new ZerothOrderRecord[settings.Directions];
    PlannedBuffer _chunk;

    /// <inheritdoc/>
    public override string Name => "zo";

    /// <summary>The records of the last step: what a log or a hub needs to repeat it.</summary>
    public ReadOnlySpan<ZerothOrderRecord> Records => _records;

    /// <summary>Distribution of the directions.</summary>
    public NoiseKind Noise => settings.Noise;

    internal override IEnumerable<StepCut> Cuts(int batch) => [StepCut.Whole(1, batch)];

    internal override IEnumerable<StepCut> SparingCuts(int batch)
        => pass is NetworkForwardPass { SharesRead: true } ? [StepCut.Whole(1, batch) with { SignsInTurn = true }] : [];

    internal override double CostOf(in StepCut cut, int batch) => cut.SignsInTurn ? 1 : 0;

    /// <inheritdoc/>
    public override void Plan(MemoryPlan plan, int batch)
    {
        if (pass is NetworkForwardPass layers) layers.SignsInTurn = Cut is { SignsInTurn: true };
        pass.Plan(plan, batch, probed: true, PlanTime.Step);
        _chunk = plan.Request("zo.chunk", MemoryCategory.Panels, ZerothOrderRecord.ChunkLength, PlanTime.Evaluation - 1,
            PlanTime.Evaluation - 1);
    }

    /// <inheritdoc/>
    public override StepReport Step(in Batch batch, in StepClock clock, UpdateRule update)
    {
        Span<Probe> probes = stackalloc Probe[2];
        Span<double> losses = stackalloc double[2];
        double mean = 0;
        for (int i = 0; i < _records.Length; i++)
        {
            ulong direction = ProbeSettings.SeedOf(seed, clock.Step, i);
            probes[0] = new Probe(settings.Noise, direction, settings.Epsilon);
            probes[1] = new Probe(settings.Noise, direction, -settings.Epsilon);
            pass.Losses(probes, batch, loss, losses);
            _records[i] = new ZerothOrderRecord(direction, settings.Scalar(losses[0], losses[1]));
            mean += (losses[0] + losses[1]) / (2 * _records.Length);
        }

        Apply(_records, update);
        return new StepReport(mean, batch.Count);
    }

    /// <summary>Repeats the weight change of a logged step, to the bit.</summary>
    /// <param name="records">of the step, in order</param>
    /// <param name="update">takes the gradient, its step already begun</param>
    public void Apply(ReadOnlySpan<ZerothOrderRecord> records, UpdateRule update)
        => ZerothOrderRecord.Apply(pass.Parameters.Slices, settings.Noise, records, update, _chunk.Span);
}

/// <summary>Settings of <see cref="ZerothOrder"/>.</summary>
public sealed record ZerothOrderSettings : ProbeSettings
{
    static readonly IReadOnlyList<Setting> s_rows = ProbeTable(new ZerothOrderSettings())
        .Flag("signs-in-turn", "the two signs of a direction one after the other, in the memory of inference; else both use one read of "
            + "the weights", s => s.SignsInTurn, (s, x) => s with { SignsInTurn = x }, changesBits: _ => false).Rows;

    /// <summary>
    /// The two signs of a direction go through the network one after the other, which takes the memory of inference; else together, which
    /// reads every weight once. The bits are the same.
    /// </summary>
    public bool SignsInTurn { get; init; }

    /// <inheritdoc/>
    public override string Word => "zo";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => s_rows;

    internal override LearningRule Build(Network network, in RuleContext context)
        => new ZerothOrder(new NetworkForwardPass(network, sharesRead: !SignsInTurn), network.Loss, this, context.DirectionSeed);

    internal override bool TrainsSharedWeights => true;
}

/// <summary>What the zeroth-order rules have in common: the probes of a step.</summary>
public abstract record ProbeSettings : RuleSettings
{
    /// <summary>Size of a probe.</summary>
    public float Epsilon { get; init; } = 1e-3f;

    /// <summary>Directions a step, q.</summary>
    public int Directions { get; init; } = 1;

    /// <summary>Distribution of a direction.</summary>
    public NoiseKind Noise { get; init; } = NoiseKind.Sign;

    internal override UpdateSettings UsualUpdate(NetworkKind kind) => new SgdSettings();

    /// <summary>The seed of direction i of a step.</summary>
    /// <param name="seed">of all directions of the run</param>
    /// <param name="step">counted from 0</param>
    /// <param name="direction">i, counted from 0</param>
    public static ulong SeedOf(ulong seed, long step, int direction) => EdgeLearn.Noise.Derive(seed, (ulong)step, (ulong)direction);

    /// <summary>(loss+ - loss-) / (2 eps q), in double, rounded once.</summary>
    internal float Scalar(double plus, double minus) => (float)((plus - minus) / (2.0 * Epsilon * Directions));

    /// <summary>The table of a rule with probes, which begins with them.</summary>
    /// <param name="defaults">the record as it is where nobody says anything</param>
    private protected static SettingTable<T> ProbeTable<T>(T defaults)
        where T : ProbeSettings
        => new SettingTable<T>(defaults)
            .Number("epsilon", "size of a probe", s => s.Epsilon, (s, x) => s with { Epsilon = x }, Limits.Above(0))
            .Whole("directions", "directions a step, each two forward passes", s => s.Directions, (s, x) => s with { Directions = x },
                Limits.From(1).To(4096))
            .Word("noise", "distribution of the directions", s => s.Noise, (s, x) => s with { Noise = x },
                [("sign", NoiseKind.Sign), ("gaussian", NoiseKind.Gaussian)]);
}
