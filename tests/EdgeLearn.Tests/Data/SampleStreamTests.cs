using Xunit;

namespace EdgeLearn.Tests;

public class SampleStreamTests
{
    static readonly MemoryDataset s_data = new(
        [.. Enumerable.Range(0, 22).Select(i => (float)i)], [.. Enumerable.Range(0, 11)], Shape.Vector(2));

    [Fact]
    public void An_epoch_visits_every_sample_once_and_ends_with_a_short_batch()
    {
        var stream = new SampleStream(s_data, Preparation.Identity, 4, seed: 5);
        Assert.Equal(3, stream.BatchesPerEpoch);
        for (ulong epoch = 0; epoch < 3; epoch++)
        {
            var seen = new List<int>();
            foreach (int expected in (int[])[4, 4, 3])
            {
                Assert.Equal(new StreamPosition(5, epoch, seen.Count), stream.Position);
                var (inputs, labels) = Read(stream, out int rows);
                Assert.Equal(expected, rows);
                for (int i = 0; i < rows; i++) Assert.Equal([2f * labels[i], (2f * labels[i]) + 1], inputs[(2 * i)..(2 * i + 2)]);
                seen.AddRange(labels[..rows]);
            }

            Assert.Equal(Enumerable.Range(0, 11), seen.Order());
            var order = new EpochOrder(5, epoch, 11);
            Assert.Equal(Enumerable.Range(0, 11).Select(i => order[i]), seen);
        }
    }

    [Fact]
    public void A_stream_set_to_a_position_goes_on_as_if_it_had_never_stopped()
    {
        var first = new SampleStream(s_data, Preparation.Identity, 3, seed: 8);
        for (int i = 0; i < 6; i++) Read(first, out _);
        var second = new SampleStream(s_data, Preparation.Identity, 3, seed: 0) { Position = first.Position };
        for (int i = 0; i < 10; i++)
        {
            var (inputs, labels) = Read(first, out int rows);
            var (otherInputs, otherLabels) = Read(second, out int otherRows);
            Assert.Equal(rows, otherRows);
            Assert.Equal(inputs, otherInputs);
            Assert.Equal(labels, otherLabels);
        }
    }

    [Fact]
    public void A_regression_stream_reads_targets_and_refuses_NaN()
    {
        var data = new MemoryDataset([1, 2, 3], [10, 11, 20, 21, 30, 31], Shape.Vector(1), targetLength: 2);
        var stream = new SampleStream(data, new Preparation([1], [2]), 3, seed: 1);
        float[] inputs = new float[3];
        float[] targets = new float[6];
        Assert.Equal(3, stream.Read(inputs, targets));
        for (int i = 0; i < 3; i++)
            Assert.Equal([((inputs[i] / 2) + 1) * 10, (((inputs[i] / 2) + 1) * 10) + 1], targets[(2 * i)..((2 * i) + 2)]);
        var bad = new SampleStream(new MemoryDataset([1], [float.NaN], Shape.Vector(1), 1), Preparation.Identity, 1, 0);
        Assert.Throws<EdgeLearnException>(() => bad.Read(inputs, targets));
        Assert.Throws<InvalidOperationException>(() => stream.Read(inputs, new int[3]));
    }

    [Fact]
    public void Senseless_settings_are_refused()
    {
        Assert.Throws<EdgeLearnException>(() => new SampleStream(s_data, Preparation.Identity, 0, 0));
        Assert.Throws<EdgeLearnException>(() => new SampleStream(s_data, new Preparation([1, 2, 3], [1, 1, 1]), 1, 0));
        var stream = new SampleStream(s_data, Preparation.Identity, 1, 0);
        Assert.Throws<EdgeLearnException>(() => stream.Position = new StreamPosition(0, 0, 11));
        Assert.Throws<EdgeLearnException>(() => stream.Position = new StreamPosition(0, 0, -1));
    }

    static (float[] Inputs, int[] Labels) Read(SampleStream stream, out int rows)
    {
        float[] inputs = new float[stream.BatchSize * 2];
        int[] labels = new int[stream.BatchSize];
        rows = stream.Read(inputs, labels);
        return (inputs, labels);
    }
}
