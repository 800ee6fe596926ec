using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Training in the memory of inference: planned bytes at batch 64 with sgd beside inference of the same batch, for networks of
/// docs/results.md and others. The bytes of inference are those that it took before steps went a few rows at a time, so that the promise
/// cannot be kept by letting inference grow.
/// </summary>
public class MemoryPromiseTests
{
    public static TheoryData<string, long, double, double> Networks => new()
    {
        { "28x28-conv5x5x16:relu-pool2-conv5x5x32:relu-pool2-128:relu-10", 3_473_448, 1.00, 0.30 }, // mnist
        { "32x32x3-conv3x3x32:same-batchnorm-relu-pool2-conv3x3x48:same-batchnorm-relu-pool2-conv3x3x64:same-batchnorm-relu-pool2"
            + "-128:relu-10",
            18_273_000, 1.00, 0.75 }, // cifar
        { "96x96x3-conv3x3x16:stride2:same-batchnorm-relu-depthwise3x3:same-batchnorm-relu-conv1x1x32-batchnorm-relu-pool2"
            + "-conv3x3x64:same-batchnorm-relu-globalavg-10", 44_922_152, 1.00, 0.80 }, // mobile
        { "1024x1-conv16x32:stride4-batchnorm-relu-pool2-conv9x64:same-batchnorm-relu-globalmax-9", 4_490_276, 1.00, 0.85 }, // bearing
        { "49x10-conv9x128:same-batchnorm-relu-conv9x64:same-batchnorm-relu-globalmax-12", 3_689_520, 1.00, 0.90 }, // kws
        { "128x6-gru32:sequence-gru32-12", 1_375_664, 1.00, 0.35 }, // har
        { "784-256-128-10", 1_309_992, 1.02, 1.02 }, // dense
        { "28x28-1000@10x10-10", 1_112_264, 1.05, 1.00 }, // windows
        { "8x8-200@4x4-128-10", 252_040, 1.05, 1.05 }, // digits
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void Forward_only_rules_train_in_the_memory_of_inference(string network, long inference, double most, double least)
    {
        var spec = NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy);
        Assert.True(TrainingPlan.MemoryOfInference(spec, 64).TotalBytes <= inference);
        foreach (string rule in (string[])["tpsgd", "local-heads"])
        {
            var settings = new TrainingSettings { Rule = LearningRules.Named(rule), Update = new SgdSettings(), Batch = 64 };
            Assert.InRange((double)TrainingPlan.MemoryOf(spec, settings).TotalBytes / inference, 0, most);
            Assert.InRange((double)TrainingPlan.MemoryOf(spec, settings, 0).TotalBytes / inference, 0, least);
        }

        foreach (string rule in (string[])["zo", "elastic-zo", "frozen"])
        {
            var settings = new TrainingSettings { Rule = LearningRules.Named(rule), Update = new SgdSettings(), Batch = 64 };
            Assert.InRange((double)TrainingPlan.MemoryOf(spec, settings).TotalBytes / inference, 0, 1.10);
        }
    }

    // A vocabulary: neither its scores nor the gradient of its weights are there as a whole. A local head has as many weights as the last
    // layer, three of them here, which is most of what it takes.
    [Fact]
    public void A_network_over_a_vocabulary_trains_in_the_memory_of_inference()
    {
        const long Inference = 14_260_736;
        var spec = NetworkSpec.Parse("64-embed8192x128-positions-attn4:causal:block-mlp512:block-tokens8192", null,
            Loss.SoftmaxCrossEntropy);
        Assert.True(TrainingPlan.MemoryOfInference(spec, 64).TotalBytes <= Inference);
        foreach (var (rule, most) in ((string, double)[])[("tpsgd", 1.12), ("local-heads", 2.0), ("zo", 1.1), ("elastic-zo", 1.1),
            ("frozen", 1.1)])
        {
            var settings = new TrainingSettings { Rule = LearningRules.Named(rule), Update = new SgdSettings(), Batch = 64 };
            Assert.InRange((double)TrainingPlan.MemoryOf(spec, settings).TotalBytes / Inference, 0, most);
        }
    }

