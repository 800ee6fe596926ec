using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Forward-only rules on networks with a label for each step of a sequence.</summary>
public class StepLabelTests
{
    const int Batch = 5;

    static Network Build(string spec, string loss = "cross-entropy")
        => new Network(NetworkSpec.Parse(spec, null, Loss.Named(loss))).Initialise(3);

    // As in LocalHeadsTests: a unit with its head learns as a network of the two by backprop, to the bit; but for the order of sums where
    // the scores are so many that a sample or two go through the head at a time.
    [Theory]
    [InlineData("6-embed9x8-attn2:causal:block-stepwise9", "6-embed9x8-stepwise9", "layers.1")]
    [InlineData("8x3-gru4:sequence-lstm4:sequence-stepwise5", "8x3-gru4:sequence-stepwise5", "layers.1")]
    [InlineData("6-embed3000x8-attn2:causal:block-stepwise3000", "6-embed3000x8-stepwise3000", "layers.1")]
    [InlineData("12x3-gru40:sequence-lstm4:sequence-stepwise1300", "12x3-gru40:sequence-stepwise1300", "layers.1")]
    [InlineData("6x8-attn2:block-mlp12:block-tokens7", "6x8-attn2:block-stepwise7", "layers.1")]
    [InlineData("12x4-conv3x6:same:relu-pool2-conv3x6:same-pool3-stepwise5", "12x4-conv3x6:same:relu-pool2-avgpool3-stepwise5", "layers.3")]
    public void A_unit_learns_as_a_network_that_ends_with_its_head(string spec, string alone, string head)
    {
        using Network network = Build(spec), reference = Build(alone);
        var samples = new SampleSet(network, Batch);
        var rule = new LocalHeads(network, new(), new RuleContext(Seed: 7));
        using var run = new RuleRun(network.Parameters, rule, new Sgd(new()), Batch);
        using var backprop = new RuleRun(reference.Parameters, new Backprop(reference), new Sgd(new()), Batch);
        var weight = reference.Parameters.Find(head + ".weight")!;
        var heads = new ParameterSet();
        var layer = new StepwiseDenseSpec(network.Spec.ClassCount, Activation.Identity).Build(
            $"layers.0.head.{reference.Layers.Length - 2}",
            Shape.Sequence(network.Spec.LabelLength, weight.RowLength), heads);
        heads.Allocate();
        layer.Initialise(heads, 7);
        foreach (string part in new[] { "weight", "bias" })
            heads[heads.Find($"{layer.Name}.{part}")!].CopyTo(reference.Parameters[reference.Parameters.Find($"{head}.{part}")!]);
        for (int step = 0; step < 3; step++)
        {
            run.Step(samples.Rows(Batch - step));
            backprop.Step(samples.Rows(Batch - step));
        }

        bool isWhole = network.OutputLength * Batch <= 32 * 1024;
        foreach (var slice in network.Layers[0].Slices)
        {
            var expected = reference.Parameters[reference.Parameters.Find(slice.Name)!];
            if (isWhole) Values.AssertSameBits(expected, network.Parameters[slice], slice.Name);
            else Values.AssertNear([.. expected.ToArray().Select(value => (double)value)], network.Parameters[slice], 1e-6, slice.Name);
        }

        var learned = rule.HeadParameters!;
        foreach (string part in new[] { "weight", "bias" })
        {
            var expected = reference.Parameters[reference.Parameters.Find($"{head}.{part}")!];
            Values.AssertNear([.. expected.ToArray().Select(value => (double)value)], learned[learned.Find($"{layer.Name}.{part}")!], 1e-6,
                part);
        }
    }

    // The last unit sees the output of the one before, whoever trained that: with everything below frozen it learns as under the control.
    [Theory]
    [InlineData("cross-entropy")]
    [InlineData("cross-entropy:smooth0.1")]
    public void The_head_over_the_vocabulary_learns_as_it_does_alone(string loss)
    {
        const string Spec = "6-embed9x8-attn2:causal:block-tokens9";
        using Network network = Build(Spec, loss), control = Build(Spec, loss);
        var samples = new SampleSet(network, Batch);
        TrainableParts.Head.Freeze(network);
        using var run = new RuleRun(network.Parameters, new LocalHeads(network, new()), new Adam(new()), Batch);
        using var frozen = new RuleRun(control.Parameters, new Frozen(control), new Adam(new()), Batch);
        for (int step = 0; step < 4; step++) Assert.Equal(frozen.Step(samples.Rows(Batch - step)), run.Step(samples.Rows(Batch - step)));
        Values.AssertSameBits(control.Parameters.Values, network.Parameters.Values, loss);
    }

