using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Rows at a time and stretches change the memory of a step, not a bit of what it computes.</summary>
public class StepCutTests
{
    const int Batch = 24;

    static readonly string[] s_networks =
    [
        "9x9x2-conv3x3x5:relu-pool2-conv3x3x7:same:relu-18:relu-3",
        "8x8x4-conv3x3x8:stride2:same-layernorm-relu-depthwise3x3:same:relu-dropout0.3-17:tanh-4",
        "70x3-conv5x6:same:groups3-relu-avgpool2-conv3x9:relu-globalmax-20:relu-5",
        "30-40:relu-dropout0.5-33:tanh-rmsnorm-3",
        "9x9x2-conv3x3x5:nobias-batchnorm-relu-pool2-conv3x3x7:same-batchnorm-leakyrelu-batchnorm:frozen-conv1x1x4-silu-dropout0.2-18-3",
        "8x8x2-conv3x3x6:same-batchnorm-relu-pool2-11:relu-3",
        "70x3-conv5x6:same:groups3-batchnorm-relu-avgpool2-conv3x9-layernorm-batchnorm-tanh-globalmax-5",
        // A norm behind a pool that the unit below runs; and one that a head would have.
        "22x4-conv1x6:same:nobias:tanh-pool3:stride1-batchnorm-depthwise3:same:identity-28:relu-3",
        "10x8-conv3x3x2:same:relu-pool2-batchnorm-relu-conv3x3x4:same:relu-11:relu-4",
    ];

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            var all = new TheoryData<string, string, string>();
            foreach (string network in s_networks)
            {
                foreach (string rule in (string[])["backprop", "frozen", "tpsgd", "tpsgd:l2", "local-heads", "tpsgd:hinge"])
                    all.Add(network, rule, "sgd");
                foreach (string update in (string[])["adam", "signum", "frugal"]) all.Add(network, "local-heads", update);
            }