    // One sample a step beside inference of one: there is nothing to cut, only maps that need not be there. Local heads have weights of
    // their own, which weigh most where the network has few.
    [Theory]
    [InlineData("28x28-conv5x5x16:relu-pool2-conv5x5x32:relu-pool2-128:relu-10", 370_152, 1.18, 1.32)] // mnist
    [InlineData("32x32x3-conv3x3x32:same-batchnorm-relu-pool2-conv3x3x48:same-batchnorm-relu-pool2-conv3x3x64:same-batchnorm-relu-pool2"
        + "-128:relu-10", 981_096, 1.09, 1.20)] // cifar
    [InlineData("49x10-conv9x128:same-batchnorm-relu-conv9x64:same-batchnorm-relu-globalmax-12", 425_328, 1.08, 1.10)] // kws
    [InlineData("1024x1-conv16x32:stride4-batchnorm-relu-pool2-conv9x64:same-batchnorm-relu-globalmax-9", 149_796, 1.23, 1.25)] // bearing
    [InlineData("96x96x3-conv3x3x16:stride2:same-batchnorm-relu-depthwise3x3:same-batchnorm-relu-conv1x1x32-batchnorm-relu-pool2"
        + "-conv3x3x64:same-batchnorm-relu-globalavg-10", 793_256, 1.24, 1.38)] // mobile
    public void One_sample_a_step_takes_little_more_than_inference_of_one(string network, long inference, double tpsgd, double localHeads)
    {
        var spec = NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy);
        Assert.True(TrainingPlan.MemoryOfInference(spec, 1).TotalBytes <= inference);
        foreach (var (rule, most) in ((string, double)[])[("tpsgd", tpsgd), ("local-heads", localHeads)])
        {
            var settings = new TrainingSettings { Rule = LearningRules.Named(rule), Update = new SgdSettings(), Batch = 1 };
            Assert.InRange((double)TrainingPlan.MemoryOf(spec, settings).TotalBytes / inference, 0, most);
        }

