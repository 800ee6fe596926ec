namespace EdgeLearn.Commands;

/// <summary>
/// One piece of work whose cost is worth knowing: a network, a batch and what a step does. One line in <see cref="Workloads"/> declares it;
/// <see cref="PreparedWorkload"/> runs it. The benchmark holds it against other libraries, a board measures it alone.
/// </summary>
/// <param name="Id">name on the command line and in reports</param>
/// <param name="Network">in shorthand</param>
/// <param name="Batch">samples of a step</param>
public sealed record Workload(string Id, string Network, int Batch)
{
    /// <summary>The learning rule of a step; null = inference.</summary>
    public RuleSettings? Rule { get; init; } = new BackpropSettings();

    /// <summary>The update of a step.</summary>
    public UpdateSettings Update { get; init; } = new SgdSettings();

    /// <summary>Learning rate of all layers.</summary>
    public float Rate { get; init; } = 0.01f;

    /// <summary>Whether inference is that of two opposite probes: the losses of a two-sided zeroth-order step without its update.</summary>
    public bool IsProbed { get; init; }

    /// <summary>Distribution of directions, for probes.</summary>
    public NoiseKind Noise { get; init; } = NoiseKind.Sign;

    /// <summary>How the weights are stored; with int8 ones inference multiplies bytes.</summary>
    public WeightStorage Weights { get; init; }

    /// <summary>The network without numbers.</summary>
    public NetworkSpec Spec => NetworkSpec.Parse(Network, null, Loss.SoftmaxCrossEntropy);

    /// <summary>What a step does, in words.</summary>
    public string Description => $"{Network}, batch {Batch}, {Verb}";

    string Verb => this switch
    {
        { Rule: { } rule } => $"{rule.Word} with {Update.Word}",
        { IsProbed: true } => "two opposite probes",
        { Weights: WeightStorage.Int8 } => "inference in bytes",
        _ => "inference",
    };

    /// <summary>The settings from which rule and update are built.</summary>
    /// <exception cref="InvalidOperationException">The workload is inference.</exception>
    public TrainingSettings Settings => new()
    {
        Rule = Rule ?? throw new InvalidOperationException($"{Id} does not train"),
        Update = Update,
        Batch = Batch,
        LearningRate = Rate,
        Schedule = ScheduleKind.Constant,
    };
}

/// <summary>
/// What a step must compute and move at least: multiplications and additions of the matrix products (a forward pass 2 B nm a layer, a
/// weight gradient the same, an input gradient the same for all layers but the first, and for signals inside a layer), and weights read and
/// written. Activations, biases and the loss are not counted.
/// </summary>
/// <param name="Flop">floating-point operations, a multiply-add is two</param>
/// <param name="ReadBytes">bytes of weights that the forward pass reads, each once</param>
/// <param name="UpdateBytes">bytes of weights and update state that are read and written in place, each once</param>
public readonly record struct WorkCount(double Flop, double ReadBytes, double UpdateBytes)
{
    /// <summary>Counts a step.</summary>
    public static WorkCount Of(Workload workload)
    {
        using var network = new Network(workload.Spec, workload.Weights);
        double forward = 0, inner = 0, inputGradient = 0;
        for (int i = 0; i < network.Layers.Length; i++)
        {
            double flop = 2.0 * workload.Batch * network.Layers[i].MultiplyAdds,
                local = 2.0 * workload.Batch * network.Layers[i].InnerGradientMultiplyAdds;
            forward += flop;
            inner += local;
            if (i > 0) inputGradient += flop - local;
        }

        double weights = network.Parameters.Bytes, update = weights * (workload.Update is AdamSettings ? 6 : 2);
        return workload.Rule switch
        {
            null => new(workload.IsProbed ? 2 * forward : forward, weights, 0),
            ZerothOrderSettings => new(2 * forward, weights, update),
            TargetProjectionSettings => new(2 * forward + inner, weights, update),
            _ => new(2 * forward + inner + inputGradient, weights, update),
        };
    }
}
