namespace EdgeLearn;

/// <summary>
/// Exact gradients in the last layers, two-sided SPSA below them: no gradient travels through the body, and the head, which matters most,
/// learns at full speed. Memory is that of inference plus the head's input.
/// </summary>
/// <remarks>Source: Sugiura and Matsutani 2025 (ElasticZO). Differs: the head's gradient is taken in the last (minus) probe, whose body is
/// eps away from the plain one, which saves a third forward pass.</remarks>
sealed class ElasticZerothOrder : LearningRule
{
    // |g z|^2 is as many times |gradient|^2 as there are weights, so a rate that suits the head drowns the body in noise. Chosen on samples
    // held back from MNIST and the optical digits.
    const float NoiseShare = 30;

    readonly Network _network;
    readonly ElasticZerothOrderSettings _settings;
    readonly ulong _seed;
    readonly int _firstExact;
    readonly ZerothOrderRecord[] _records;
    readonly List<ParameterSlice> _body = [];
    LayerBuffers? _layers;
    UnitPass? _exact;
    PlannedBuffer _lossScratch;
    PlannedBuffer _chunk;

    /// <summary>Prepares the rule.</summary>
    /// <param name="network">two layers with weights or more</param>
    /// <param name="settings">of both parts</param>
    /// <param name="seed">of all directions of the run</param>
    /// <exception cref="EdgeLearnException">No layer would be left for the zeroth-order part, or none for the exact one.</exception>
    public ElasticZerothOrder(Network network, ElasticZerothOrderSettings settings, ulong seed = 0)
    {
        int units = network.Units.Count, exactLayers = settings.ExactLayers;
        if (exactLayers < 1 || exactLayers >= units)
        {
            throw new EdgeLearnException($"elastic-zo with {exactLayers} exact layers needs between 1 and {units - 1} for a network "
                + $"of {units} layers: use backprop or zo instead");
        }
        _network = network;
        _settings = settings;
        _seed = seed;
        _firstExact = network.Units[^exactLayers].Learner;
        _records = new ZerothOrderRecord[settings.Directions];
        for (int i = 0; i < _firstExact; i++) _body.AddRange(network.Layers[i].Slices);
        float scale = settings.HiddenRate
            ?? Math.Min(1, NoiseShare / Math.Max(1, _body.Sum(slice => slice.Trainable ? (float)slice.Length : 0)));
        foreach (var slice in _body) slice.RateScale = scale;
    }

    public override string Name => "elastic-zo";

    internal override IEnumerable<StepCut> Cuts(int batch)
    {
        yield return StepCut.Whole(1, batch);
        if (_network.LossHead is not null) yield return StepCut.Whole(1, batch) with { ByWords = true };
    }

    internal override double CostOf(in StepCut cut, int batch) => cut.ByWords ? 1 : 0;

    public override void Plan(MemoryPlan plan, int batch)
    {
        int end = _network.Body.Length;
        var times = new UnitTimes(0, end, Math.Min(_firstExact, end), PlanTime.Step) { ByWords = Cut is { ByWords: true } };
        _layers = new LayerBuffers(_network, plan, batch, probed: true, i => times.MomentsOf(i, _network.Body, null));
        _exact = new UnitPass(_layers, plan, batch, times, LossObjective.Of(_network, plan, batch, times), keepsWeights: true);
        _lossScratch = plan.Request("elastic-zo.loss", MemoryCategory.Activations,
            _network.LossHead is { } head ? head.LossScratchLength(batch) : (long)batch * _network.OutputLength, times.Objective,
            times.Objective);
        _chunk = plan.Request("elastic-zo.chunk", MemoryCategory.Panels, ZerothOrderRecord.ChunkLength, PlanTime.Evaluation - 1,
            PlanTime.Evaluation - 1);
    }

    public override StepReport Step(in Batch batch, in StepClock clock, UpdateRule update)
    {
        double mean = 0;
        for (int i = 0; i < _records.Length; i++)
        {
            ulong seed = ProbeSettings.SeedOf(_seed, clock.Step, i);
            Forward(batch, new Probe(_settings.Noise, seed, _settings.Epsilon));
            double plus = LossSum(batch) / batch.Count;
            Forward(batch, new Probe(_settings.Noise, seed, -_settings.Epsilon));
            bool isLast = i == _records.Length - 1;
            double minus = (isLast ? _exact!.Learn(batch, clock, ForwardMode.Evaluation, update) : LossSum(batch)) / batch.Count;
            _records[i] = new ZerothOrderRecord(seed, _settings.Scalar(plus, minus));
            mean += (plus + minus) / (2 * _records.Length);
        }

        ZerothOrderRecord.Apply(_body, _settings.Noise, _records, update, _chunk.Span);
        return new StepReport(mean, batch.Count);
    }

    // The probe perturbs the body alone.
    void Forward(in Batch batch, in Probe probe)
    {
        int end = _layers!.Count, exact = Math.Min(_firstExact, end);
        _layers.Forward(0, exact, batch, ForwardMode.Probed(probe));
        _layers.Forward(exact, end, batch, ForwardMode.Evaluation);
    }

    double LossSum(in Batch batch)
    {
        var outputs = _layers!.Input(_layers.Count, batch); // of what stands behind the last
        if (_network.LossHead is { } head) return head.Loss(batch, _network.Parameters, Probe.None, outputs, out _, _lossScratch.Span);
        var copy = _lossScratch.Span[..outputs.Length];
        outputs.CopyTo(copy);
        return _network.Loss.Sum(batch, copy);
    }
}

/// <summary>Settings of <see cref="ElasticZerothOrder"/>.</summary>
public sealed record ElasticZerothOrderSettings : ProbeSettings
{
    static readonly IReadOnlyList<Setting> s_rows = ProbeTable(new ElasticZerothOrderSettings())
        .OptionalNumber("hidden-rate", "rate of the hidden layers as a factor on --lr; open = 30 / their weights that learn",
            s => s.HiddenRate, (s, x) => s with { HiddenRate = x }, Limits.From(0))
        .Whole("exact-layers", "last layers with exact gradients", s => s.ExactLayers, (s, x) => s with { ExactLayers = x },
            Limits.From(1)).Rows;

    /// <summary>
    /// Rate of the layers below the exact ones as a factor on the run's rate; null = 30 / their weights that learn, at most 1, for the
    /// noise of the estimate grows with their number.
    /// </summary>
    public float? HiddenRate { get; init; }

    /// <summary>How many of the last layers get exact gradients.</summary>
    public int ExactLayers { get; init; } = 1;

    /// <inheritdoc/>
    public override string Word => "elastic-zo";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => s_rows;

    internal override LearningRule Build(Network network, in RuleContext context)
        => new ElasticZerothOrder(network, this, context.DirectionSeed);

    internal override float? HiddenFactor => HiddenRate ?? 1;

    internal override bool NeedsFloatWeights => ExactLayers > 1;
}
