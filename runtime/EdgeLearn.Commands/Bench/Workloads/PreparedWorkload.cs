namespace EdgeLearn.Commands;

/// <summary>
/// A workload with its memory: one fixed batch of N(0, 1) inputs (or uniform tokens) and uniform labels, starting weights, and a
/// <see cref="Step"/> that allocates nothing. Everything is drawn from the noise, so every machine has the same numbers. Owns all of it.
/// </summary>
public sealed class PreparedWorkload : IDisposable
{
    const ulong Seed = 1;

    readonly LearningRule? _rule;
    readonly UpdateRule? _update;
    readonly NetworkForwardPass? _pass;
    readonly Workspace _workspace;
    readonly PlannedBuffer _inputs;
    readonly PlannedBuffer _labels;
    readonly PlannedBuffer _outputs;
    long _step;

    /// <summary>Plans, allocates, and draws the numbers.</summary>
    public PreparedWorkload(Workload workload)
    {
        Workload = workload;
        Network = new Network(workload.Spec, workload.Weights).Initialise(Seed);
        Plan = new MemoryPlan();
        Plan.Account("parameters", MemoryCategory.Parameters, Network.ParameterBytes);
        _inputs = Plan.Request("batch.inputs", MemoryCategory.Batch, (long)workload.Batch * Network.InputLength);
        _labels = Plan.Request("batch.labels", MemoryCategory.Batch, (long)workload.Batch * Network.Spec.LabelLength);
        if (workload.Rule is null)
        {
            _pass = new NetworkForwardPass(Network, sharesRead: true) { MultipliesBytes = workload.Weights == WeightStorage.Int8 };
            _pass.Plan(Plan, workload.Batch, workload.IsProbed, PlanTime.Step);
            _outputs = Plan.Request("outputs", MemoryCategory.Activations, (long)workload.Batch * Network.OutputLength);
        }
        else
        {
            _rule = workload.Settings.BuildRule(Network, totalSteps: 1);
            _update = workload.Settings.BuildUpdate();
            _rule.Plan(Plan, workload.Batch);
            _update.Plan(Network.Parameters, Plan);
        }

        _workspace = new Workspace(Plan);
        DrawBatch();
    }

    /// <summary>What was prepared.</summary>
    public Workload Workload { get; }

    /// <summary>The network at work.</summary>
    public Network Network { get; }

    /// <summary>Where everything lives.</summary>
    public MemoryPlan Plan { get; }

    /// <summary>[batch x input length].</summary>
    public Span<float> Inputs => _inputs.Span;

    /// <summary>[batch x labels of a sample].</summary>
    public Span<int> Labels => _labels.Integers;

    /// <summary>[batch x output length], of the last inference step.</summary>
    public Span<float> Outputs => _outputs.Span;

    /// <summary>One step on the fixed batch; returns its mean loss before the update, 0 for inference.</summary>
    public double Step()
    {
        var batch = new Batch(Workload.Batch, Inputs, Labels, Network.Spec.LabelLength);
        if (_pass is not null)
        {
            if (Workload.IsProbed) return Probes(_pass, batch);
            _pass.Outputs(batch, Outputs);
            return 0;
        }

        var clock = new StepClock(_step++, Workload.Rate);
        _update!.BeginStep(clock);
        return _rule!.Step(batch, clock, _update).Loss;
    }

    double Probes(NetworkForwardPass pass, in Batch batch)
    {
        Span<double> losses = stackalloc double[2];
        ulong seed = Noise.Derive(Seed, (ulong)_step++);
        float epsilon = new ZerothOrderSettings().Epsilon;
        pass.Losses([new Probe(Workload.Noise, seed, epsilon), new Probe(Workload.Noise, seed, -epsilon)], batch, Network.Loss, losses);
        return (losses[0] + losses[1]) / 2;
    }

    /// <summary>
    /// Back to the starting weights, with nothing remembered: many steps on one batch would end in losses that no run has.
    /// </summary>
    public void Reset()
    {
        Network.Initialise(Seed);
        _update?.Reset();
        _step = 0;
    }

    void DrawBatch()
    {
        ulong inputs = Noise.Key(Seed, Noise.TensorHash("inputs")), labels = Noise.Key(Seed, Noise.TensorHash("labels"));
        int words = Network.Spec.Layers[0] is EmbeddingSpec embedding ? embedding.Words : 0;
        for (int i = 0; i < Inputs.Length; i++)
            Inputs[i] = words > 0 ? (int)(Noise.UniformAt(inputs, i) * words) : Noise.GaussianAt(inputs, i);
        for (int i = 0; i < Labels.Length; i++) Labels[i] = (int)(Noise.UniformAt(labels, i) * Network.Spec.ClassCount);
    }

    public void Dispose()
    {
        _workspace.Dispose();
        Network.Dispose();
    }
}
