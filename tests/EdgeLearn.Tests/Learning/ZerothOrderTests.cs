using Xunit;

namespace EdgeLearn.Tests;

public class ZerothOrderTests
{
    const int Batch = 5;

    public static TheoryData<string, NoiseKind> Networks
    {
        get
        {
            var cases = new TheoryData<string, NoiseKind>();
            foreach (string spec in new[] { "9-21-4", "6x6-37@3x3:relu-18-4", "40-17@33-4" })
            {
                cases.Add(spec, NoiseKind.Sign);
                cases.Add(spec, NoiseKind.Gaussian);
            }

            return cases;
        }
    }

    static Network Build(string spec, ulong seed = 3)
        => new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Initialise(seed);

    static ZerothOrder Rule(Network network, ZerothOrderSettings options, ulong seed = 0)
        => new(new NetworkForwardPass(network), network.Loss, options, seed);

    // The noise of all weights under one seed, tensor after tensor.
    static float[] NoiseOf(ParameterSet parameters, NoiseKind kind, ulong seed)
    {
        float[] z = new float[parameters.Length];
        foreach (var slice in parameters.Slices)
        {
            ulong key = Noise.Key(seed, Noise.TensorHash(slice.Name));
            for (int i = 0; i < slice.Length; i++)
                z[slice.Offset + i] = kind == NoiseKind.Sign ? Noise.SignAt(key, i) : Noise.GaussianAt(key, i);
        }

        return z;
    }

