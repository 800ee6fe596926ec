using System.Numerics;
using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

public sealed class FixedPointSumTests
{
    [Fact]
    public void The_mean_is_the_nearest_float_of_the_exact_weighted_mean()
    {
        Random random = new(1);
        for (int trial = 0; trial < 200; trial++)
        {
            int boards = random.Next(2, 9);
            float[][] values = [.. Enumerable.Range(0, boards).Select(_ => Values(random, 50))];
            ulong[] weights = [.. Enumerable.Range(0, boards).Select(_ => (ulong)random.NextInt64(1, 1 << 20))];
            float[] mean = MeanOf(values, weights);
            for (int i = 0; i < mean.Length; i++)
                Assert.Equal(Exact([.. values.Select(v => v[i])], weights), mean[i]);
        }
    }

    [Fact]
    public void Any_order_gives_the_same_bytes()
    {
        Random random = new(2);
        const int Boards = 12, Length = 257;
        float[][] values = [.. Enumerable.Range(0, Boards).Select(_ => Values(random, Length))];
        ulong[] weights = [.. Enumerable.Range(0, Boards).Select(_ => (ulong)random.NextInt64(1, 5000))];
        float[] first = MeanOf(values, weights);
        int[] order = [.. Enumerable.Range(0, Boards)];
        for (int trial = 0; trial < 20; trial++)
        {
            random.Shuffle(order);
            Assert.Equal(Bits(first), Bits(MeanOf([.. order.Select(i => values[i])], [.. order.Select(i => weights[i])])));
        }
    }

    [Fact]
    public void The_mean_of_identical_models_is_that_model_bit_for_bit()
    {
        float[] model = [0f, -0f, 1f, -1f, 0.1f, float.Epsilon, -float.Epsilon, 1e-30f, -3e-12f, 65536f, 1.17549435e-38f, MathF.PI,
            -2.5e-7f, 65535.996f];
        foreach (int boards in (int[])[1, 2, 3, 7, 100])
        {
            Assert.Equal(Bits(model),
                Bits(MeanOf([.. Enumerable.Repeat(model, boards)], [.. Enumerable.Range(1, boards).Select(i => (ulong)(i * 37))])));
        }
    }

    [Theory]
    [InlineData(1f, 2f, 1, 1, 1.5f)]
    [InlineData(1f, 2f, 3, 1, 1.25f)]
    [InlineData(-1f, 1f, 1, 1, 0f)]
    [InlineData(1e30f, 0f, 1, 1, 32768f)]                    // clipped to 65536
    [InlineData(-1e30f, -3e30f, 1, 1, -65536f)]
    [InlineData(1f, 1.00000012f, 1, 1, 1f)]                  // half-way between neighbours: to the even one
    [InlineData(1.00000012f, 1.00000024f, 1, 1, 1.00000024f)]
    public void Means_by_hand(float a, float b, int weightA, int weightB, float expected) =>
        Assert.Equal(expected, MeanOf([[a], [b]], [(ulong)weightA, (ulong)weightB])[0]);

    [Fact]
    public void The_greatest_weights_and_values_do_not_overflow()
    {
        FixedPointSum sum = new(1);
        for (int i = 1; i < FixedPointSum.CountLimit; i++)
            sum.Add([FixedPointSum.ValueLimit], FixedPointSum.WeightLimit);
        sum.Add([-1f], 1);
        float[] mean = new float[1];
        sum.Mean(mean);
        Assert.Equal(65536f, mean[0]);
        Assert.Throws<ArgumentException>(() => sum.Add([1f], 1));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_not_finite_is_refused(float value) => Assert.Throws<ArgumentException>(() => new FixedPointSum(1).Add([value], 1));

    [Theory]
    [InlineData(0ul)]
    [InlineData(FixedPointSum.WeightLimit + 1)]
    public void Weights_out_of_range_are_refused(ulong weight)
    => Assert.Throws<ArgumentException>(() => new FixedPointSum(1).Add([1f], weight));

    static float[] MeanOf(float[][] values, ulong[] weights)
    {
        FixedPointSum sum = new(values[0].Length);
        for (int i = 0; i < values.Length; i++)
            sum.Add(values[i], weights[i]);
        float[] mean = new float[values[0].Length];
        sum.Mean(mean);
        return mean;
    }

    static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];

    /// <summary>Values that lie on the grid: magnitudes from 2^-40 to 2^15, so that the exact mean is known.</summary>
    static float[] Values(Random random, int length) =>
        [.. Enumerable.Range(0, length).Select(_ => (float)Math.ScaleB(random.NextDouble() * 2 - 1, random.Next(-40, 16)))];

    /// <summary>sum(w v) / sum(w) in whole numbers of 2^-149, rounded to the nearest float32 by comparing with its neighbours.</summary>
    static float Exact(float[] values, ulong[] weights)
    {
        BigInteger sum = 0, weight = 0;
        for (int i = 0; i < values.Length; i++)
        {
            sum += Whole(values[i]) * weights[i];
            weight += weights[i];
        }
        float guess = (float)(Math.ScaleB((double)(sum / weight), -149));
        float best = guess;
        foreach (float candidate in (float[])[MathF.BitDecrement(guess), MathF.BitIncrement(guess)])
        {
            BigInteger distance = BigInteger.Abs(Whole(candidate) * weight - sum),
                bestDistance = BigInteger.Abs(Whole(best) * weight - sum);
            if (distance < bestDistance || (distance == bestDistance && (BitConverter.SingleToInt32Bits(candidate) & 1) == 0))
                best = candidate;
        }
        return best;
    }

    static BigInteger Whole(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value), exponent = bits >> 23 & 0xFF;
        BigInteger mantissa = exponent == 0 ? bits & 0x7FFFFF : (bits & 0x7FFFFF) | 0x800000;
        return (bits < 0 ? -1 : 1) * mantissa << Math.Max(exponent, 1) - 1;
    }
}
