using Xunit;

namespace EdgeLearn.Tests;

public class SimilarityTests
{
    const int Batch = 6;

    static Network Build(string spec) => new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Initialise(3);

    static GradientRecorder Gradients(Network network, SampleSet samples, float share)
    {
        var recorder = new GradientRecorder();
        using var run = new RuleRun(network.Parameters,
            new LocalHeads(network, new() { Similarity = share }, new RuleContext(Seed: 5)), recorder, Batch);
        run.Step(samples.Rows(Batch));
        return recorder;
    }

    // Centred over the batch, then of length 1.
    static double[][] Directions(double[][] rows)
    {
        double[] mean = [.. Enumerable.Range(0, rows[0].Length).Select(c => rows.Average(row => row[c]))];
        double[][] centred = [.. rows.Select(row => row.Select((value, c) => value - mean[c]).ToArray())];
        return [.. centred.Select(row => row.Select(value => value / Math.Sqrt(row.Sum(other => other * other))).ToArray())];
    }

    static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    [Fact]
    public void Units_learn_to_be_alike_as_their_labels_are()
    {
        using var network = Build("6-5-4-3");
        var samples = new SampleSet(network, Batch);
        var recorder = Gradients(network, samples, 1);
        var reference = new ReferenceNetwork(network);
        double[][] labels =
            Directions([.. Enumerable.Range(0, Batch)
            .Select(b => Enumerable.Range(0, 3).Select(c => samples.Labels[b] == c ? 1.0 : 0.0).ToArray())]);
        for (int l = 0; l < 2; l++)
        {
            int index = l;
            double Mean()
            {
                double[][] u =
                    Directions([.. Enumerable.Range(0, Batch)
                    .Select(b => reference.Outputs(samples.Row(b), index + 1).Select(value => (double)value).ToArray())]);
                return Enumerable.Range(0, Batch * Batch)
                    .Average(pair => Math.Pow(Dot(u[pair / Batch], u[pair % Batch]) - Dot(labels[pair / Batch], labels[pair % Batch]), 2));
            }

            foreach (var slice in network.Layers[l].Slices)
                Values.AssertNear(reference.Gradient(slice.Name, Mean), recorder[slice.Name], 1e-5, slice.Name);
        }
    }

    [Theory]
    [InlineData("6-5-4-3")]
    [InlineData("6x6-conv3x3x3:relu-pool2-5-3")]
    [InlineData("80x8-conv3x8:relu-pool2-conv3x6:relu-globalmax-3")]
    public void A_share_mixes_the_gradients_of_both_losses(string spec)
    {
        using var network = Build(spec);
        var samples = new SampleSet(network, Batch);
        GradientRecorder head = Gradients(network, samples, 0), similarity = Gradients(network, samples, 1),
            mixed = Gradients(network, samples, 0.25f);
        foreach (var slice in network.Layers[0].Slices)
        {
            Assert.Contains(similarity[slice.Name].ToArray(), value => value != 0);
            double[] expected = [.. head[slice.Name].ToArray().Zip(similarity[slice.Name].ToArray(), (h, s) => (0.75 * h) + (0.25 * s))];
            Values.AssertNear(expected, mixed[slice.Name], 1e-5, slice.Name);
        }
    }

    // Two classes with one output; and a short last batch, whose products need more scratch than a whole one's.
    [Theory]
    [InlineData("6-5-1", "binary-cross-entropy", 9, 4)]
    [InlineData("6-2000-3", "cross-entropy", 104, 64)]
    public void Runs_end_with_a_finite_loss(string spec, string loss, int samples, int batch)
    {
        using var network = new Network(NetworkSpec.Parse(spec, null, Loss.Named(loss))).Initialise(1);
        var data = new MemoryDataset(Values.Random(6 * samples, 1), [.. Enumerable.Range(0, samples).Select(i => i % 2)], Shape.Vector(6));
        using var session = new TrainingSession(network,
            new TrainingSettings { Rule = new LocalHeadsSettings { Similarity = 0.5f }, Batch = batch, Epochs = 2 }, data,
                Preparation.Identity);
        while (!session.IsDone) Assert.True(double.IsFinite(session.Step().Loss));
    }

    [Fact]
    public void A_sample_without_length_changes_nothing()
    {
        using var network = Build("6-5:relu-3");
        foreach (var slice in network.Layers[0].Slices) network.Parameters[slice].Clear();
        var recorder = Gradients(network, new SampleSet(network, Batch), 1);
        foreach (var slice in network.Layers[0].Slices) Assert.All(recorder[slice.Name].ToArray(), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(-0.1f)]
    [InlineData(1.5f)]
    [InlineData(float.NaN)]
    public void A_share_out_of_range_is_refused(float share)
        => Assert.Contains("--similarity",
            Assert.Throws<EdgeLearnException>(() => new LocalHeadsSettings { Similarity = share }.Check()).Message,
                StringComparison.Ordinal);
}
