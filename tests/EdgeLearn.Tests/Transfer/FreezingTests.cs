using Xunit;

namespace EdgeLearn.Tests;

/// <summary>What is frozen does not move, whatever the rule; what lies below it costs no memory.</summary>
public class FreezingTests
{
    const string Spec = "6x6-conv3x3x4:tanh-batchnorm-9:tanh-layernorm-7-4";

    static TrainingSettings Settings(string rule, string train, string update = "sgd") => new()
    {
        Rule = LearningRules.Named(rule),
        Update = UpdateRules.Named(update),
        Train = TrainableParts.Parse(train),
        Steps = 3,
        Batch = 8,
        LearningRate = 0.05f,
    };

    static MemoryDataset Data(Network network, int count = 24)
    {
        var samples = new SampleSet(network, count);
        return new MemoryDataset(samples.Inputs, samples.Labels, network.Spec.Input, network.OutputLength);
    }

    static string[] Changed(Network network, Action train)
    {
        var before = network.Parameters.Slices.ToDictionary(slice => slice.Name, slice => network.Parameters[slice].ToArray());
        train();
        return [.. network.Parameters.Slices.Where(slice => !network.Parameters[slice].SequenceEqual(before[slice.Name]))
            .Select(slice => slice.Name)];
    }

    static string[] Train(string rule, string train, string update = "sgd", string spec = Spec)
    {
        using var network = new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Initialise(1);
        using var data = Data(network);
        using var session = new TrainingSession(network, Settings(rule, train, update), data, Preparation.Identity);
        return Changed(network, () =>
        {
            while (!session.IsDone) session.Step();
        });
    }

