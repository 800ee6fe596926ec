using Xunit;

namespace EdgeLearn.Tests;

public class TargetProjectionTests
{
    const int Batch = 5;

    const ulong Seed = 11;

    static Network Build(string spec, string loss = "cross-entropy", ulong seed = 3)
        => new Network(NetworkSpec.Parse(spec, null, Loss.Named(loss))).Initialise(seed);

    // The target of a unit, from the description: scale * noise(seed, layer name + ".target", class * units + unit), summed over real
    // targets.
    static double Target(Network network, TargetProjectionSettings options, SampleSet samples, int row, int layer, int unit)
    {
        ulong key = Noise.Key(Seed, Noise.TensorHash($"layers.{layer}.target"));
        int units = network.Layers[layer].OutputLength, outputs = network.OutputLength;
        double P(int c)
            => options.TargetScale
                * (options.Targets == NoiseKind.Sign
                ? Noise.SignAt(key, (long)c * units + unit)
                : Noise.GaussianAt(key, (long)c * units + unit));
        return network.Loss.IsClassification
            ? P(samples.Labels[row])
            : Enumerable.Range(0, outputs).Sum(c => P(c) * samples.Targets[row * outputs + c]);
    }

    static double LocalLossOf(LocalLoss kind, double y, double t) => kind switch
    {
        LocalLoss.L2 => (y - t) * (y - t) / 2,
        LocalLoss.L1 => Math.Abs(y - t),
        _ => -t * y,
    };

