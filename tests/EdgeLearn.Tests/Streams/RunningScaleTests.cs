using Xunit;

namespace EdgeLearn.Tests;

public class RunningScaleTests
{
    static double[] Column(int count, double offset, double unit)
        => [.. Enumerable.Range(0, count).Select(i => offset + (unit * Noise.GaussianAt(3, i)))];

    [Fact]
    public void Within_the_horizon_it_is_the_mean_and_deviation_of_all_rows()
    {
        double[] values = Column(500, 1e9, 2);
        var scale = new RunningScale(1, horizon: 500);
        float[] prepared = new float[1];
        for (int n = 1; n <= values.Length; n++)
        {
            scale.Apply(values.AsSpan(n - 1, 1), prepared);
            double mean = values.Take(n).Average();
            double deviation = Math.Sqrt(values.Take(n).Select(x => (x - mean) * (x - mean)).Average());
            if (n > 1) Assert.Equal((values[n - 1] - mean) / deviation, prepared[0], 1e-4);
            else Assert.Equal(0, prepared[0]);
        }

        Assert.Equal(values[7], scale.Undo((values[7] - values.Average()) / Deviation(values), 0), 1e-3);

        static double Deviation(double[] all) => Math.Sqrt(all.Select(x => Math.Pow(x - all.Average(), 2)).Average());
    }

    [Fact]
    public void Beyond_it_newer_rows_count_more()
    {
        const int Horizon = 50;
        double[] values = [.. Column(400, 5, 1), .. Column(400, 25, 3)];
        var scale = new RunningScale(1, Horizon);
        float[] prepared = new float[1];
        for (int i = 0; i < values.Length; i++) scale.Apply(values.AsSpan(i, 1), prepared);
        // The weights of the definition, written out: (1 - a)^k a for the row k before the last.
        double part = 1.0 / Horizon, mean = 0, square = 0;
        for (int k = 0; k < 400; k++) mean += part * Math.Pow(1 - part, k) * values[^(k + 1)];
        mean /= 1 - Math.Pow(1 - part, 400);
        for (int k = 0; k < 400; k++) square += part * Math.Pow(1 - part, k) * Math.Pow(values[^(k + 1)] - mean, 2);
        Assert.Equal((values[^1] - mean) / Math.Sqrt(square), prepared[0], 0.02);
    }

    [Fact]
    public void A_missing_value_becomes_the_mean()
    {
        var scale = new RunningScale(2);
        float[] prepared = new float[2];
        for (int i = 0; i < 10; i++) scale.Apply([i, i % 2 == 0 ? double.NaN : 7], prepared);
        scale.Apply([double.NaN, 7], prepared);
        Assert.Equal([0f, 0f], prepared); // the second never varied
        scale.Prepare([9, double.NaN], prepared);
        Assert.Equal((9 - 4.5) / Math.Sqrt(8.25), prepared[0], 1e-5);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1e-6, 273.15)]
    [InlineData(4096, -1024)]
    public void Unit_and_offset_do_not_matter(double unit, double offset)
    {
        double[] values = Column(200, 0, 1);
        RunningScale plain = new(1), other = new(1);
        float[] expected = new float[1], prepared = new float[1];
        for (int i = 0; i < values.Length; i++)
        {
            plain.Apply([values[i]], expected);
            other.Apply([offset + (unit * values[i])], prepared);
            Assert.Equal(expected[0], prepared[0], 1e-4f);
        }
    }

    [Fact]
    public void The_preparation_does_the_same_as_the_scale()
    {
        var scale = new RunningScale(2);
        float[] prepared = new float[2];
        for (int i = 0; i < 300; i++) scale.Apply([1e6 + (2 * Noise.GaussianAt(1, i)), 3], prepared);
        scale.Prepare([1e6 + 1.5, 3], prepared);
        float[] byModel = new float[2];
        scale.ToPreparation().Apply([1e6 + 1.5, 3], 0, byModel);
        Assert.Equal(prepared[0], byModel[0], 1e-5f);
        Assert.Equal(0, byModel[1]);
    }

    [Fact]
    public void An_infinite_value_is_refused_and_changes_nothing()
    {
        var scale = new RunningScale(2);
        float[] prepared = new float[2], again = new float[2];
        for (int i = 0; i < 20; i++) scale.Apply([i, -i], prepared);
        scale.Prepare([3, 3], prepared);
        Assert.Throws<EdgeLearnException>(() => scale.Apply([1, double.PositiveInfinity], again));
        scale.Prepare([3, 3], again);
        Assert.Equal(prepared, again);
    }
}
