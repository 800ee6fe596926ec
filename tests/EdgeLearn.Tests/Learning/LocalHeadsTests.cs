using Xunit;

namespace EdgeLearn.Tests;

public class LocalHeadsTests
{
    const int Batch = 6;

    static Network Build(string spec, string loss = "cross-entropy")
        => new Network(NetworkSpec.Parse(spec, null, Loss.Named(loss))).Initialise(3);

    static LocalHeads Rule(Network network, UpdateRule update) => new(network, new(), new RuleContext(Seed: 7, OwnUpdate: update));

    // What a unit and its head minimise, computed by a network of the unit and the head alone, trained by backprop: the same gradients to
    // the bit, since nothing crosses units.
    [Theory]
    [InlineData("9-8:relu-7-4", "9-8:relu-4", "layers.1")]
    [InlineData("6x6-conv3x3x3:relu-pool2-5-4", "6x6-conv3x3x3:relu-pool2-4", "layers.2")]
    [InlineData("8x3-gru4:sequence-gru4-4", "8x3-gru4:sequence-4", "layers.1")]
    [InlineData("80x8-conv3x8:relu-pool2-conv3x6:relu-globalmax-4", "80x8-conv3x8:relu-pool2-globalmax-4", "layers.3")]
    [InlineData("6x6x2-conv3x3x4:same-batchnorm-relu-globalavg-4", "6x6x2-conv3x3x4:same-batchnorm-relu-globalavg-4", "layers.4")]
    public void A_unit_learns_as_a_network_that_ends_with_its_head(string spec, string alone, string head)
    {
        using Network network = Build(spec), reference = Build(alone);
        var samples = new SampleSet(network, Batch);
        using var run = new RuleRun(network.Parameters, Rule(network, new Sgd(new())), new Sgd(new()), Batch);
        var heads = new ParameterSet();
        var layer = new DenseLayer("layers.0.head." + HeadIndex(alone), Shape.Vector(reference.Layers[^1].InputLength), Shape.Vector(4), 1,
            Activation.Identity, heads);
        heads.Allocate();
        layer.Initialise(heads, 7);
        foreach (string part in new[] { "weight", "bias" })
        {
            heads[heads.Find($"{layer.Name}.{part}")!].CopyTo(reference.Parameters[reference.Parameters.Find($"{head}.{part}")!]);
        }

        using var backprop = new RuleRun(reference.Parameters, new Backprop(reference), new Sgd(new()), Batch);
        for (int step = 0; step < 3; step++)
        {
            run.Step(samples.Rows(Batch));
            backprop.Step(samples.Rows(Batch));
        }

        // The last unit of a network of one unit is that unit itself, head and all.
        foreach (var slice in network.Layers[0].Slices)
            Values.AssertSameBits(reference.Parameters[reference.Parameters.Find(slice.Name)!], network.Parameters[slice], slice.Name);
    }

    // Its weights would be drawn ones or zeros in tpsgd, and similarity has none.
    [Theory]
    [InlineData("6x11x1-conv3x1x2:relu-avgpool2-layernorm-conv3x3x2:same:relu-4", "tpsgd")]
    [InlineData("20-9:relu-dropout0.2-layernorm-4", "similarity")]
    [InlineData("9x8x1-conv3x3x2:relu-pool2-batchnorm-relu-7-4", "local-heads")]
    public void A_norm_between_units_is_no_part_of_a_head(string spec, string rule)
    {
        using var network = Build(spec);
        LocalLearning learning = rule switch
        {
            "tpsgd" => new TargetProjection(network, new()),
            "similarity" => new LocalHeads(network, new() { Similarity = 0.5f }),
            _ => new LocalHeads(network, new()),
        };
        using var run = new RuleRun(network.Parameters, learning, new Sgd(new()), Batch);
        float[] before = [.. network.Parameters[network.Layers[0].Slices[0]]];
        Assert.True(double.IsFinite(run.Step(new SampleSet(network, Batch).Rows(Batch)).Loss));
        Assert.NotEqual(before, network.Parameters[network.Layers[0].Slices[0]].ToArray());
        Assert.All(learning.HeadParameters!.Slices, slice => Assert.True(slice.Shape.Length == 2 || slice.Length == 4, slice.Name));
    }

    // The head's layers are those between the units, then the dense one.
    static int HeadIndex(string alone)
        => alone.Split('-').Length - 2 - alone.Split('-').Skip(1)
            .TakeWhile(part => part.StartsWith("conv", StringComparison.Ordinal) || part.StartsWith("gru", StringComparison.Ordinal)
            || char.IsDigit(part[0]) || part is "batchnorm" or "relu").Count(part => part != "4");

