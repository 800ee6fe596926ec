namespace EdgeLearn;

/// <summary>Options of the zeroth-order rules.</summary>
public readonly record struct ZerothOrderOptions()
{
    /// <summary>Size of a probe.</summary>
    public float Epsilon { get; init; } = 1e-3f;

    /// <summary>Directions a step, q.</summary>
    public int Directions { get; init; } = 1;

    /// <summary>Distribution of a direction.</summary>
    public NoiseKind Noise { get; init; } = NoiseKind.Sign;

    /// <summary>Seed of all directions of the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>The seed of direction i of a step.</summary>
    public ulong SeedOf(long step, int direction) => EdgeLearn.Noise.Derive(Seed, (ulong)step, (ulong)direction);

    /// <summary>(loss+ - loss-) / (2 eps q), in double, rounded once.</summary>
    internal float Scalar(double plus, double minus) => (float)((plus - minus) / (2.0 * Epsilon * Directions));
}

/// <summary>
/// Two-sided SPSA with q directions, the MeZO family: the loss of one batch at w + eps z and w - eps z gives g = (loss+ - loss-) / (2 eps)
/// along z. The weights are never perturbed in place: a probe is a property of reading them, so they are exact between probes, may be
/// mapped read-only, and a crash loses nothing. Works on anybody's forward pass; memory is that of inference. A method to adapt pre-trained
/// networks, slow from scratch.
/// </summary>
/// <remarks>Source: Spall 1992; Malladi et al. 2023 (MeZO). Differs: sign noise by default, perturbation on the read.</remarks>
public sealed class ZerothOrder(IForwardPass pass, Loss loss, ZerothOrderOptions options) : LearningRule
{
    readonly ZerothOrderRecord[] _records = new ZerothOrderRecord[options.Directions];
    PlannedBuffer _chunk;

    /// <inheritdoc/>
    public override string Name => "zo";

    /// <summary>The records of the last step: what a log or a hub needs to repeat it.</summary>
    public ReadOnlySpan<ZerothOrderRecord> Records => _records;

    /// <summary>Distribution of the directions.</summary>
    public NoiseKind Noise => options.Noise;

    /// <inheritdoc/>
    public override void Plan(MemoryPlan plan, int batch)
    {
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
            ulong seed = options.SeedOf(clock.Step, i);
            probes[0] = new Probe(options.Noise, seed, options.Epsilon);
            probes[1] = new Probe(options.Noise, seed, -options.Epsilon);
            pass.Losses(probes, batch, loss, losses);
            _records[i] = new ZerothOrderRecord(seed, options.Scalar(losses[0], losses[1]));
            mean += (losses[0] + losses[1]) / (2 * _records.Length);
        }

        Apply(_records, update);
        return new StepReport(mean, batch.Count);
    }

    /// <summary>Repeats the weight change of a logged step, to the bit.</summary>
    /// <param name="records">of the step, in order</param>
    /// <param name="update">takes the gradient, its step already begun</param>
    public void Apply(ReadOnlySpan<ZerothOrderRecord> records, UpdateRule update)
        => ZerothOrderRecord.Apply(pass.Parameters.Slices, options.Noise, records, update, _chunk.Span);
}
