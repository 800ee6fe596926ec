using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Signs and places of maxima kept as bits, layers that write over their inputs and pools that unit and head share change the memory of a
/// step, not a bit of what it computes.
/// </summary>
public class CompactCutTests
{
    static Layer Build(string shape, string word, ParameterSet parameters)
    {
        var input = Shape.TryParse(shape, out var parsed) && parsed.Rank == 3 && parsed.Channels > 1
            ? Shape.Planes(parsed.Channels, parsed.Height, parsed.Width) : parsed;
        return LayerText.ParseAll(word, [word], "")[0].Build("layers.0", input, parameters);
    }

    // Values of few kinds, so that windows have ties, or are all zeros; and some that are no numbers.
    static float[] WithTies(int length, int kinds)
        => [.. Values.Random(length, 5).Select((value, i) => kinds == 0 ? i % 7 == 3 ? float.NaN : value : MathF.Floor(value * kinds))];

    public static TheoryData<string, string> Layers => new()
    {
        { "37", "relu" }, { "6x7", "leakyrelu0.3" }, { "400", "tanh" }, { "40", "silu" }, { "33", "hardtanh" },
        { "6x4x3", "pool2" }, { "7x9x2", "pool2" }, { "5x7", "pool2" }, { "9x8x2", "pool3:stride2:pad1" },
        { "6x5", "pool3x2:stride2:pad1" },
        { "11x3", "pool2" }, { "12x5", "pool5:stride2:pad2" }, { "20x18x2", "pool17" }, { "9x9x2", "pool1" }, { "40x3", "pool40" },
        { "8x8x3", "avgpool2" }, { "4x5x3", "globalmax" }, { "70x4", "globalmax" }, { "300x2", "globalmax" }, { "5x5", "globalmax" },
        { "30x4", "conv3x90:same" }, { "30x24", "conv3x130:same" }, { "9x9x2", "conv3x3x5:relu" }, { "6x4x3", "flatten" },
    };

    [Theory]
    [MemberData(nameof(Layers))]
    public void Marks_give_the_gradient_that_input_and_output_give(string shape, string word)
    {
        using var parameters = new ParameterSet();
        var layer = Build(shape, word, parameters);
        parameters.Allocate();
        layer.Initialise(parameters, 3);
        foreach (int batch in (int[])[1, 3])
        {
            foreach (int kinds in (int[])[0, 1, 2, 1000])
            {
                float[] x = WithTies(batch * layer.InputLength, kinds), dy = Values.Random(batch * layer.OutputLength, 6);
                dy[0] = -0f;
                var (y, dx, gradients) = Run(layer, parameters, batch, x, dy, isCompact: false);
                var (compactY, compactDx, compactGradients) = Run(layer, parameters, batch, x, dy, isCompact: true);
                Values.AssertSameBits(y, compactY, "outputs");
                Values.AssertSameBits(dx, compactDx, "input gradient");
                foreach (string tensor in gradients.Tensors) Values.AssertSameBits(gradients[tensor], compactGradients[tensor], tensor);
            }
        }
    }

