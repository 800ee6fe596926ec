using Xunit;

namespace EdgeLearn.Tests;

public sealed class WeightConsolidationTests
{
    // A linear network with half the square error is a quadratic: one input of 1, one output, loss = (w + b - t)^2 / 2.
    static readonly NetworkSpec s_linear = NetworkSpec.Parse("1-1", null, Loss.MeanSquareError);

    [Theory]
    [InlineData(0.5f)]
    [InlineData(50f)]
    [InlineData(1e6f)] // lambda * rate * F far above 2, where a gradient step would explode
    public void Weights_settle_at_the_minimum_of_loss_and_penalty(float lambda)
    {
        using var network = new Network(s_linear).Initialise(1);
        var data = new MemoryDataset([1f, 1f], [3f, 3f], Shape.Vector(1), 1);
        var settings = new TrainingSettings
        {
            Rule = new BackpropSettings(),
            LearningRate = 0.1f,
            Schedule = ScheduleKind.Constant,
            Steps = 20_000,
            Batch = 2,
            Continual = new ContinualSettings { Consolidation = lambda }
        };
        using var session = new TrainingSession(network, settings, data, Preparation.Identity);
        float[] anchors = [0.25f, -0.5f], importance = [2f, 0.5f];
        anchors.CopyTo(session.Consolidation!.Anchors);
        importance.CopyTo(session.Consolidation.Importance);
        session.Consolidation.TaskCount = 1;
        while (!session.IsDone) session.Step();

        // d/dw: (w + b - 3) + lambda F_w (w - w*) = 0, and the same for b: w + b - 3 = r with w = w* - r / (lambda F_w).
        double w0 = anchors[0], b0 = anchors[1], iw = 1 / (lambda * importance[0]), ib = 1 / (lambda * importance[1]);
        double r = (w0 + b0 - 3) / (1 + iw + ib);
        Assert.Equal(w0 - r * iw, network.Parameters.Values[0], 2e-4);
        Assert.Equal(b0 - r * ib, network.Parameters.Values[1], 2e-4);
    }

    [Fact]
    public void Nothing_is_pulled_before_the_first_task_has_ended()
    {
        float[] Trained(ContinualSettings? continual)
        {
            using var network = new Network(s_linear).Initialise(1);
            var data = new MemoryDataset([1f, 2f], [3f, 4f], Shape.Vector(1), 1);
            using var session = new TrainingSession(network,
                new TrainingSettings { Rule = new BackpropSettings(), LearningRate = 0.1f, Steps = 10, Batch = 2, Continual = continual },
                data,
                Preparation.Identity);
            while (!session.IsDone) session.Step();
            return network.Parameters.Values.ToArray();
        }

        Assert.Equal(Trained(null), Trained(new ContinualSettings { Consolidation = 10 }));
    }

    [Fact]
    public void The_importance_of_a_softmax_is_its_Fisher_information()
    {
        using var network = new Network(NetworkSpec.Parse("2-3", null, Loss.SoftmaxCrossEntropy)).Initialise(4);
        const int Count = 20_000;
        float[] inputs = new float[Count * 2];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = Noise.GaussianAt(8, i);
        // Labels are wrong on purpose: the information does not depend on them.
        var data = new MemoryDataset(inputs, new int[Count], Shape.Vector(2), 3);
        var settings = new TrainingSettings
        {
            Rule = new BackpropSettings(),
            Steps = 1,
            Batch = 4,
            Continual = new ContinualSettings { Consolidation = 1, ConsolidationSamples = Count }
        };
        using var session = new TrainingSession(network, settings, data, Preparation.Identity);
        session.Consolidate();

        // F of w[k, j] = E x_j^2 p_k (1 - p_k), of b[k] = E p_k (1 - p_k).
        double[] expected = new double[9];
        var w = network.Parameters.Values;
        for (int n = 0; n < Count; n++)
        {
            Span<double> p = [0, 0, 0];
            double sum = 0;
            for (int k = 0; k < 3; k++) sum += p[k] = Math.Exp(w[2 * k] * inputs[2 * n] + w[2 * k + 1] * inputs[2 * n + 1] + w[6 + k]);
            for (int k = 0; k < 3; k++)
            {
                double variance = p[k] / sum * (1 - p[k] / sum) / Count;
                for (int j = 0; j < 2; j++) expected[2 * k + j] += inputs[2 * n + j] * inputs[2 * n + j] * variance;
                expected[6 + k] += variance;
            }
        }

        // 3.5 deviations of the mean of 20,000
        for (int i = 0; i < 9; i++) Assert.InRange(session.Consolidation!.Importance[i] / expected[i], 0.95, 1.05);
        Assert.Equal(w, session.Consolidation!.Anchors);
        Assert.Equal(1, session.Consolidation.TaskCount);
    }

