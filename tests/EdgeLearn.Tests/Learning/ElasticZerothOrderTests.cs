using Xunit;

namespace EdgeLearn.Tests;

public class ElasticZerothOrderTests
{
    const int Batch = 5;

    const string Spec = "6x6-21@3x3-18-4";

    const ulong Seed = 2;

    static Network Build() => new Network(NetworkSpec.Parse(Spec, null, Loss.SoftmaxCrossEntropy)).Initialise(3);

    static int FirstOf(Network network, int layer) => network.Layers[layer].Slices[0].Offset;

    // A copy whose first layers were really perturbed.
    static Network Perturbed(Network network, int layers, ElasticZerothOrderSettings options, float scale)
    {
        var copy = Build();
        network.Parameters.Values.CopyTo(copy.Parameters.Values);
        for (int i = 0; i < layers; i++)
        {
            foreach (var slice in copy.Layers[i].Slices)
            {
                var values = copy.Parameters[slice];
                Noise.Add(options.Noise, Noise.Key(ProbeSettings.SeedOf(Seed, 0, options.Directions - 1), slice.NameHash), 0, scale,
                    values, values);
            }
        }

        return copy;
    }

    static double LossOf(Network network, in Batch batch)
    {
        var pass = new NetworkForwardPass(network);
        var plan = new MemoryPlan();
        pass.Plan(plan, batch.Count, probed: false, PlanTime.Step);
        using var workspace = new Workspace(plan);
        double[] results = new double[1];
        pass.Losses([Probe.None], batch, network.Loss, results);
        return results[0];
    }

    [Fact]
    public void The_usual_rate_of_the_body_falls_with_its_weights()
    {
        using var network = Build();
        var frozen = network.Layers[0].Slices[^1];
        frozen.Trainable = false;
        _ = new ElasticZerothOrder(network, new());
        int body = (21 * 10) + (18 * 22) - frozen.Length; // windows of 3x3 and 21 inputs, each with a bias
        Assert.All(network.Layers.Take(2).SelectMany(layer => layer.Slices), slice => Assert.Equal(30f / body, slice.RateScale));
        Assert.All(network.Layers[2].Slices, slice => Assert.Equal(1f, slice.RateScale));
    }

    [Theory]
    [InlineData(1, NoiseKind.Sign)]
    [InlineData(1, NoiseKind.Gaussian)]
    [InlineData(2, NoiseKind.Sign)]
    public void The_head_learns_by_exact_gradients_at_the_minus_probe_and_the_body_along_its_slope(int exactLayers, NoiseKind kind)
    {
        var options = new ElasticZerothOrderSettings { Epsilon = 0.01f, Noise = kind, ExactLayers = exactLayers, HiddenRate = 1 };
        using var network = Build();
        int body = network.Layers.Length - exactLayers, head = FirstOf(network, body);
        var samples = new SampleSet(network, Batch);
        using Network plus = Perturbed(network, body, options, options.Epsilon),
            minus = Perturbed(network, body, options, -options.Epsilon), start = Build();
        double lossPlus = LossOf(plus, samples.Rows(Batch)), lossMinus = LossOf(minus, samples.Rows(Batch));

        using var run = new RuleRun(network.Parameters, new ElasticZerothOrder(network, options, Seed), new Sgd(new()), Batch);
        var report = run.Step(samples.Rows(Batch));
        Assert.Equal((lossPlus + lossMinus) / 2, report.Loss, 1e-12);

        using var backprop = new RuleRun(minus.Parameters, new Backprop(minus), new Sgd(new()), Batch);
        backprop.Step(samples.Rows(Batch));
        Values.AssertSameBits(minus.Parameters.Values[head..], network.Parameters.Values[head..], "head");

        var record = new ZerothOrderRecord(ProbeSettings.SeedOf(Seed, 0, 0), (float)((lossPlus - lossMinus) / (2.0 * options.Epsilon)));
        var update = new Sgd(new());
        var plan = new MemoryPlan();
        update.Plan(start.Parameters, plan);
        using var workspace = new Workspace(plan);
        update.BeginStep(new StepClock(0, 0.1f));
        ZerothOrderRecord.Apply([.. start.Layers.Take(body).SelectMany(layer => layer.Slices)], kind, [record], update, new float[64]);
        Values.AssertSameBits(start.Parameters.Values[..head], network.Parameters.Values[..head], "body");
        Assert.NotEqual(Build().Parameters.ContentHash(), start.Parameters.ContentHash());
    }

    [Fact]
    public void Of_several_directions_the_last_one_serves_the_head()
    {
        var options = new ElasticZerothOrderSettings { Epsilon = 0.01f, Directions = 3 };
        using var network = Build();
        var samples = new SampleSet(network, Batch);
        int head = FirstOf(network, 2);
        using var minus = Perturbed(network, 2, options, -options.Epsilon);
        using var run = new RuleRun(network.Parameters, new ElasticZerothOrder(network, options, Seed), new Sgd(new()), Batch);
        run.Step(samples.Rows(Batch));
        using var frozen = new RuleRun(minus.Parameters, new Frozen(minus), new Sgd(new()), Batch);
        frozen.Step(samples.Rows(Batch));
        Values.AssertSameBits(minus.Parameters.Values[head..], network.Parameters.Values[head..], "head");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(-1)]
    public void A_number_of_exact_layers_that_leaves_nothing_to_either_part_is_refused(int exactLayers)
    {
        using var network = Build();
        var refusal = Assert.Throws<EdgeLearnException>(() => new ElasticZerothOrder(network, new() { ExactLayers = exactLayers }));
        Assert.Contains("between 1 and 2", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_of_one_layer_is_refused()
    {
        using var network = new Network(NetworkSpec.Parse("4-2", null, Loss.SoftmaxCrossEntropy));
        var refusal = Assert.Throws<EdgeLearnException>(() => new ElasticZerothOrder(network, new()));
        Assert.Contains("use backprop or zo instead", refusal.Message, StringComparison.Ordinal);
    }
}