        Assert.InRange(tpsgd, 1, 1.25);
    }

    // Dropout, weight decay, a short last batch, replayed rows, evaluation: the limit changes the plan and nothing else. Without replayed
    // rows the inputs are read as they are needed.
    [Theory]
    [InlineData("tpsgd", "sgd", 20_000, "relu")]
    [InlineData("tpsgd", "sgd", 0, "batchnorm-relu")]
    [InlineData("local-heads", "frugal", 20_000, "batchnorm-relu")]
    [InlineData("local-heads", "signum", 0, "relu")]
    [InlineData("backprop", "adam", 0, "relu")]
    public void A_run_within_the_least_that_would_do_has_the_bits_of_an_unlimited_one(string rule, string update, long replay, string norm)
    {
        var spec = NetworkSpec.Parse($"9x9-conv3x3x6-{norm}-dropout0.2-pool2-conv3x3x8:same:relu-20:relu-3", null,
            Loss.SoftmaxCrossEntropy);
        using var data = new MemoryDataset(Values.Random(61 * 81, 4), Values.Labels(61, 3, 5), new Shape(9, 9));
        var settings = new TrainingSettings
        {
            Rule = LearningRules.Named(rule),
            Update = UpdateRules.Named(update),
            Batch = 24,
            Epochs = 3,
            LearningRate = 0.02f,
            Continual = replay > 0 ? new ContinualSettings { ReplayBytes = replay } : null,
        }.With("weight-decay", "0.01");
        long least = TrainingPlan.MemoryOf(spec, settings, 0).TotalBytes;
        var (whole, wholeBytes, expected) = Run(null);
        var (part, partBytes, actual) = Run(least);
        Assert.True(partBytes <= least && least < wholeBytes, $"{partBytes} in {least}, {wholeBytes} without a limit");
        Values.AssertSameBits(whole, part, "weights");
        Assert.Equal(expected.Accuracy, actual.Accuracy);
        Assert.Equal(expected.Loss, actual.Loss, 1e-12);
        var refusal = Assert.Throws<EdgeLearnException>(() => Run(least - 1));
        Assert.Contains($"needs {least:N0} bytes", refusal.Message, StringComparison.Ordinal);

        (float[] Weights, long Bytes, Evaluation Evaluation) Run(long? limit)
        {
            using var network = new Network(spec).Initialise(7);
            using var session = new TrainingSession(network, settings, data, Preparation.Identity, limit);
            while (!session.IsDone) session.Step();
            return ([.. network.Parameters.Values], session.Plan.TotalBytes, session.Evaluate(data));
        }
    }

    [Fact]
    public void Within_a_limit_that_needs_it_the_signs_of_a_probe_go_in_turn_to_the_same_bits()
    {
        var spec = NetworkSpec.Parse("60-90:relu-70:relu-3", null, Loss.SoftmaxCrossEntropy);
        using var data = new MemoryDataset(Values.Random(40 * 60, 4), Values.Labels(40, 3, 5), Shape.Vector(60));
        var settings = new TrainingSettings { Rule = new ZerothOrderSettings(), Update = new SgdSettings(), Batch = 20, Epochs = 2 };
        long least = TrainingPlan.MemoryOf(spec, settings, 0).TotalBytes;
        Assert.True(least < TrainingPlan.MemoryOf(spec, settings).TotalBytes);
        AssertSameWeights(spec, settings, data, null, least);
    }

    // A floor for accuracy and memory alike: 129 x 10 weights learn.
    [Theory]
    [InlineData("adam", 2)]
    [InlineData("signum", 1)]
    public void Of_layers_that_stay_frozen_an_update_remembers_nothing(string update, int floats)
    {
        var spec = NetworkSpec.Parse("784-256-128-10", null, Loss.SoftmaxCrossEntropy);
        long Bytes(RuleSettings rule)
            => TrainingPlan.MemoryOf(spec, new() { Rule = rule, Update = UpdateRules.Named(update) }).BytesOf(MemoryCategory.UpdateState);
        Assert.Equal(floats * sizeof(float) * 129 * 10, Bytes(new FrozenSettings()));
        Assert.Equal(floats * sizeof(float) * ((785 * 256) + (257 * 128) + (129 * 10)), Bytes(new BackpropSettings()));
    }

    // The layer saves its inputs in another order, so that they need not be there in their own for the whole batch. The last is short.
    [Theory]
    [InlineData("tpsgd", "9x9-48@4x4-3")]
    [InlineData("local-heads", "9x9-48@20-3")]
    public void Windows_take_inputs_some_rows_at_a_time_to_the_same_bits(string rule, string network)
    {
        var spec = NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy);
        using var data = new MemoryDataset(Values.Random(61 * 81, 4), Values.Labels(61, 3, 5), new Shape(9, 9));
        var settings = new TrainingSettings { Rule = LearningRules.Named(rule), Update = new SgdSettings(), Batch = 24, Epochs = 2 };
        using (var built = new Network(spec))
        using (var plan = TrainingPlan.Of(built, settings, data, memoryLimitBytes: 0)) Assert.True(plan.StreamsInputs);
        AssertSameWeights(spec, settings, data, long.MaxValue, TrainingPlan.MemoryOf(spec, settings, 0).TotalBytes);
    }

    [Fact]
    public void A_run_away_loss_is_found_behind_a_frozen_body_whose_features_are_kept()
    {
        var spec = NetworkSpec.Parse("9-7:relu-6:relu-3", null, Loss.SoftmaxCrossEntropy);
        using var data = new MemoryDataset([.. Values.Random(40 * 9, 4).Select(value => 1e10f * value)], Values.Labels(40, 3, 5),
            Shape.Vector(9));
        var settings = new TrainingSettings
        {
            Rule = new BackpropSettings(),
            Update = new SgdSettings(),
            Batch = 20,
            Epochs = 20,
            LearningRate = 1e27f,
            Train = TrainableParts.Head,
            Features = FeatureStorage.Memory,
        };
        using var network = new Network(spec).Initialise(7);
        using var session = new TrainingSession(network, settings, data, Preparation.Identity);
        while (!session.Step().Diverged) Assert.False(session.IsDone);
        Assert.Equal(DivergenceCause.Output, session.FindDivergence().Cause);
    }

    // The last hidden gradient lies over its output only where that saves something.
    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(17)]
    public void A_network_of_two_layers_trains_at_its_least_with_any_batch(int batch)
    {
        var spec = NetworkSpec.Parse("64-22-2", null, Loss.SoftmaxCrossEntropy);
        using var data = new MemoryDataset(Values.Random(45 * 64, 4), Values.Labels(45, 2, 5), Shape.Vector(64));
        var settings = new TrainingSettings
        {
            Rule = new LocalHeadsSettings { HeadUnits = 16 },
            Update = new SgdSettings(),
            Batch = batch,
            Epochs = 1,
            LearningRate = 0.1f
        };
        AssertSameWeights(spec, settings, data, long.MaxValue, TrainingPlan.MemoryOf(spec, settings, 0).TotalBytes);
    }

    [Fact]
    public void A_run_away_loss_is_found_where_inputs_are_read_a_few_at_a_time()
    {
        var spec = NetworkSpec.Parse("9x9-conv3x3x6:relu-pool2-3", null, Loss.SoftmaxCrossEntropy);
        float[] inputs = Values.Random(40 * 81, 4);
        inputs[17 * 81] = 1e30f;
        using var data = new MemoryDataset(inputs, Values.Labels(40, 3, 5), new Shape(9, 9));
        var settings = new TrainingSettings { Rule = new BackpropSettings(), Update = new SgdSettings(), Batch = 20, LearningRate = 1e30f };
        using var network = new Network(spec).Initialise(7);
        using var session = new TrainingSession(network, settings, data, Preparation.Identity,
            TrainingPlan.MemoryOf(spec, settings, 0).TotalBytes);
        while (!session.Step().Diverged) Assert.False(session.IsDone);
        Assert.NotEqual(DivergenceCause.Input, session.FindDivergence().Cause);
        Assert.Equal(1e30f, session.FindDivergence().LargestInput);
    }

    static void AssertSameWeights(NetworkSpec spec, TrainingSettings settings, Dataset data, long? limit, long otherLimit)
    {
        Values.AssertSameBits(Weights(limit), Weights(otherLimit), "weights");

        float[] Weights(long? limit)
        {
            using var network = new Network(spec).Initialise(7);
            using var session = new TrainingSession(network, settings, data, Preparation.Identity, limit);
            while (!session.IsDone) session.Step();
            return [.. network.Parameters.Values];
        }
    }
}
