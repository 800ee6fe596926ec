namespace EdgeLearn.Commands;

/// <summary>Forward passes against plain arithmetic in double, and probes against weights that were really changed.</summary>
static class ForwardChecks
{
    const int WidestInput = 67;

    public static void Dense()
    {
        for (int width = 1; width <= WidestInput; width++)
            CheckForward(NetworkSpec.Parse($"{width}-{(width % 19) + 1}:identity", null, Loss.SoftmaxCrossEntropy), batch: (width % 5) + 1);
    }

    public static void RandomInputs()
    {
        for (int fan = 1; fan <= WidestInput; fan++)
        {
            CheckForward(NetworkSpec.Parse($"{WidestInput}-{(fan % 19) + 1}@{fan}:identity", null, Loss.SoftmaxCrossEntropy),
                batch: (fan % 5) + 1);
        }
    }

    static void CheckForward(NetworkSpec spec, int batch)
    {
        using var network = new Network(spec).Initialise(3);
        float[] inputs = Values(batch * network.InputLength);
        float[] outputs = new float[batch * network.OutputLength];
        using (var pass = new BoundPass(network, batch)) pass.Outputs(inputs, outputs);
        var layer = network.Layers[0];
        var weight = network.Parameters[layer.Slices[0]];
        var bias = network.Parameters[layer.Slices[1]];
        int fan = layer.Slices[0].RowLength;
        for (int b = 0; b < batch; b++)
        {
            for (int u = 0; u < network.OutputLength; u++)
            {
                double sum = bias[u], magnitude = Math.Abs(sum);
                for (int i = 0; i < fan; i++)
                {
                    int place = layer.Integers.Count > 0 ? layer.Integers[0].Values[(u * fan) + i] : i;
                    double term = (double)weight[(u * fan) + i] * inputs[(b * network.InputLength) + place];
                    sum += term;
                    magnitude += Math.Abs(term);
                }

                float actual = outputs[(b * network.OutputLength) + u];
                if (!(Math.Abs(actual - sum) <= 1e-6 * magnitude))
                    throw new SelfTestException($"{spec}, batch {batch}: output {u} of row {b} is {actual}, expected {sum}");
            }
        }
    }

    public static void Probe(NoiseKind kind)
    {
        const float Epsilon = 0.01f;
        using var network = new Network(SmallTask.Network).Initialise(SmallTask.Seed);
        using var changed = new Network(SmallTask.Network).Initialise(SmallTask.Seed);
        foreach (var slice in changed.Parameters.Slices)
            Noise.Add(kind, Noise.Key(5, slice.NameHash), 0, Epsilon, changed.Parameters[slice], changed.Parameters[slice]);
        byte[] before = SmallTask.Bits(network);
        const int Batch = 9;
        float[] inputs = Values(Batch * network.InputLength);
        int[] labels = new int[Batch];
        var batch = new Batch(Batch, inputs, labels);
        Span<double> losses = stackalloc double[3], expected = stackalloc double[1];
        using (var pass = new BoundPass(network, Batch))
        {
            pass.Pass.Losses([new Probe(kind, 5, Epsilon), new Probe(kind, 5, -Epsilon), EdgeLearn.Probe.None], batch, network.Loss,
                losses);
        }
        using (var pass = new BoundPass(changed, Batch)) pass.Pass.Losses([EdgeLearn.Probe.None], batch, network.Loss, expected);
        SmallTask.ExpectEqual(before, SmallTask.Bits(network), "weights after three probes");
        if (losses[0] != expected[0])
            throw new SelfTestException($"the loss under a probe is {losses[0]}, with changed weights {expected[0]}");
        if (losses[0] == losses[2] || losses[1] == losses[2]) throw new SelfTestException("a probe does not change the loss");
    }

    static float[] Values(int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (2 * Noise.UniformAt(1, i)) - 1;
        return values;
    }

    /// <summary>A forward pass with a workspace of its own.</summary>
    sealed class BoundPass : IDisposable
    {
        readonly Workspace _workspace;

        public BoundPass(Network network, int batch)
        {
            Pass = new NetworkForwardPass(network);
            var plan = new MemoryPlan();
            Pass.Plan(plan, batch, probed: true, PlanTime.Step);
            _workspace = new Workspace(plan);
        }

        public NetworkForwardPass Pass { get; }

        public void Outputs(float[] inputs, float[] outputs)
        {
            int rows = inputs.Length / Pass.InputLength;
            Pass.Outputs(new Batch(rows, inputs, new int[rows]), outputs);
        }

        public void Dispose() => _workspace.Dispose();
    }
}
