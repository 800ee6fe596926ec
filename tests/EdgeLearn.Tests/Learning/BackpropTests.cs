using Xunit;

namespace EdgeLearn.Tests;

public class BackpropTests
{
    static Network Build(string spec, Loss loss, params float[] weights)
    {
        var network = new Network(NetworkSpec.Parse(spec, null, loss)).Initialise(1);
        weights.CopyTo(network.Parameters.Values);
        Assert.Equal(weights.Length, network.Parameters.Length);
        return network;
    }

    // x1 = (1, 2), target 3: z = (2.5, 0.5), y = 4, loss 1/2; x2 = (1, -1), target 5: z = (1, -2.5), the second unit is dead, y = 3, loss
    // 2. dy of the mean = (1/2, -1): gW2 = (1/4, 1/4), gb2 = -1/2; dz = (1, -2) and (-2, 0): gW1 = ((-1, 4), (-2, -4)), gb1 = (-1, -2).
    [Fact]
    public void A_step_of_mean_square_and_relu_is_the_one_worked_by_hand()
    {
        using var network = Build("2-2:relu-1", Loss.MeanSquareError, 1, 0.5f, -1, 1, 0.5f, -0.5f, 2, -4, 1);
        using var run = new RuleRun(network.Parameters, new Backprop(network), new Sgd(new()), 2);
        var report = run.Step(new Batch(2, [1, 2, 1, -1], new float[] { 3, 5 }), 0.5f);
        Assert.Equal(new StepReport(1.25, 2), report);
        Assert.Equal([1.5f, -1.5f, 0, 3, 1, 0.5f, 1.875f, -4.125f, 1.25f], network.Parameters.Values.ToArray());
    }

    // softmax(0, 0) = (1/2, 1/2), loss ln 2, dz = (-1/2, 1/2), gW = dz * 2.
    [Fact]
    public void A_step_of_cross_entropy_is_the_one_worked_by_hand()
    {
        using var network = Build("1-2", Loss.SoftmaxCrossEntropy, 0, 0, 0, 0);
        using var run = new RuleRun(network.Parameters, new Backprop(network), new Sgd(new()), 1);
        Assert.Equal(Math.Log(2), run.Step(new Batch(1, [2], [0]), 1).Loss, 1e-15);
        Assert.Equal([1, -1, 0.5f, -0.5f], network.Parameters.Values.ToArray());
    }

    [Fact]
    public void Frozen_changes_the_last_layer_as_backprop_does_and_no_other()
    {
        using var frozen = new Network(NetworkSpec.Parse("6x6-21@3x3-8-4", null, Loss.SoftmaxCrossEntropy)).Initialise(1);
        using var backprop = new Network(frozen.Spec).Initialise(1);
        var samples = new SampleSet(frozen, 5);
        float[] before = frozen.Parameters.Values.ToArray();
        using var frozenRun = new RuleRun(frozen.Parameters, new Frozen(frozen), new Sgd(new()), 5);
        using var backpropRun = new RuleRun(backprop.Parameters, new Backprop(backprop), new Sgd(new()), 5);
        Assert.Equal(backpropRun.Step(samples.Rows(5)), frozenRun.Step(samples.Rows(5)));
        int head = frozen.Layers[2].Slices[0].Offset;
        Values.AssertSameBits(before.AsSpan(0, head), frozen.Parameters.Values[..head], "hidden layers");
        Values.AssertSameBits(backprop.Parameters.Values[head..], frozen.Parameters.Values[head..], "last layer");
        Assert.False(backprop.Parameters.Values[..head].SequenceEqual(before.AsSpan(0, head)));
    }

    [Fact]
    public void Frozen_needs_less_memory_than_backprop()
    {
        using var network = new Network(NetworkSpec.Parse("64-64-64-64-64-64-64-64-10", null, Loss.SoftmaxCrossEntropy));
        MemoryPlan frozen = new(), backprop = new();
        new Frozen(network).Plan(frozen, 32);
        new Backprop(network).Plan(backprop, 32);
        Assert.True(frozen.WorkspaceBytes < backprop.WorkspaceBytes / 2, $"{frozen.WorkspaceBytes} and {backprop.WorkspaceBytes}");
    }

    [Fact]
    public void A_loss_that_runs_away_is_reported()
    {
        using var network = Build("1-1", Loss.MeanSquareError, 1, 0);
        using var run = new RuleRun(network.Parameters, new Backprop(network), new Sgd(new()), 1);
        var report = default(StepReport);
        for (int step = 0; step < 500 && !report.Diverged; step++) report = run.Step(new Batch(1, [1], new float[] { 2 }), 100);
        Assert.True(report.Diverged);
        Assert.False(new StepReport(1e300, 1).Diverged);
    }
}