    [Fact]
    public void Importances_of_tasks_add_up_and_older_ones_fade()
    {
        using var network = new Network(NetworkSpec.Parse("2-3", null, Loss.SoftmaxCrossEntropy)).Initialise(4);
        var data = new MemoryDataset([1, 2, -1, 0.5f, 0, 1], [0, 1, 2], Shape.Vector(2));
        var settings = new TrainingSettings
        {
            Rule = new BackpropSettings(),
            Steps = 1,
            Batch = 2,
            Continual = new ContinualSettings { Consolidation = 1, ConsolidationDecay = 0.25f }
        };
        using var session = new TrainingSession(network, settings, data, Preparation.Identity);
        session.Consolidate();
        float[] once = session.Consolidation!.Importance.ToArray();
        session.Consolidate(); // the same weights and draws: F = F / 4 + F
        for (int i = 0; i < once.Length; i++) Assert.Equal(1.25 * once[i], session.Consolidation.Importance[i], 1e-6);
        Assert.Equal(2, session.Consolidation.TaskCount);
    }

    public static TheoryData<string> Rules() => [.. LearningRules.All.Select(each => each.Word)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Measuring_importance_changes_neither_weights_nor_statistics(string rule)
    {
        using var network = new Network(
            NetworkSpec.Parse("6x6-conv3x3x4-batchnorm-relu-dropout0.5-8-3", null, Loss.SoftmaxCrossEntropy)).Initialise(4);
        float[] inputs = new float[10 * 36];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = Noise.GaussianAt(8, i);
        var data = new MemoryDataset(inputs, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0], new Shape(6, 6));
        using var session = new TrainingSession(network,
            new TrainingSettings
            {
                Rule = LearningRules.Named(rule),
                Steps = 20,
                Batch = 5,
                LearningRate = 0.01f,
                Continual = new ContinualSettings { Consolidation = 1 }
            }, data, Preparation.Identity);
        for (int i = 0; i < 10; i++) session.Step();
        byte[] before = network.Parameters.ContentHash();
        session.Consolidate();
        Assert.Equal(before, network.Parameters.ContentHash());
        Assert.Contains(session.Consolidation!.Importance.ToArray(), value => value > 0);
        Assert.All(session.Consolidation.Importance.ToArray(), value => Assert.InRange(value, 0, float.MaxValue));
        session.Step();
        Assert.NotEqual(before, network.Parameters.ContentHash());
    }

    [Theory]
    [InlineData(WeightStorage.BFloat16)]
    [InlineData(WeightStorage.Int8)]
    public void Rounded_weights_are_pulled_as_well(WeightStorage storage)
    {
        using var network = new Network(NetworkSpec.Parse("8-6-3", null, Loss.SoftmaxCrossEntropy), storage).Initialise(2);
        var data = new MemoryDataset(new float[16], [0, 1], Shape.Vector(8), 3);
        using var session = new TrainingSession(network,
            new TrainingSettings
            {
                Rule = new FrozenSettings(),
                Weights = storage,
                Steps = 100,
                Batch = 2,
                LearningRate = 1e-6f,
                Schedule = ScheduleKind.Constant,
                Continual = new ContinualSettings { Consolidation = 1e12f }
            }, data, Preparation.Identity);
        session.Consolidation!.Importance.Fill(1);
        var slice = network.Parameters.Slices[0];
        float[] start = new float[slice.Length];
        network.Parameters.Decode(slice, 0, start);
        for (int i = 0; i < slice.Length; i++) session.Consolidation.Anchors[i] = start[i] / 2;
        session.Consolidation.TaskCount = 1;
        session.Step();
        float[] pulled = new float[slice.Length];
        network.Parameters.Decode(slice, 0, pulled);
        for (int i = 0; i < slice.Length; i++) Assert.Equal(start[i] / 2, pulled[i], 0.01);
    }
}