    public static TheoryData<string, string, LocalLoss, NoiseKind> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, LocalLoss, NoiseKind>();
            foreach (string spec in new[] { "6-5-4-3", "5x4-9@2x3-6@4:relu-3", "7-20:identity-3" })
            {
                foreach (string loss in new[] { "cross-entropy", "mean-square" })
                {
                    foreach (var kind in new[] { LocalLoss.L2, LocalLoss.L1, LocalLoss.Linear })
                        cases.Add(spec, loss, kind, kind == LocalLoss.L2 && spec[0] == '6' ? NoiseKind.Gaussian : NoiseKind.Sign);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Hidden_gradients_equal_central_differences_of_the_local_loss(string spec, string loss, LocalLoss kind, NoiseKind targets)
    {
        using var network = Build(spec, loss);
        var samples = new SampleSet(network, Batch);
        var options = new TargetProjectionSettings { LocalLoss = kind, Targets = targets, TargetScale = 0.85f };
        var recorder = new GradientRecorder();
        using var run = new RuleRun(network.Parameters, new TargetProjection(network, options, new RuleContext(Seed)), recorder, Batch);
        run.Step(samples.Rows(Batch));
        var reference = new ReferenceNetwork(network);
        for (int layer = 0; layer < network.Layers.Length - 1; layer++)
        {
            int index = layer;
            double LocalLossMean()
                => Enumerable.Range(0, Batch)
                    .Sum(b => reference.Outputs(samples.Row(b), index + 1)
                    .Select((y, u) => LocalLossOf(kind, y, Target(network, options, samples, b, index, u))).Sum()) / Batch;
            foreach (var slice in network.Layers[layer].Slices)
            {
                Values.AssertNear(reference.Gradient(slice.Name, LocalLossMean), recorder[slice.Name], 1e-5,
                    $"{spec}, {kind}, {slice.Name}");
            }
        }
    }

    [Fact]
    public void The_linear_loss_is_direct_random_target_projection_to_the_bit()
    {
        const float Rate = 0.05f;
        using Network network = Build("9-21-6-4"), byHand = Build("9-21-6-4");
        var samples = new SampleSet(network, Batch);
        var options = new TargetProjectionSettings { LocalLoss = LocalLoss.Linear, HiddenRate = 0.5f };
        var rule = new TargetProjection(network, options, new RuleContext(Seed));
        using var run = new RuleRun(network.Parameters, rule, new Sgd(new()), Batch);
        for (int step = 0; step < 3; step++)
        {
            run.Step(samples.Rows(Batch), Rate);
            float[] x = samples.Inputs;
            for (int layer = 0; layer < 2; layer++) x = DrtpStep(byHand, layer, samples, x, options, Rate * options.HiddenRate!.Value);
            foreach (string tensor in new[] { "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias" })
            {
                Values.AssertSameBits(byHand.Parameters[byHand.Parameters.Find(tensor)!],
                    network.Parameters[network.Parameters.Find(tensor)!], $"step {step}, {tensor}");
            }
        }
    }

    // delta_y = -P[label] / batch; delta_z = delta_y * (1 - y^2); W -= rate * delta_z^T x; b -= rate * sum of delta_z. Returns the outputs
    // before the update.
    static float[] DrtpStep(Network network, int index, SampleSet samples, float[] x, TargetProjectionSettings options, float rate)
    {
        var layer = network.Layers[index];
        int units = layer.OutputLength, inputs = layer.InputLength;
        float[] y = new float[Batch * units], dz = new float[Batch * units];
        layer.Forward(Batch, network.Parameters, ForwardMode.Evaluation, x, y, default, default);
        ulong key = Noise.Key(Seed, Noise.TensorHash(layer.Name + ".target"));
        for (int b = 0; b < Batch; b++)
        {
            for (int u = 0; u < units; u++)
            {
                float target = options.TargetScale * Noise.SignAt(key, (long)samples.Labels[b] * units + u);
                dz[b * units + u] = -target * (1f / Batch) * (1 - y[b * units + u] * y[b * units + u]);
            }
        }

        var w = network.Parameters[layer.Slices[0]];
        var bias = network.Parameters[layer.Slices[1]];
        for (int u = 0; u < units; u++)
        {
            float sum = 0;
            for (int b = 0; b < Batch; b++) sum += dz[b * units + u];
            bias[u] -= rate * sum;
            for (int k = 0; k < inputs; k++)
            {
                float g = 0;
                for (int b = 0; b < Batch; b++) g = float.MultiplyAddEstimate(dz[b * units + u], x[b * inputs + k], g);
                w[u * inputs + k] -= rate * g;
            }
        }

        return y;
    }

    [Theory]
    [InlineData("9-21-6-4", "cross-entropy")]
    [InlineData("6x6-21@3x3-4", "mean-square")]
    public void The_last_layer_learns_as_in_backprop_to_the_bit(string spec, string loss)
    {
        using Network network = Build(spec, loss), other = Build(spec, loss);
        var samples = new SampleSet(network, Batch);
        using var run = new RuleRun(network.Parameters, new TargetProjection(network, new()), new Sgd(new()), Batch);
        using var backprop = new RuleRun(other.Parameters, new Backprop(other), new Sgd(new()), Batch);
        Assert.Equal(backprop.Step(samples.Rows(Batch)), run.Step(samples.Rows(Batch)));
        for (int i = 0; i < network.Parameters.Slices.Count; i++)
        {
            var slice = network.Parameters.Slices[i];
            bool isLast = i >= network.Parameters.Slices.Count - 2;
            if (isLast)
            {
                Values.AssertSameBits(other.Parameters[other.Parameters.Slices[i]], network.Parameters[slice], slice.Name);
            }
            else
            {
                Assert.False(other.Parameters[other.Parameters.Slices[i]].SequenceEqual(network.Parameters[slice]),
                    $"{slice.Name} learned as in backprop");
            }
        }
    }

    [Fact]
    public void Layer_by_layer_only_the_layer_of_the_phase_changes()
    {
        using var network = Build("9-8-7-4");
        var samples = new SampleSet(network, Batch);
        using var run = new RuleRun(network.Parameters,
            new TargetProjection(network, new() { LayerByLayer = true }, new RuleContext(TotalSteps: 9)),
                new Sgd(new() { Momentum = 0.9f }), Batch);
        for (int step = 0; step < 9; step++)
        {
            float[] before = network.Parameters.Values.ToArray();
            run.Step(samples.Rows(Batch));
            for (int layer = 0; layer < 3; layer++)
            {
                foreach (var slice in network.Layers[layer].Slices)
                {
                    bool changed = !network.Parameters[slice].SequenceEqual(before.AsSpan(slice.Offset, slice.Length));
                    Assert.True(changed == (layer == step / 3), $"step {step}: {slice.Name} changed: {changed}");
                }
            }
        }
    }

    [Fact]
    public void A_layer_learns_the_same_whether_or_not_the_layers_above_learn()
    {
        using Network all = Build("9-8-7-4"), one = Build("9-8-7-4");
        var samples = new SampleSet(all, Batch);
        using var together = new RuleRun(all.Parameters, new TargetProjection(all, new TargetProjectionSettings()), new Sgd(new()), Batch);
        using var alone = new RuleRun(one.Parameters,
            new TargetProjection(one, new() { LayerByLayer = true }, new RuleContext(TotalSteps: 300)),
            new Sgd(new()), Batch);
        for (int step = 0; step < 5; step++)
        {
            together.Step(samples.Rows(Batch));
            alone.Step(samples.Rows(Batch));
        }

        Values.AssertSameBits(all.Parameters[all.Parameters.Slices[0]], one.Parameters[one.Parameters.Slices[0]], "first layer");
    }

    [Fact]
    public void The_workspace_does_not_grow_with_depth_but_that_of_backprop_does()
    {
        long Bytes(int hidden, Func<Network, LearningRule> rule)
        {
            using var network = new Network(
                NetworkSpec.Parse($"64-{string.Join("", Enumerable.Repeat("64-", hidden))}10", null, Loss.SoftmaxCrossEntropy));
            var plan = new MemoryPlan();
            rule(network).Plan(plan, 32);
            return plan.WorkspaceBytes;
        }

        LearningRule Projection(Network network) => new TargetProjection(network, new TargetProjectionSettings());
        Assert.Equal(Bytes(3, Projection), Bytes(4, Projection));
        Assert.Equal(Bytes(3, Projection), Bytes(30, Projection));
        Assert.True(Bytes(30, network => new Backprop(network)) > 5 * Bytes(3, network => new Backprop(network)));
        Assert.True(Bytes(2, Projection) < Bytes(2, network => new Backprop(network)));
    }

    // Checkpoints of earlier versions have the matrices among the state: they are passed over.
    [Fact]
    public void A_state_with_the_drawn_matrices_is_taken_as_one_without()
    {
        using var network = Build("9-8-7-4");
        using var rule = new TargetProjection(network, new TargetProjectionSettings(),
            new RuleContext(Seed: 5, OwnUpdate: new Adam(new())));
        using var run = new RuleRun(network.Parameters, rule, new Sgd(new()), 6);
        var samples = new SampleSet(network, 6);
        for (int step = 0; step < 3; step++) run.Step(samples.Rows(6));
        byte[] state = RuleRun.StateOf(rule);
        Assert.Equal(3 * 2 * 4 * sizeof(float), state.Length); // thresholds of two heads, and two floats of Adam for each
        var older = new List<byte>();
        int at = 0;
        foreach (var slice in rule.HeadParameters!.Slices)
        {
            byte[] part = slice.IsDrawn ? new byte[slice.Length * sizeof(float)] : state[at..(at += slice.Length * sizeof(float))];
            older.AddRange(part);
        }

        older.AddRange(state[at..]);
        Assert.True(rule.TakesState(older.Count));
        Assert.False(rule.TakesState(older.Count + 4));
        run.Step(samples.Rows(6));
        rule.RestoreState(new ByteSource(older.ToArray(), "state"));
        Assert.Equal(state, RuleRun.StateOf(rule));
    }

    [Fact]
    public void The_rates_of_hidden_layers_carry_the_factor_and_the_last_does_not()
    {
        using var network = Build("9-8-7-4");
        _ = new TargetProjection(network, new TargetProjectionSettings { HiddenRate = 0.25f });
        Assert.Equal([0.25f, 0.25f, 0.25f, 0.25f, 1f, 1f], network.Parameters.Slices.Select(slice => slice.RateScale));
    }
}