    public static TheoryData<string, string, string[]> Parts
    {
        get
        {
            var data = new TheoryData<string, string, string[]>();
            string[] rules = ["backprop", "tpsgd", "zo", "elastic-zo"];
            foreach (string rule in rules)
            {
                data.Add(rule, "head", ["layers.5.weight", "layers.5.bias"]);
                data.Add(rule, "layers.2", ["layers.2.weight", "layers.2.bias"]);
                data.Add(rule, "layers.2.bias,head", ["layers.2.bias", "layers.5.weight", "layers.5.bias"]);
                data.Add(rule, "*.weight,layers.0",
                    ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.2.weight", "layers.3.weight", "layers.4.weight",
                    "layers.5.weight"]);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void Only_what_the_keys_name_moves(string rule, string train, string[] expected)
        => Assert.Equal(expected, Train(rule, train).Where(name => !name.Contains("running", StringComparison.Ordinal)));

    [Theory]
    [InlineData("sgd")]
    [InlineData("signum")]
    [InlineData("adam")]
    [InlineData("frugal")]
    public void Every_update_leaves_frozen_tensors_alone(string update)
    => Assert.Equal(["layers.2.bias", "layers.4.weight"], Train("backprop", "layers.2.bias,layers.4.weight", update));

    [Fact]
    public void Biases_and_norms_are_told_from_weights()
    {
        Assert.Equal(["layers.0.bias", "layers.1.bias", "layers.2.bias", "layers.3.bias", "layers.4.bias", "layers.5.bias"],
            Train("backprop", "bias").Where(name => !name.Contains("running", StringComparison.Ordinal)));
        Assert.Equal(
            ["layers.1.weight", "layers.1.bias", "layers.1.running_mean", "layers.1.running_var", "layers.3.weight", "layers.3.bias"],
            Train("backprop", "norm"));
        Assert.Equal(["layers.0.norm.weight", "layers.0.norm.bias"], Train("backprop", "norm", spec: "4x6-attn2:block-4"));
    }

    [Fact]
    public void A_frozen_batch_norm_keeps_its_statistics() => Assert.Equal(["layers.5.weight", "layers.5.bias"], Train("backprop", "head"));

    [Fact]
    public void The_frozen_control_needs_a_head_that_learns()
    {
        Assert.Equal(["layers.5.bias"], Train("frozen", "bias").Where(name => !name.Contains("running", StringComparison.Ordinal)));
        var error = Assert.Throws<EdgeLearnException>(() => Train("frozen", "layers.2"));
        Assert.Contains("frozen", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hed", "fits no tensor")]
    [InlineData("lora:0", "expected a whole number from 1")]
    [InlineData("lora", "fits no tensor")]
    [InlineData("residual:x", "expected a whole number from 1")]
    [InlineData("", "expected head")]
    [InlineData("head,", "expected head")]
    public void Keys_that_mean_nothing_are_refused(string train, string part)
        => Assert.Contains(part, Assert.Throws<EdgeLearnException>(() => Train("backprop", train)).Message, StringComparison.Ordinal);

    static long Workspace(string spec, string rule, string? train, string update = "sgd")
        => TrainingPlan.MemoryOf(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy),
            new TrainingSettings
            {
                Rule = LearningRules.Named(rule),
                Update = UpdateRules.Named(update),
                Train = train is null ? null : TrainableParts.Parse(train),
                Batch = 64
            }, memoryLimitBytes: 0).WorkspaceBytes;

    [Fact]
    public void The_planned_memory_shrinks_with_what_is_frozen()
    {
        const string Deep = "256-256-256-256-256-256-10";
        long all = Workspace(Deep, "backprop", "all"), half = Workspace(Deep, "backprop", "layers.3,layers.4,head"),
            head = Workspace(Deep, "backprop", "head"), bias = Workspace(Deep, "backprop", "bias");
        Assert.Equal(Workspace(Deep, "backprop", null), all);
        Assert.True(half < all && head < half, $"{all}, {half}, {head}");
        Assert.Equal(Workspace(Deep, "frozen", null), head);
        Assert.True(Workspace(Deep, "tpsgd", "head") <= Workspace(Deep, "tpsgd", "all"));

        // Two floats for each bias alone, where all weights would take two.
        Assert.InRange(Workspace(Deep, "backprop", "bias", "adam") - bias, 1, 2 * sizeof(float) * (5 * 256 + 10) + 512);
    }

    [Fact]
    public void Biases_alone_need_no_inputs_kept()
    {
        // Linear layers: neither inputs nor outputs are read on the way back.
        const string Linear = "512-512:identity-512:identity-512:identity-10";
        Assert.True(Workspace(Linear, "backprop", "bias") < 0.8 * Workspace(Linear, "backprop", "all"));
    }

    [Fact]
    public void A_frozen_body_drops_nothing_but_right_below_what_learns()
    {
        using var network = new Network(NetworkSpec.Parse("9-dropout0.5-8-dropout0.5-7-4", null, Loss.SoftmaxCrossEntropy)).Initialise(1);
        Assert.Equal(0, network.FrozenCount);
        TrainableParts.Parse("layers.3,layers.4").Freeze(network);
        Assert.Equal(2, network.FrozenCount);
        TrainableParts.Head.Freeze(network);
        Assert.Equal(4, network.FrozenCount);
    }

    [Fact]
    public void A_sum_of_gradients_is_that_of_the_whole_network()
    {
        using var network = new Network(NetworkSpec.Parse(Spec, null, Loss.SoftmaxCrossEntropy)).Initialise(2);
        var samples = new SampleSet(network, 6);
        TrainableParts.Parse("all").Freeze(network);
        foreach (var slice in network.Layers[1].Slices) slice.Trainable = false; // else the two would see other statistics
        GradientRecorder whole = new(), part = new();
        using (var run = new RuleRun(network.Parameters, new Backprop(network), whole, 6)) run.Step(samples.Rows(6));
        TrainableParts.Parse("layers.2.weight,layers.4.bias").Freeze(network);
        using (var run = new RuleRun(network.Parameters, new Backprop(network), part, 6)) run.Step(samples.Rows(6));
        Values.AssertSameBits(whole["layers.2.weight"], part["layers.2.weight"], "weight");
        Values.AssertSameBits(whole["layers.4.bias"], part["layers.4.bias"], "bias");
        Assert.DoesNotContain("layers.0.weight", part.Tensors);
    }
}
