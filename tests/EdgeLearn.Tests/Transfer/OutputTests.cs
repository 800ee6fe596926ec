using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Classes that come later, and heads for other classes.</summary>
public class OutputTests
{
    static Network Build(string spec, WeightStorage storage = WeightStorage.Float32)
        => new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy), storage).Initialise(3);

    static float[] Outputs(Network network, float[] inputs, int batch)
    {
        using var pass = new BoundPass(network, batch);
        return pass.Outputs(new Batch(batch, inputs.AsSpan(0, batch * network.InputLength), new int[batch]));
    }

    [Theory]
    [InlineData("12-20-4", WeightStorage.Float32, 1)]
    [InlineData("12-20-4", WeightStorage.Float32, 3)]
    [InlineData("12-20-4", WeightStorage.BFloat16, 1)]
    [InlineData("12-20-4", WeightStorage.Int8, 2)]
    [InlineData("8x8-conv3x3x4-pool2-12:relu-10", WeightStorage.Float32, 1)]
    [InlineData("8x8-30@3x3-10", WeightStorage.Float32, 2)]
    public void Old_outputs_keep_their_bits_and_a_new_one_never_wins(string spec, WeightStorage storage, int classes)
    {
        using var network = Build(spec, storage);
        using var wider = network.WithMoreOutputs(classes);
        Assert.Equal(network.OutputLength + classes, wider.OutputLength);
        foreach (int batch in (int[])[1, 7, 40])
        {
            float[] inputs = Values.Random(batch * network.InputLength, 4), old = Outputs(network, inputs, batch),
                all = Outputs(wider, inputs, batch);
            for (int b = 0; b < batch; b++)
            {
                var row = all.AsSpan(b * wider.OutputLength, wider.OutputLength);
                Values.AssertSameBits(old.AsSpan(b * network.OutputLength, network.OutputLength).ToArray(),
                    row[..network.OutputLength].ToArray(), spec);
                float largest = 0;
                for (int i = 0; i < network.OutputLength; i++) largest = i == 0 ? row[0] : Math.Max(largest, row[i]);
                Assert.All(row[network.OutputLength..].ToArray(), value => Assert.True(value <= largest + 0.02f * Math.Abs(largest)));
            }
        }
    }

    [Fact]
    public void The_new_class_learns_while_the_others_outputs_can_stay()
    {
        using var network = Build("12-20-4");
        using var wider = network.WithMoreOutputs(1);
        var samples = new SampleSet(wider, 60);
        using var data = new MemoryDataset(samples.Inputs, [.. Enumerable.Repeat(4, 60)], wider.Spec.Input, 5);
        using var session = new TrainingSession(wider,
            new TrainingSettings { Rule = new BackpropSettings(), Train = TrainableParts.Head, Epochs = 20, Batch = 20 }, data,
            Preparation.Identity);
        while (!session.IsDone) session.Step();
        Assert.Equal(1, session.Evaluate(data).Accuracy);
    }

    [Theory]
    [InlineData("9x4-gru6")]
    [InlineData("8x8-30@3x3")]
    public void A_head_that_is_not_dense_is_refused(string spec)
    {
        using var network = Build(spec);
        Assert.Contains("only a dense layer", Assert.Throws<EdgeLearnException>(() => network.WithMoreOutputs(1)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_for_other_classes_is_drawn_and_the_body_stays()
    {
        using var network = Build("12-20-4");
        using var other = network.Rebuild(network.Spec.WithOutputs(7), seed: 8);
        using var again = network.Rebuild(network.Spec.WithOutputs(7), seed: 8);
        using var fresh = new Network(other.Spec).Initialise(8);
        var parameters = other.Parameters;
        Assert.Equal(network.Parameters[network.Parameters.Find("layers.0.weight")!].ToArray(),
            parameters[parameters.Find("layers.0.weight")!].ToArray());
        Assert.Equal(fresh.Parameters[fresh.Parameters.Find("layers.1.weight")!].ToArray(),
            parameters[parameters.Find("layers.1.weight")!].ToArray());
        Assert.Equal(again.Parameters.Values.ToArray(), parameters.Values.ToArray());
    }
}
