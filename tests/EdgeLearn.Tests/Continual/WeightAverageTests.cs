using Xunit;

namespace EdgeLearn.Tests;

public sealed class WeightAverageTests
{
    static TrainingSession Session(Network network, ContinualSettings continual, WeightStorage storage = WeightStorage.Float32)
    {
        float[] inputs = new float[40 * 6];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = Noise.GaussianAt(3, i);
        var data = new MemoryDataset(inputs, [.. Enumerable.Range(0, 40).Select(i => i % 3)], Shape.Vector(6));
        return new TrainingSession(network,
            new TrainingSettings
            {
                Rule = new TargetProjectionSettings(),
                Batch = 4,
                Steps = 40,
                LearningRate = 0.1f,
                Weights = storage,
                Continual = continual
            }, data, Preparation.Identity);
    }

    static Network NewNetwork(WeightStorage storage = WeightStorage.Float32)
        => new Network(NetworkSpec.Parse("6-5-3", null, Loss.SoftmaxCrossEntropy), storage).Initialise(1);

    static List<double[]> Train(Network network, TrainingSession session)
    {
        var path = new List<double[]>();
        while (!session.IsDone)
        {
            session.Step();
            path.Add([.. network.Parameters.Values.ToArray().Select(w => (double)w)]);
        }

        return path;
    }

    [Fact]
    public void The_exponential_average_is_its_sum_in_closed_form()
    {
        using var network = NewNetwork();
        using var session = Session(network, new ContinualSettings { Average = AverageKind.Exponential, AverageDecay = 0.9f });
        var path = Train(network, session);
        // The plain mean of w_1..w_10, then d^30 of it and (1 - d) d^(40 - t) of each w_t.
        for (int i = 0; i < path[0].Length; i++)
        {
            double expected = path.Take(10).Average(w => w[i]) * Math.Pow(0.9, 30);
            for (int t = 11; t <= 40; t++) expected += 0.1 * Math.Pow(0.9, 40 - t) * path[t - 1][i];
            Assert.Equal(expected, session.Average!.Values[i], 1e-6);
        }
    }

    [Fact]
    public void The_equal_average_is_the_mean_over_the_last_part_of_the_run()
    {
        using var network = NewNetwork();
        using var session = Session(network, new ContinualSettings { Average = AverageKind.Equal, AverageStart = 0.75f });
        var path = Train(network, session);
        Assert.Equal(10, session.Average!.Count);
        for (int i = 0; i < path[0].Length; i++) Assert.Equal(path.Skip(30).Average(w => w[i]), session.Average.Values[i], 1e-6);
    }

    [Fact]
    public void An_evaluation_takes_the_average_and_leaves_the_weights()
    {
        using var network = NewNetwork();
        using var session = Session(network, new ContinualSettings { Average = AverageKind.Exponential, AverageDecay = 0.99f });
        Train(network, session);
        byte[] last = network.Parameters.ContentHash();
        float[] average = session.Average!.Values.ToArray();
        var evaluation = session.Evaluate(session.Data);
        Assert.Equal(last, network.Parameters.ContentHash());
        session.TakeAverage();
        Assert.Equal(average, network.Parameters.Values);
        var again = session.Evaluate(session.Data);
        Assert.Equal((evaluation.Accuracy, evaluation.Loss), (again.Accuracy, again.Loss));
        Assert.Equal(average, network.Parameters.Values);
    }

    [Theory]
    [InlineData(WeightStorage.BFloat16)]
    [InlineData(WeightStorage.Int8)]
    public void Weights_of_fewer_bits_are_averaged_in_float_and_come_back_to_the_bit(WeightStorage storage)
    {
        using var network = NewNetwork(storage);
        using var session = Session(network, new ContinualSettings { Average = AverageKind.Equal, AverageStart = 0 }, storage);
        var slice = network.Parameters.Slices[0];
        double[] sum = new double[slice.Length];
        float[] weights = new float[slice.Length];
        while (!session.IsDone)
        {
            session.Step();
            network.Parameters.Decode(slice, 0, weights);
            for (int i = 0; i < weights.Length; i++) sum[i] += weights[i];
        }

        for (int i = 0; i < weights.Length; i++) Assert.Equal(sum[i] / 40, session.Average!.Values[i], 1e-5);
        byte[] last = network.Parameters.ContentHash();
        session.Evaluate(session.Data);
        Assert.Equal(last, network.Parameters.ContentHash());
        session.TakeAverage();
        network.Parameters.Decode(slice, 0, weights);
        double precision = storage == WeightStorage.BFloat16 ? 1.0 / 256 : network.Parameters.Scales(slice).ToArray().Max();
        for (int i = 0; i < weights.Length; i++) Assert.Equal(sum[i] / 40, weights[i], precision);
    }
}