    // What the layer says that it does not read is not there.
    static (float[] Y, float[] Dx, GradientRecorder Gradients) Run(Layer layer, ParameterSet parameters, int batch, float[] input,
        float[] gradient, bool isCompact)
    {
        var needs = layer.Needs(batch, new PassKind(Saves: true) { IsCompact = isCompact });
        float[] x = [.. input], saved = LayerCase.Buffer(needs.Saved), dy = [.. gradient], dx = LayerCase.Buffer(x.Length),
            y = isCompact && layer.OverwritesInput ? x : LayerCase.Buffer(dy.Length);
        var mode = new ForwardMode(Probe.None, true, 7);
        layer.Forward(batch, parameters, mode, x, y, saved, LayerCase.Buffer(needs.ForwardScratch));
        var trace = new ForwardTrace(batch, parameters, mode, layer.ReadsInput(isCompact) ? input : LayerCase.Buffer(x.Length),
            layer.ReadsOutput(isCompact) ? y : LayerCase.Buffer(y.Length), saved)
        { IsCompact = isCompact };
        layer.InnerGradient(trace, dy, dy, LayerCase.Buffer(needs.InnerScratch));
        layer.InputGradient(trace, dy, dx, LayerCase.Buffer(needs.InputScratch));
        var gradients = new GradientRecorder();
        layer.ParameterGradient(trace, dy, LayerCase.Buffer(needs.ParameterScratch), gradients);
        return (y, dx, gradients);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 4)]
    [InlineData(16, 4)]
    [InlineData(17, 8)]
    [InlineData(256, 8)]
    [InlineData(257, 16)]
    [InlineData(65_537, 32)]
    public void Packed_numbers_are_read_as_they_were_written(int count, int bits)
    {
        const int Numbers = 77;
        var packed = new PackedNumbers(count);
        Assert.Equal((Numbers * bits + 31) / 32, packed.FloatsFor(Numbers));
        float[] place = LayerCase.Buffer(packed.FloatsFor(Numbers));
        for (int i = 0; i < Numbers; i++) packed.Set(place, i, (int)(i * 7919L % count));
        packed.Set(place, 5, count - 1);
        for (int i = 0; i < Numbers; i++) Assert.Equal(i == 5 ? count - 1 : (int)(i * 7919L % count), packed.Get(place, i));
    }

    static readonly string[] s_networks =
    [
        "11x11x2-conv3x3x5-relu-pool2-conv3x3x7:same-batchnorm-relu-globalmax-6:relu-3",
        "60x3-conv5x6:same-batchnorm-relu-pool3:stride2:pad1-conv3x9-batchnorm-leakyrelu-globalmax-4",
        "13x13x2-conv3x3x5:nobias-batchnorm-relu-pool3:stride2:pad1-depthwise3x3:same-relu-dropout0.3-pool2-flatten-8:relu-3",
        "30x4-conv5x6:same-layernorm-tanh-pool2-reshape15x2x3-conv3x3x4:same-silu-avgpool2-5",
        "12x3-conv3x8:same-batchnorm-relu-pool2-conv3x6:same-relu-stepwise4",
    ];

    static readonly string[] s_rules = ["tpsgd", "tpsgd:l2", "tpsgd:by-layer", "local-heads", "local-heads:similarity", "backprop",
        "tpsgd:frozen"];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (string network in s_networks)
            {
                bool labelsSteps = network.Contains("stepwise", StringComparison.Ordinal);
                foreach (string rule in s_rules.Where(rule => !labelsSteps || rule is not ("local-heads:similarity" or "tpsgd:l2")))
                    all.Add(network, rule);
            }

            return all;
        }
    }

    static RuleSettings Settings(string rule) => rule switch
    {
        "tpsgd:l2" => new TargetProjectionSettings { LocalLoss = LocalLoss.L2 },
        "tpsgd:by-layer" => new TargetProjectionSettings { LayerByLayer = true },
        "local-heads:similarity" => new LocalHeadsSettings { Similarity = 0.5f },
        _ => LearningRules.Named(rule.Split(':')[0]),
    };

    // Weights after three batches and a shorter one.
    static (float[] Weights, float[] Heads) Run(string spec, string word, int batch, StepCut? cut, double[] losses)
    {
        using var network = new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Initialise(3);
        var settings = new TrainingSettings { Rule = Settings(word), Update = UpdateRules.Named("adam") };
        if (word == "tpsgd:frozen") foreach (var slice in network.Layers[0].Slices) slice.Trainable = false;
        using var rule = settings.BuildRule(network, losses.Length);
        rule.Cut = cut;
        using var run = new RuleRun(network.Parameters, rule, settings.BuildUpdate(), batch);
        var samples = new SampleSet(network, losses.Length * batch);
        for (int step = 0; step < losses.Length; step++)
        {
            // Whatever is read before the step has written it shows.
            foreach (var buffer in run.Plan.Buffers.Where(buffer => buffer.Category is MemoryCategory.Activations or MemoryCategory.Panels))
                buffer.Span.Fill(float.NaN);
            int count = step + 1 < losses.Length ? batch : (batch + 2) / 3;
            losses[step] = run.Step(samples.Rows(count, step * batch), 0.02f).Loss;
        }

        return ([.. network.Parameters.Values], rule is LocalLearning { HeadParameters: { } heads } ? [.. heads.Values] : []);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Compact_cuts_give_the_bits_of_the_whole_batch(string spec, string rule)
    {
        foreach (int batch in (int[])[1, 3, 8, 64])
        {
            double[] expected = new double[4], losses = new double[4];
            var whole = Run(spec, rule, batch, null, expected);
            using var network = new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy));
            using var built = new TrainingSettings { Rule = Settings(rule) }.BuildRule(network, 3);
            var cuts = built.Cuts(batch).Concat(built.SparingCuts(batch)).Where(cut => cut.IsCompact).ToList();
            Assert.NotEmpty(cuts);
            Assert.Contains("kept as bits", cuts[0].Describe(batch), StringComparison.Ordinal);
            foreach (var cut in cuts.Where(cut => cut.Stretches[0].Rows is 2 or 16 || cut.Stretches[0].Rows == batch))
            {
                string name = $"batch {batch} {cut.Describe(batch)}";
                var part = Run(spec, rule, batch, cut, losses);
                Values.AssertSameBits(whole.Weights, part.Weights, name);
                Values.AssertSameBits(whole.Heads, part.Heads, name);
                for (int i = 0; i < losses.Length; i++) Assert.Equal(expected[i], losses[i], 1e-12);
            }
        }
    }

    // A session: evaluations, a short last batch, the plan that a limit at the least chooses.
    [Theory]
    [InlineData("tpsgd", 1)]
    [InlineData("tpsgd", 3)]
    [InlineData("tpsgd", 8)]
    [InlineData("tpsgd", 64)]
    [InlineData("local-heads", 1)]
    [InlineData("local-heads", 8)]
    [InlineData("local-heads", 64)]
    [InlineData("backprop", 1)]
    [InlineData("backprop", 64)]
    public void A_run_within_the_least_has_the_bits_of_an_unlimited_one(string rule, int batch)
    {
        int compact = 0;
        foreach (string text in s_networks[..4])
        {
            var spec = NetworkSpec.Parse(text, null, Loss.SoftmaxCrossEntropy);
            using var data = new MemoryDataset(Values.Random((2 * batch + 5) * spec.Input.Length, 4),
                Values.Labels(2 * batch + 5, spec.OutputLength, 5), spec.Input);
            var settings = new TrainingSettings { Rule = LearningRules.Named(rule), Update = new SgdSettings(), Batch = batch, Epochs = 2 };
            long least = TrainingPlan.MemoryOf(spec, settings, 0).TotalBytes;
            var (unlimited, plain) = Train(long.MaxValue);
            var (limited, cut) = Train(least);
            Assert.Empty(plain);
            if (cut.Contains("kept as bits", StringComparison.Ordinal)) compact++;
            Values.AssertSameBits(unlimited, limited, $"{text}: {cut}");

            (float[] Weights, string Cut) Train(long limit)
            {
                using var network = new Network(spec).Initialise(7);
                using var session = new TrainingSession(network, settings, data, Preparation.Identity, limit);
                while (!session.IsDone) session.Step();
                using var plan = TrainingPlan.Of(network, settings, data, memoryLimitBytes: limit);
                return ([.. network.Parameters.Values], plan.Cut);
            }
        }

        Assert.True(batch > 1 || compact > 1, $"{compact} networks keep marks");
    }

    [Theory]
    [InlineData("tpsgd")]
    [InlineData("local-heads")]
    public void A_compact_step_allocates_nothing_and_heads_keep_their_names(string word)
    {
        var spec = NetworkSpec.Parse("16x3-conv5x6:same-batchnorm-relu-pool2-conv3x5-relu-globalmax-4", null, Loss.SoftmaxCrossEntropy);
        using var network = new Network(spec).Initialise(3);
        var settings = new TrainingSettings { Rule = LearningRules.Named(word), Update = new SgdSettings() };
        using var rule = settings.BuildRule(network, 100);
        rule.Cut = rule.Cuts(4).First(cut => cut.IsCompact);
        using var run = new RuleRun(network.Parameters, rule, settings.BuildUpdate(), 4);
        var names = ((LocalLearning)rule).HeadParameters!.Slices.Select(slice => slice.Name).Distinct();
        Assert.Equal(["layers.0.head.2.weight", "layers.0.head.2.bias", "layers.4.head.1.weight", "layers.4.head.1.bias"], names);
        Assert.DoesNotContain(run.Plan.Buffers, buffer => buffer.Name is "layers.0.head.0.output" or "layers.4.head.0.output");
        var samples = new SampleSet(network, 4);
        for (int i = 0; i < 200; i++) run.Step(samples.Rows(3 + i % 2));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++) run.Step(samples.Rows(3 + i % 2));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    // The plans that a usual batch has without a limit, which marks would only make slower.
    [Theory]
    [MemberData(nameof(MemoryPromiseTests.Networks), MemberType = typeof(MemoryPromiseTests))]
    public void A_usual_batch_keeps_no_marks_without_a_limit(string text, long inference, double most, double least)
    {
        Assert.True(inference > 0 && most >= least);
        using var network = new Network(NetworkSpec.Parse(text, null, Loss.SoftmaxCrossEntropy));
        foreach (string rule in (string[])["tpsgd", "local-heads", "backprop", "frozen"])
        {
            var settings = new TrainingSettings { Rule = LearningRules.Named(rule), Update = new SgdSettings(), Batch = 64 };
            using var plan = TrainingPlan.Of(network, settings);
            Assert.False(plan.Rule.Cut is { IsCompact: true });
        }
    }
}