            return all;
        }
    }

    static RuleSettings Settings(string rule) => rule switch
    {
        "tpsgd:l2" => new TargetProjectionSettings { LocalLoss = LocalLoss.L2 },
        "tpsgd:hinge" => new TargetProjectionSettings { LocalLoss = LocalLoss.Hinge },
        _ => LearningRules.Named(rule),
    };

    // Weights after two whole batches and a short one, and the bytes of the plan.
    static (float[] Weights, float[] Heads, long Bytes) Run(string spec, string word, string update, StepCut? cut, double[] losses)
    {
        using var network = new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Initialise(3);
        var settings = new TrainingSettings { Rule = Settings(word), Update = UpdateRules.Named(update) }.With("weight-decay", "0.01");
        if (update == "sgd") settings = settings.With("momentum", "0.5");
        using var rule = settings.BuildRule(network, 3);
        rule.Cut = cut;
        using var run = new RuleRun(network.Parameters, rule, settings.BuildUpdate(), Batch);
        var samples = new SampleSet(network, 2 * Batch + 11);
        int[] counts = [Batch, Batch, 11];
        for (int step = 0; step < 3; step++)
        {
            // Whatever is read before the step has written it shows.
            foreach (var buffer in run.Plan.Buffers.Where(buffer => buffer.Category is MemoryCategory.Activations or MemoryCategory.Panels))
                buffer.Span.Fill(float.NaN);
            losses[step] = run.Step(samples.Rows(counts[step], step * Batch), 0.05f).Loss;
        }

        return ([.. network.Parameters.Values], rule is LocalLearning { HeadParameters: { } heads } ? [.. heads.Values] : [],
            run.Plan.TotalBytes);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_cut_gives_the_bits_of_the_whole_batch(string spec, string rule, string update)
    {
        double[] expected = new double[3], losses = new double[3];
        var whole = Run(spec, rule, update, null, expected);
        using var network = new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy));
        using var built = new TrainingSettings { Rule = Settings(rule), Update = UpdateRules.Named(update) }.BuildRule(network, 3);
        var cuts = built.Cuts(Batch).ToList();
        bool goesBackThroughBoth = rule is "backprop" or "frozen" && spec.Split("batchnorm").Length > 2;
        Assert.True(cuts.Count > 5 || goesBackThroughBoth, $"{cuts.Count} cuts");
        foreach (var cut in cuts.Where(cut => cut.Stretches[0].Rows is 1 or 8 or Batch))
        {
            string name = cut.Describe(Batch);
            var part = Run(spec, rule, update, cut, losses);
            Values.AssertSameBits(whole.Weights, part.Weights, name);
            Values.AssertSameBits(whole.Heads, part.Heads, name);
            for (int i = 0; i < losses.Length; i++) Assert.Equal(expected[i], losses[i], 1e-12);
        }
    }

    // A vocabulary large enough for heads that make the loss themselves; and a small one, whose scores exist.
    [Theory]
    [InlineData("16-embed1100x8-positions-attn2:causal:block-mlp12:block-tokens1100", "tpsgd", 12)]
    [InlineData("16-embed1100x8-positions-attn2:causal:block-mlp12:block-tokens1100", "local-heads", 12)]
    [InlineData("16-embed1100x8-positions-attn2:causal:block-mlp12:block-tokens1100:tied", "backprop", 2)]
    [InlineData("16-embed1100x8-attn2:block-mlp12:block-tokens1100", "backprop", 2)]
    [InlineData("16-embed1100x8-attn2:block-mlp12:block-tokens1100", "frozen", 2)]
    [InlineData("16-embed1100x8-attn2:block-mlp12:block-tokens1100", "elastic-zo", 2)]
    [InlineData("16x8-attn2-mlp12-layernorm-stepwise9:relu-tokens20", "local-heads", 12)]
    [InlineData("16x8-mlp12:block-attn2-layernorm-stepwise20", "backprop", 6)]
    public void A_vocabulary_by_words_and_blocks_by_rows_give_the_bits_of_the_whole_batch(string spec, string rule, int fewestCuts)
    {
        double[] expected = new double[3], losses = new double[3];
        var whole = Run(spec, rule, "adam", null, expected);
        using var network = new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy));
        using var built = new TrainingSettings { Rule = Settings(rule), Update = UpdateRules.Named("adam") }.BuildRule(network, 3);
        var cuts = built.Cuts(Batch).ToList();
        Assert.True(cuts.Count >= fewestCuts, $"{cuts.Count} cuts");
        foreach (var cut in cuts)
        {
            string name = cut.Describe(Batch);
            var part = Run(spec, rule, "adam", cut, losses);
            Values.AssertSameBits(whole.Weights, part.Weights, name);
            Values.AssertSameBits(whole.Heads, part.Heads, name);
            for (int i = 0; i < losses.Length; i++) Assert.Equal(expected[i], losses[i], 1e-9);
        }
    }

    // The gradients of recurrent layers add up the samples of each step of time, and steps behind each other; parts, the other way.
    [Theory]
    [InlineData("12x3-gru7:sequence-lstm6:truncate4-4", "local-heads")]
    [InlineData("12x3-rnn9:sequence-gru5-4", "tpsgd")]
    [InlineData("12x3-gru7:sequence-lstm6-4", "backprop")]
    [InlineData("16x4-gru32:sequence-globalavg-10", "tpsgd")] // by 8 rows its inner gradient is as long as its output
    [InlineData("8x4-gru8:sequence-10", "backprop")]
    public void Recurrent_layers_come_as_near_in_another_order(string spec, string rule)
    {
        double[] expected = new double[3], losses = new double[3];
        var whole = Run(spec, rule, "sgd", null, expected);
        using var network = new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy));
        using var built = new TrainingSettings { Rule = Settings(rule), Update = UpdateRules.Named("sgd") }.BuildRule(network, 3);
        var cuts = built.Cuts(Batch).ToList();
        Assert.Contains(cuts, cut => cut.Stretches[0].Rows == 4);
        foreach (var cut in cuts)
        {
            var part = Run(spec, rule, "sgd", cut, losses);
            Values.AssertNear([.. whole.Weights.Select(value => (double)value)], part.Weights, 2e-6, cut.Describe(Batch));
            Assert.Equal(cut.Stretches.All(stretch => stretch.Rows == Batch), built.CostOf(cut, Batch) < 1e15); // the last to be taken
        }
    }

    [Fact]
    public void Fewer_rows_take_fewer_bytes_where_maps_are_larger_than_weights()
    {
        string spec = s_networks[0];
        double[] losses = new double[3];
        long whole = Run(spec, "local-heads", "sgd", null, losses).Bytes;
        long eight = Run(spec, "local-heads", "sgd", FirstTwo(8), losses).Bytes;
        long one = Run(spec, "local-heads", "sgd", FirstTwo(1), losses).Bytes;
        Assert.True(eight < whole, $"{eight} of {whole}");
        Assert.True(one < eight, $"{one} of {eight}");
    }

    static StepCut FirstTwo(int rows) => new([new Stretch(0, 2, rows), new Stretch(2, 3, Batch), new Stretch(3, 4, Batch)]);
}