    [Fact]
    public void A_checkpoint_holds_the_heads()
    {
        using Network first = Build("9-8-7-4"), second = Build("9-8-7-4");
        var samples = new SampleSet(first, Batch);
        using var run = new RuleRun(first.Parameters, Rule(first, new Adam(new())), new Adam(new()), Batch);
        using var resumed = new RuleRun(second.Parameters, Rule(second, new Adam(new())), new Adam(new()), Batch);
        for (int step = 0; step < 3; step++) run.Step(samples.Rows(Batch));
        byte[] state = RuleRun.StateOf(run.Rule);
        Assert.Equal(2 * (4 * (8 + 1) + 4 * (7 + 1)) * sizeof(float) + (4 * (8 + 1) + 4 * (7 + 1)) * sizeof(float), state.Length);
        resumed.Rule.RestoreState(new ByteSource(state, "state"));
        run.Update.State.CopyTo(resumed.Update.State);
        second.Parameters.Take(first.Parameters);
        resumed.StepCount = run.StepCount;
        for (int step = 0; step < 3; step++)
        {
            run.Step(samples.Rows(Batch));
            resumed.Step(samples.Rows(Batch));
        }

        Values.AssertSameBits(first.Parameters.Values, second.Parameters.Values, "weights");
    }

    [Fact]
    public void Workspace_does_not_grow_with_depth()
    {
        static long WorkspaceOf(int layers, string rule) => TrainingPlan.MemoryOf(
            NetworkSpec.Parse("64-" + string.Concat(Enumerable.Repeat("64:relu-", layers)) + "10", null, Loss.SoftmaxCrossEntropy),
            new TrainingSettings { Rule = LearningRules.Named(rule), Batch = 64 }, memoryLimitBytes: 0).WorkspaceBytes;
        Assert.InRange(WorkspaceOf(16, "local-heads"), 1, 1.05 * WorkspaceOf(6, "local-heads"));
        Assert.InRange(WorkspaceOf(16, "tpsgd"), 1, 1.05 * WorkspaceOf(6, "tpsgd"));
        Assert.True(WorkspaceOf(16, "backprop") > 2 * WorkspaceOf(2, "backprop"));
    }

    // Scores are P r / sqrt(values) with P the noise of the unit's targets and thresholds 0 at the first step; the loss by each weight by
    // central differences.
    [Theory]
    [InlineData(LocalLoss.CrossEntropy)]
    [InlineData(LocalLoss.Hinge)]
    public void Target_projection_scores_classes_by_its_fixed_matrix(LocalLoss loss)
    {
        using var network = Build("6-5-4-3");
        var samples = new SampleSet(network, Batch);
        var options = new TargetProjectionSettings { LocalLoss = loss };
        var recorder = new GradientRecorder();
        using var run = new RuleRun(network.Parameters, new TargetProjection(network, options, new RuleContext(Seed: 11)), recorder, Batch);
        run.Step(samples.Rows(Batch));
        var reference = new ReferenceNetwork(network);
        for (int l = 0; l < 2; l++)
        {
            int index = l, units = network.Layers[l].OutputLength;
            ulong key = Noise.Key(11, Noise.TensorHash($"layers.{l}.target"));
            double Mean() => Enumerable.Range(0, Batch).Average(b =>
            {
                double[] y = [.. reference.Outputs(samples.Row(b), index + 1).Select(value => (double)value)];
                double[] s = [.. Enumerable.Range(0, 3)
                    .Select(c => Enumerable.Range(0, units)
                    .Sum(u => 0.9 * Noise.SignAt(key, (long)c * units + u) * y[u]) / Math.Sqrt(units))];
                double own = s[samples.Labels[b]];
                return loss == LocalLoss.CrossEntropy
                    ? Math.Log(s.Sum(Math.Exp)) - own
                    : (s.Sum(other => Math.Max(0, 1 + other - own)) - 1) / 2;
            });
            foreach (var slice in network.Layers[l].Slices)
                Values.AssertNear(reference.Gradient(slice.Name, Mean), recorder[slice.Name], 1e-5, $"{loss}, {slice.Name}");
        }
    }

    [Fact]
    public void Head_units_out_of_range_are_refused()
    => Assert.Contains("--head-units -1",
        Assert.Throws<EdgeLearnException>(() => new LocalHeadsSettings { HeadUnits = -1 }.Check()).Message,
        StringComparison.Ordinal);
}