    [Fact]
    public void A_frozen_head_only_tells_the_loss()
    {
        using var network = Build("6-embed9x8-attn2:causal:block-tokens9");
        var samples = new SampleSet(network, Batch);
        TrainableParts.Parse("layers.1").Freeze(network);
        float[] head = network.Parameters[network.Parameters.Find("layers.2.weight")!].ToArray();
        using var run = new RuleRun(network.Parameters, new LocalHeads(network, new()), new Adam(new()), Batch);
        using var pass = new BoundPass(network, Batch);
        double[] losses = new double[1];
        double first = 0;
        for (int step = 0; step < 3; step++)
        {
            pass.Pass.Losses([Probe.None], samples.Rows(Batch), network.Loss, losses);
            Assert.Equal(losses[0], run.Step(samples.Rows(Batch), 1e-2f).Loss, 1e-6);
            if (step == 0) first = losses[0];
        }

        Assert.NotEqual(first, losses[0]);
        Values.AssertSameBits(head, network.Parameters[network.Parameters.Find("layers.2.weight")!], "head");
    }

    // Mean over steps and other classes of max(0, 1 + s_c - s_label), the gradient that of the mean over samples, by central differences.
    [Fact]
    public void The_hinge_is_a_mean_over_the_steps()
    {
        const int Steps = 3, Classes = 4, Samples = 2;
        float[] scores = Values.Random(Samples * Steps * Classes, 5);
        int[] labels = Values.Labels(Samples * Steps, Classes, 2);
        double Mean(float[] values) => Enumerable.Range(0, Samples * Steps).Average(row =>
            Enumerable.Range(0, Classes).Where(c => c != labels[row])
            .Sum(c => Math.Max(0, 1 + (double)values[row * Classes + c] - values[row * Classes + labels[row]])) / (Classes - 1));
        float[] gradient = [.. scores];
        double sum = new LocalHeadLoss(Loss.SoftmaxCrossEntropy, IsHinge: true).Gradient(new Batch(Samples, [], labels, Steps), gradient);
        Assert.Equal(Mean(scores), sum / Samples, 1e-6);
        for (int i = 0; i < scores.Length; i++)
        {
            float kept = scores[i];
            scores[i] = kept + 1e-3f;
            double plus = Mean(scores);
            scores[i] = kept - 1e-3f;
            Assert.Equal((plus - Mean(scores)) / 2e-3, gradient[i], 1e-3);
            scores[i] = kept;
        }
    }

    static string Text()
    {
        string[] words = ["the ", "quick ", "brown ", "fox ", "jumps ", "over ", "a ", "lazy ", "dog. "];
        var text = new StringBuilder();
        uint state = 1;
        while (text.Length < 24_000)
        {
            state = state * 1664525 + 1013904223;
            text.Append(words[(state >> 16) % words.Length]);
        }

        return text.ToString();
    }

    static double LossAfter(string spec, TrainingSettings settings)
    {
        using var data = new TextDataset(new ByteSource(Encoding.Latin1.GetBytes(Text()), "words"), 32);
        using var network = Build(spec);
        using var session = new TrainingSession(network, settings, data, Preparation.Identity);
        while (!session.IsDone) session.Step();
        return session.Evaluate(data).Loss;
    }

    [Theory]
    [Trait("speed", "slow")]
    [InlineData("local-heads", LocalLoss.CrossEntropy)]
    [InlineData("tpsgd", LocalLoss.CrossEntropy)]
    [InlineData("tpsgd", LocalLoss.Hinge)]
    public void A_text_is_learned_better_than_over_frozen_layers(string rule, LocalLoss loss)
    {
        const string Spec = "32-embed16-positions-attn2:causal:block-mlp32:block-tokens256";
        var settings = new TrainingSettings
        {
            Rule = rule == "tpsgd"
            ? new TargetProjectionSettings { LocalLoss = loss } : new LocalHeadsSettings(),
            Update = new AdamSettings(),
            LearningRate = 1e-2f,
            Batch = 8,
            Epochs = 6
        };
        double frozen = LossAfter(Spec, settings with { Rule = new FrozenSettings() }), local = LossAfter(Spec, settings);
        Assert.True(local < 0.9 * frozen, $"{rule}: {local}, frozen {frozen}");
    }

    [Theory]
    [InlineData("local-heads")]
    [InlineData("tpsgd")]
    public void Workspace_does_not_grow_with_depth(string rule)
    {
        long Workspace(int blocks) => TrainingPlan.MemoryOf(
            NetworkSpec.Parse("32-embed32-positions-" + string.Concat(Enumerable.Repeat("attn2:causal:block-mlp64:block-", blocks))
            + "tokens256", null, Loss.SoftmaxCrossEntropy),
            new TrainingSettings { Rule = LearningRules.Named(rule), Batch = 8 }, memoryLimitBytes: 0).WorkspaceBytes;
        Assert.InRange(Workspace(8), 1, 1.05 * Workspace(1));
    }

    // A head's scores never exist for a whole batch at once.
    [Fact]
    public void Workspace_holds_the_scores_of_a_few_samples_alone()
    {
        const int Batch = 32, Few = 256, Many = 1024;
        long Workspace(int words) => TrainingPlan.MemoryOf(
            NetworkSpec.Parse($"64-embed1024x64-positions-attn4:causal:block-mlp128:block-tokens{words}", null, Loss.SoftmaxCrossEntropy),
            new TrainingSettings { Rule = new LocalHeadsSettings(), Batch = Batch }).WorkspaceBytes;
        Assert.True(Workspace(Many) - Workspace(Few) < Batch * 64 * (Many - Few) * sizeof(float) / 2);
    }
}
