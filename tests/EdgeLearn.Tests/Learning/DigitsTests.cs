using Xunit;

namespace EdgeLearn.Tests;

/// <summary>What the rules learn on real digits. Training: batch 32, momentum 0.9, rate falling to zero; five seeds each.</summary>
[Trait("speed", "slow")]
public class DigitsTests
{
    const int Batch = 32;

    static double Accuracy(string spec, Func<Network, LearningRule> rule, float rate, int epochs, int seed)
    {
        using var network = new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Initialise((ulong)seed);
        using var run = new RuleRun(network.Parameters, rule(network), new Sgd(new() { Momentum = 0.9f }), Batch);
        var random = new Random(seed);
        int[] order = [.. Enumerable.Range(0, Digits.Train.Count)];
        var schedule = new Schedule(ScheduleKind.Linear, (long)epochs * (order.Length / Batch));
        float[] inputs = new float[Batch * 64];
        int[] labels = new int[Batch];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            random.Shuffle(order);
            for (int at = 0; at + Batch <= order.Length; at += Batch)
                run.Step(Digits.Train.Gather(order.AsSpan(at, Batch), inputs, labels), rate * schedule.FactorAt(run.StepCount));
        }

        var pass = new NetworkForwardPass(network);
        var plan = new MemoryPlan();
        pass.Plan(plan, Digits.Test.Count, probed: false, PlanTime.Evaluation);
        using var workspace = new Workspace(plan);
        var all = Digits.Test.Rows(0, Digits.Test.Count);
        return (double)network.Loss.CountCorrect(all, pass.Run(all, ForwardMode.Evaluation)) / all.Count;
    }

    static double MeanAccuracy(string spec, Func<Network, LearningRule> rule, float rate, int epochs)
        => Enumerable.Range(1, 5).Average(seed => Accuracy(spec, rule, rate, epochs, seed));

    static double Projection(string spec)
        => MeanAccuracy(spec,
            network => new TargetProjection(network, new TargetProjectionSettings { LocalLoss = LocalLoss.L2, HiddenRate = 0.3f }),
            0.05f, 15);

    static double Frozen(string spec, float rate) => MeanAccuracy(spec, network => new Frozen(network), rate, 15);

    [Fact]
    public void Target_projection_beats_frozen_dense_layers_by_a_point_at_the_same_rate_and_stays_below_backprop()
    {
        const string Spec = "64-128-128-10";
        double projection = Projection(Spec), frozen = Frozen(Spec, 0.05f),
            backprop = MeanAccuracy(Spec, network => new Backprop(network), 0.05f, 15);
        Assert.True(projection >= frozen + 0.01, $"tpsgd {projection:P2}, frozen {frozen:P2}");
        Assert.True(backprop >= projection - 0.005, $"tpsgd {projection:P2}, backprop {backprop:P2}");
        Assert.InRange(backprop, 0.955, 1);
    }

    // The control gets the best of three rates on the test set itself, the rule a rate fixed beforehand. (Dense layers gain 0.8 point over
    // such a control.)
    [Fact]
    public void With_windows_target_projection_beats_the_best_frozen_layers_by_a_point()
    {
        const string Spec = "8x8-128@4x4-128-10";
        double projection = Projection(Spec), frozen = new[] { 0.1f, 0.3f, 1f }.Max(rate => Frozen(Spec, rate));
        Assert.True(projection >= frozen + 0.01, $"tpsgd {projection:P2}, frozen {frozen:P2}");
    }

    [Fact]
    public void Zeroth_order_from_scratch_learns_slowly_but_it_learns()
    {
        double zo = Accuracy("64-10", network => new ZerothOrder(new NetworkForwardPass(network), network.Loss, new ZerothOrderSettings()),
            2e-3f, 10, seed: 1);
        Assert.InRange(zo, 0.7, 0.95);
    }

    // Its body gains nothing from scratch: the noise of its steps costs the head two points here, and a collapse would cost far more.
    [Fact]
    public void Elastic_zeroth_order_from_scratch_stays_near_its_head_alone()
    {
        double elastic = Accuracy("64-128-10", network => new ElasticZerothOrder(network, new()), 0.05f, 10, seed: 1);
        double frozen = Accuracy("64-128-10", network => new Frozen(network), 0.05f, 10, seed: 1);
        Assert.True(elastic >= frozen - 0.04, $"elastic-zo {elastic:P2}, frozen {frozen:P2}");
    }
}
