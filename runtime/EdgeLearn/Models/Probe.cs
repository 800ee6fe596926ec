namespace EdgeLearn;

/// <summary>
/// A perturbation of all trainable weights as a property of reading them: w + <see cref="Scale"/> * z, z = noise of (<see cref="Seed"/>,
/// tensor name, index). The weights themselves are never written. The default probe, of scale 0, reads them plain.
/// </summary>
public readonly record struct Probe(NoiseKind Kind, ulong Seed, float Scale)
{
    /// <summary>No perturbation.</summary>
    public static Probe None => default;

    /// <summary>Whether the weights are read as they are.</summary>
    public bool IsNone => Scale == 0;

    /// <summary>The same direction with the other sign.</summary>
    public Probe Opposite() => this with { Scale = -Scale };
}

/// <summary>
/// How a forward pass is meant. The default is evaluation: plain weights, random layers off, norms on their running statistics. A probed
/// pass is an evaluation under a perturbation.
/// </summary>
/// <param name="Probe">how weights are read</param>
/// <param name="IsTraining">whether random layers draw and norms take the statistics of the batch</param>
/// <param name="Seed">in training, the seed of this step's random layers</param>
readonly record struct ForwardMode(Probe Probe, bool IsTraining, ulong Seed)
{
    /// <summary>
    /// Whether layers with int8 weights round their inputs to int8 as well, each sample with a scale of its own, and multiply bytes: faster
    /// where the CPU has dot products, and less exact.
    /// </summary>
    public bool MultipliesBytes { get; init; }

    /// <summary>
    /// Rows of the step's batch, of which a pass may see a part: they, not the part, decide in which order a layer takes its sums. 0 = the
    /// rows of the pass.
    /// </summary>
    public int StepRows { get; init; }

    /// <summary>Rows of the step's batch before the first of the pass, for random layers.</summary>
    public int FirstRow { get; init; }

    /// <summary>Whether the statistics that a norm takes of the batch are in its saved floats already.</summary>
    public bool KnowsStatistics { get; init; }

    /// <summary>The same for some rows of the step's batch.</summary>
    public ForwardMode Of(in Batch rows) => this with { StepRows = rows.StepCount, FirstRow = rows.FirstRow };

    /// <summary>Plain weights, nothing random.</summary>
    public static ForwardMode Evaluation => default;

    /// <summary>
    /// A training step: what random layers draw depends on the run's seed, the step, their name and the index of the value.
    /// </summary>
    public static ForwardMode Training(in StepClock clock)
        => clock.Evaluates ? Evaluation : new(Probe.None, true, Noise.Derive(clock.Seed, (ulong)clock.Step));

    /// <summary>An evaluation that reads every weight through a probe.</summary>
    public static ForwardMode Probed(in Probe probe) => new(probe, false, 0);
}

/// <summary>What one forward pass of a layer left for its gradients. Owns nothing.</summary>
readonly ref struct ForwardTrace(int batch, ParameterSet parameters, scoped in ForwardMode mode, ReadOnlySpan<float> input,
    ReadOnlySpan<float> output, ReadOnlySpan<float> saved, bool wantsInputGradient = true, Span<float> sharedGradient = default,
    Span<float> sums = default, bool overwritesGradient = false)
{
    /// <summary>Rows.</summary>
    public int Batch { get; } = batch;

    /// <summary>The network's weights.</summary>
    public ParameterSet Parameters { get; } = parameters;

    /// <summary>How the pass was run.</summary>
    public ForwardMode Mode { get; } = mode;

    /// <summary>
    /// [batch x input length]; holds other values by now when the layer said that it does not read it
    /// (<see cref="Layer.GradientReadsInput"/>).
    /// </summary>
    public ReadOnlySpan<float> Input { get; } = input;

    /// <summary>
    /// [batch x output length]; holds other values by now when the layer said that it does not read it
    /// (<see cref="Layer.GradientReadsOutput"/>).
    /// </summary>
    public ReadOnlySpan<float> Output { get; } = output;

    /// <summary>[<see cref="Layer.SavedLength"/>] of the pass.</summary>
    public ReadOnlySpan<float> Saved { get; } = saved;

    /// <summary>
    /// [of the layer's weights] what a later layer that shares them has to add to their gradient; overwritten. Empty where nobody shares
    /// them.
    /// </summary>
    public Span<float> SharedGradient { get; } = sharedGradient;

    /// <summary>[<see cref="LayerNeeds.Sums"/>] what the parts of the batch before this one left; zeros before the first.</summary>
    public Span<float> Sums { get; init; } = sums;

    /// <summary>Whether the pass was compact, so that marks are in <see cref="Saved"/> (<see cref="PassKind.IsCompact"/>).</summary>
    public bool IsCompact { get; init; }

    /// <summary>
    /// Whether <see cref="Layer.InputGradient"/> writes dx over dz, before <see cref="Layer.ParameterGradient"/> is asked with the same
    /// scratch.
    /// </summary>
    public bool OverwritesGradient { get; } = overwritesGradient;

    /// <summary>
    /// Whether <see cref="Layer.InputGradient"/> will be asked for; false for the first layer that learns, so that a layer need not prepare
    /// it.
    /// </summary>
    public bool WantsInputGradient { get; } = wantsInputGradient;
}
