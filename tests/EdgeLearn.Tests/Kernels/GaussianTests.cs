using Xunit;

namespace EdgeLearn.Tests;

public class GaussianTests
{
    const int Count = 1 << 18;

    static readonly float[] s_values = Draw(Noise.Key(3, Noise.TensorHash("layers.0.weight")));

    static float[] Draw(ulong key)
    {
        float[] values = new float[Count];
        for (int i = 0; i < Count; i++) values[i] = Noise.GaussianAt(key, i);
        return values;
    }

    [Fact]
    public void Values_are_the_Box_Muller_transform_of_the_words_in_double()
    {
        double worst = 0;
        for (ulong key = 0; key < 40; key++)
        {
            for (int i = 0; i < 2000; i += 2)
            {
                double radius = Math.Sqrt(-2 * Math.Log(((Noise.Word(key, (ulong)i) >> 8) + 1) / 16777216.0));
                double angle = 2 * Math.PI * ((Noise.Word(key, (ulong)i + 1) >> 8) / 16777216.0);
                worst = Math.Max(worst, Math.Abs(Noise.GaussianAt(key, i) - radius * Math.Cos(angle)));
                worst = Math.Max(worst, Math.Abs(Noise.GaussianAt(key, i + 1) - radius * Math.Sin(angle)));
            }
        }

        Assert.InRange(worst, 0, 2e-6);
    }

    [Fact]
    public void The_first_four_moments_are_those_of_the_normal_distribution()
    {
        double mean = s_values.Average(z => (double)z), square = s_values.Average(z => (double)z * z),
            cube = s_values.Average(z => Math.Pow(z, 3)), fourth = s_values.Average(z => Math.Pow(z, 4));
        // Standard errors: 1, sqrt(2), sqrt(15), sqrt(96) over sqrt(n).
        double unit = 5 / Math.Sqrt(Count);
        Assert.InRange(mean, -unit, unit);
        Assert.InRange(square, 1 - Math.Sqrt(2) * unit, 1 + Math.Sqrt(2) * unit);
        Assert.InRange(cube, -Math.Sqrt(15) * unit, Math.Sqrt(15) * unit);
        Assert.InRange(fourth, 3 - Math.Sqrt(96) * unit, 3 + Math.Sqrt(96) * unit);
    }

    [Fact]
    public void The_distribution_is_normal_by_Kolmogorov_and_Smirnov()
    {
        float[] sorted = [.. s_values];
        Array.Sort(sorted);
        double distance = 0;
        for (int i = 0; i < Count; i++)
        {
            double expected = NormalCdf(sorted[i]);
            distance = Math.Max(distance, Math.Max(expected - (double)i / Count, (i + 1.0) / Count - expected));
        }

        // 1.95 / sqrt(n) is exceeded by one stream in a thousand.
        Assert.InRange(distance, 0, 1.95 / Math.Sqrt(Count));
    }

    [Fact]
    public void Values_of_a_pair_and_of_neighbouring_pairs_are_uncorrelated()
    {
        foreach (int lag in new[] { 1, 2, 3, 4, 64 })
        {
            double sum = 0, squares = 0;
            for (int i = 0; i + lag < Count; i++)
            {
                sum += (double)s_values[i] * s_values[i + lag];
                squares += ((double)s_values[i] * s_values[i] - 1) * ((double)s_values[i + lag] * s_values[i + lag] - 1);
            }

            Assert.InRange(sum / Count, -5 / Math.Sqrt(Count), 5 / Math.Sqrt(Count));
            Assert.InRange(squares / Count, -10 / Math.Sqrt(Count), 10 / Math.Sqrt(Count));
        }
    }

    [Fact]
    public void The_tail_ends_where_the_summary_says() => Assert.True(s_values.Max(MathF.Abs) <= 5.77f && s_values.Max(MathF.Abs) > 4);

    // Phi(x) = 1/2 + phi(x) (x + x^3/3 + x^5/15 + ...): converges for every x here (|x| < 6).
    static double NormalCdf(double x)
    {
        double term = x, sum = x;
        for (int k = 1; Math.Abs(term) > 1e-17; k++)
        {
            term *= x * x / (2 * k + 1);
            sum += term;
        }

        return 0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
    }
}