    static float[] Outputs(Network network, in Batch batch, in Probe probe)
    {
        var pass = new NetworkForwardPass(network);
        var plan = new MemoryPlan();
        pass.Plan(plan, batch.Count, probed: !probe.IsNone, PlanTime.Step);
        using var workspace = new Workspace(plan);
        return pass.Run(batch, ForwardMode.Probed(probe)).ToArray();
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_probed_read_gives_the_bits_of_weights_that_were_really_perturbed(string spec, NoiseKind kind)
    {
        using Network network = Build(spec), perturbed = Build(spec);
        var samples = new SampleSet(network, Batch);
        foreach (float scale in new[] { 0.01f, -0.01f })
        {
            float[] z = NoiseOf(network.Parameters, kind, 99), w = network.Parameters.Values.ToArray();
            for (int i = 0; i < z.Length; i++) perturbed.Parameters.Values[i] = w[i] + scale * z[i];
            float[] expected = Outputs(perturbed, samples.Rows(Batch), Probe.None),
                plain = Outputs(network, samples.Rows(Batch), Probe.None);
            Values.AssertSameBits(expected, Outputs(network, samples.Rows(Batch), new Probe(kind, 99, scale)), spec);
            Assert.False(expected.AsSpan().SequenceEqual(plain));
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Weights_have_the_same_bits_after_the_probes(string spec, NoiseKind kind)
    {
        using var network = Build(spec);
        var samples = new SampleSet(network, Batch);
        byte[] before = network.Parameters.ContentHash();
        using var run = new RuleRun(network.Parameters, Rule(network, new ZerothOrderSettings { Noise = kind, Directions = 3 }),
            new GradientRecorder(), Batch);
        for (int step = 0; step < 10; step++) run.Step(samples.Rows(Batch));
        Assert.Equal(before, network.Parameters.ContentHash());
    }

    [Theory]
    [InlineData(NoiseKind.Sign, 1)]
    [InlineData(NoiseKind.Sign, 3)]
    [InlineData(NoiseKind.Gaussian, 2)]
    public void Replaying_the_records_rebuilds_the_weights_to_the_bit(NoiseKind kind, int directions)
    {
        foreach (string update in UpdateRuleTests.Everyone.Select(row => row.Data))
        {
            using Network network = Build("40-33-4"), rebuilt = Build("40-33-4");
            var samples = new SampleSet(network, Batch);
            var rule = Rule(network, new ZerothOrderSettings { Noise = kind, Directions = directions }, seed: 4);
            using var run = new RuleRun(network.Parameters, rule, UpdateRuleTests.Named(update), Batch);
            var log = new List<ZerothOrderRecord[]>();
            for (int step = 0; step < 20; step++)
            {
                run.Step(samples.Rows(Batch), 0.01f / (step + 1));
                log.Add(rule.Records.ToArray());
            }

            // Another scratch length and no forward pass, loss or sample.
            var replayed = UpdateRuleTests.Named(update);
            var plan = new MemoryPlan();
            replayed.Plan(rebuilt.Parameters, plan);
            using var workspace = new Workspace(plan);
            for (int step = 0; step < 20; step++)
            {
                replayed.BeginStep(new StepClock(step, 0.01f / (step + 1)));
                ZerothOrderRecord.Apply(rebuilt.Parameters.Slices, kind, log[step], replayed, new float[32 + step]);
            }

            Values.AssertSameBits(network.Parameters.Values, rebuilt.Parameters.Values, update);
            Assert.NotEqual(Build("40-33-4").Parameters.ContentHash(), rebuilt.Parameters.ContentHash());
        }
    }

    [Fact]
    public void The_slope_on_a_quadratic_is_exactly_z_times_the_gradient()
    {
        // f = sum of a w^2 / 2 + b w with small binary fractions: every double below is exact, so any eps gives the same slope.
        var random = new Random(1);
        double[] a = [.. Enumerable.Range(0, 75).Select(_ => random.Next(-32, 32) / 8.0)],
            b = [.. Enumerable.Range(0, 75).Select(_ => random.Next(-32, 32) / 8.0)];
        foreach (float epsilon in new[] { 1f / 1024, 1f / 8, 2f })
        {
            var pass = new FunctionPass(w => w.Select((v, i) => a[i] * v * v / 2 + b[i] * v).Sum(), 40, 35);
            for (int i = 0; i < 75; i++) pass.Parameters.Values[i] = random.Next(-64, 64) / 64f;
            var options = new ZerothOrderSettings { Epsilon = epsilon };
            var rule = new ZerothOrder(pass, Loss.MeanSquareError, options, seed: 6);
            using var run = new RuleRun(pass.Parameters, rule, new GradientRecorder(), 1);
            for (int step = 0; step < 10; step++)
            {
                run.Step(default);
                float[] z = NoiseOf(pass.Parameters, NoiseKind.Sign, ProbeSettings.SeedOf(6, step, 0));
                double expected = Enumerable.Range(0, 75).Sum(i => z[i] * (a[i] * pass.Parameters.Values[i] + b[i]));
                Assert.Equal((float)expected, rule.Records[0].Scalar);
            }
        }
    }

    [Fact]
    public void A_step_of_several_directions_moves_along_the_mean_of_their_estimates()
    {
        float[] c = Values.Random(70, 2);
        var pass = new FunctionPass(w => w.Select((v, i) => (double)c[i] * v).Sum(), 70);
        var options = new ZerothOrderSettings { Directions = 4, Epsilon = 0.5f, Noise = NoiseKind.Gaussian };
        using var run = new RuleRun(pass.Parameters, new ZerothOrder(pass, Loss.MeanSquareError, options), new Sgd(new()), 1);
        run.Step(default, rate: 0.125f);
        double[] expected = new double[70];
        for (int q = 0; q < 4; q++)
        {
            float[] z = NoiseOf(pass.Parameters, NoiseKind.Gaussian, ProbeSettings.SeedOf(0, 0, q));
            double slope = z.Select((value, i) => (double)value * c[i]).Sum();
            for (int i = 0; i < 70; i++) expected[i] -= 0.125 * slope * z[i] / 4;
        }

        Values.AssertNear(expected, pass.Parameters.Values, 1e-5, "weights");
    }

    [Theory]
    [InlineData(NoiseKind.Sign, 32)]
    [InlineData(NoiseKind.Gaussian, 34)]
    public void The_mean_estimate_is_the_gradient_and_its_mean_square_is_as_many_times_the_gradients_as_there_are_weights(NoiseKind kind,
    double times)
    {
        const int Count = 32, Steps = 20_000;
        float[] c = Values.Random(Count, 3);
        double square = c.Sum(v => (double)v * v), squares = 0;
        double[] mean = new double[Count];
        var pass = new FunctionPass(w => w.Select((v, i) => (double)c[i] * v).Sum(), Count);
        var recorder = new GradientRecorder();
        using var run = new RuleRun(pass.Parameters,
            new ZerothOrder(pass, Loss.MeanSquareError, new ZerothOrderSettings { Noise = kind, Epsilon = 0.5f }), recorder, 1);
        for (int step = 0; step < Steps; step++)
        {
            run.Step(default);
            float[] g = recorder["tensor0"];
            for (int i = 0; i < Count; i++)
            {
                mean[i] += g[i] / Steps;
                squares += (double)g[i] * g[i] / Steps;
            }
        }

        // Relative deviation of the mean square: sqrt(2 / steps) for signs, a little more for Gaussian noise.
        Assert.InRange(squares / square, times * 0.93, times * 1.07);
        double error = Math.Sqrt(mean.Select((m, i) => (m - c[i]) * (m - c[i])).Sum() / square);
        Assert.InRange(error, 0, 2 * Math.Sqrt(times / Steps));
    }

    [Fact]
    public void Every_step_and_direction_has_noise_of_its_own_and_a_repeated_run_the_same()
    {
        var seeds = new HashSet<ulong>();
        for (int step = 0; step < 100; step++)
        {
            for (int q = 0; q < 3; q++) Assert.True(seeds.Add(ProbeSettings.SeedOf(9, step, q)));
        }

        Assert.Contains(ProbeSettings.SeedOf(9, 42, 1), seeds);
        Assert.DoesNotContain(ProbeSettings.SeedOf(10, 42, 1), seeds);
    }

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NaN)]
    [InlineData(1e300)]
    public void A_loss_that_gives_no_finite_slope_changes_no_weight_now_or_in_a_replay(double loss)
    {
        var pass = new FunctionPass(w => w[0] > 1 ? loss : 1, 3);
        pass.Parameters.Values.Fill(1);
        var rule = new ZerothOrder(pass, Loss.MeanSquareError, new ZerothOrderSettings { Directions = 2 });
        using var run = new RuleRun(pass.Parameters, rule, new Sgd(new() { Momentum = 0.9f }), 1);
        Assert.Equal(!double.IsFinite(loss), run.Step(default).Diverged);
        Assert.Equal([1, 1, 1], pass.Parameters.Values.ToArray());
        rule.Apply(rule.Records, run.Update);
        Assert.Equal([1, 1, 1], pass.Parameters.Values.ToArray());
        Assert.Equal([0, 0, 0], run.Update.State.ToArray());
    }

    [Fact]
    public void Tensors_that_are_not_trainable_are_neither_perturbed_nor_changed()
    {
        using Network network = Build("9-21-4"), reference = Build("9-21-4");
        var samples = new SampleSet(network, Batch);
        foreach (var slice in network.Layers[0].Slices) slice.Trainable = false;
        using var run = new RuleRun(network.Parameters, Rule(network, new ZerothOrderSettings()), new Sgd(new()), Batch);
        for (int step = 0; step < 3; step++) run.Step(samples.Rows(Batch));
        int head = network.Layers[1].Slices[0].Offset;
        Values.AssertSameBits(reference.Parameters.Values[..head], network.Parameters.Values[..head], "frozen layer");
        Assert.False(reference.Parameters.Values[head..].SequenceEqual(network.Parameters.Values[head..]));
        float[] probed = Outputs(network, samples.Rows(Batch), new Probe(NoiseKind.Sign, 1, 0.5f));
        foreach (var slice in network.Layers[0].Slices) slice.Trainable = true;
        Assert.False(probed.AsSpan().SequenceEqual(Outputs(network, samples.Rows(Batch), new Probe(NoiseKind.Sign, 1, 0.5f))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(40)]
    public void Both_signs_from_one_read_give_the_losses_of_two_passes_to_the_bit(int batch)
    {
        foreach (string spec in new[] { "9-21-4", "70-33-20-4", "6x6-37@3x3:relu-18-4" })
        {
            using var network = Build(spec);
            var samples = new SampleSet(network, batch);
            foreach (var kind in new[] { NoiseKind.Sign, NoiseKind.Gaussian })
            {
                foreach (bool firstIsFrozen in new[] { false, true })
                {
                    foreach (var slice in network.Layers[0].Slices) slice.Trainable = !firstIsFrozen;
                    Assert.Equal(Losses(network, samples.Rows(batch), kind, sharesRead: false),
                        Losses(network, samples.Rows(batch), kind, sharesRead: true));
                }
            }
        }
    }

    static double[] Losses(Network network, in Batch batch, NoiseKind kind, bool sharesRead)
    {
        var pass = new NetworkForwardPass(network, sharesRead);
        var plan = new MemoryPlan();
        pass.Plan(plan, batch.Count, probed: true, PlanTime.Step);
        using var workspace = new Workspace(plan);
        double[] losses = new double[5];
        Probe plus = new(kind, 9, 0.01f), other = new(kind, 10, -0.02f);
        pass.Losses([plus, plus.Opposite(), other, other.Opposite(), plus], batch, network.Loss, losses);
        return losses;
    }

    [Fact]
    public void Planned_bytes_stay_near_those_of_inference()
    {
        foreach (string text in new[] { "784-256-128-10", "512-512-512-512-512-512-512-10" })
        {
            var spec = NetworkSpec.Parse(text, null, Loss.SoftmaxCrossEntropy);
            var settings = new TrainingSettings { Rule = new ZerothOrderSettings(), Batch = 32 };
            double inference = TrainingPlan.MemoryOfInference(spec, 32).TotalBytes;
            Assert.InRange(TrainingPlan.MemoryOf(spec,
                settings with { Rule = new ZerothOrderSettings { SignsInTurn = true } }).TotalBytes / inference, 0.9, 1.02);
            Assert.InRange(TrainingPlan.MemoryOf(spec, settings).TotalBytes / inference, 0.9, 1.12);
            Assert.InRange(TrainingPlan.MemoryOf(spec,
                settings with { Rule = new TargetProjectionSettings() }).TotalBytes / inference, 0.9, 1.03);
        }
    }

    [Fact]
    public void The_workspace_of_a_step_is_that_of_inference_and_two_small_panels()
    {
        using var network = Build("784-1000-10");
        MemoryPlan inference = new(), step = new();
        new NetworkForwardPass(network).Plan(inference, 64, probed: false, PlanTime.Evaluation);
        Rule(network, new ZerothOrderSettings()).Plan(step, 64);
        // Eight perturbed rows of the widest layer with their biases, and one chunk of gradient, which may share bytes.
        Assert.InRange(step.WorkspaceBytes - inference.WorkspaceBytes, 0, 4 * (8 * 1001 + 1024) + 256);
    }
}
