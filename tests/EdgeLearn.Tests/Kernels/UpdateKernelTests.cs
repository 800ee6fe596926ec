using Xunit;

namespace EdgeLearn.Tests;

public class UpdateKernelTests
{
    static readonly Adam.AdamStep s_adam = new(keep: 0.999f, rate: 0.01f, beta1: 0.9f, beta2: 0.999f, epsilon: 1e-8f, t: 3);

    [Fact]
    public void Plain_sgd_is_equal_to_the_bit_at_every_length_and_width()
        => Check(new DecayedDescentStep(0.99f, 0.1f), (w, g, _, _) => (0.99f * (double)w - 0.1f * (double)g, 0, 0));

    [Fact]
    public void Momentum_is_equal_to_the_bit_at_every_length_and_width()
        => Check(new Sgd.MomentumStep(0.99f, 0.1f, 0.9f),
            (w, g, m, _) => (0.99f * (double)w - 0.1f * (0.9f * (double)m + g), 0.9f * (double)m + g, 0));

    [Fact]
    public void Sign_sgd_is_equal_to_the_bit_at_every_length_and_width()
        => Check(new SignSgd.SignStep(1, 0.1f), (w, g, _, _) => (w - 0.1f * (double)Math.Sign(g), 0, 0));

    [Fact]
    public void Signum_is_equal_to_the_bit_at_every_length_and_width()
        => Check(new Signum.Step(1, 0.1f, 0.5f), (w, g, m, _) => (w - 0.1f * (double)Math.Sign(0.5 * m + 0.5 * g), 0.5 * m + 0.5 * g, 0));

    [Fact]
    public void Adam_is_equal_to_the_bit_at_every_length_and_width()
        => Check(s_adam, (w, g, m, v) =>
        {
            double b1 = 0.9f, b2 = 0.999f, mean = b1 * m + (1 - b1) * g, square = b2 * v + (1 - b2) * g * g;
            return (0.999f * (double)w
                - 0.01f * (mean / (1 - b1 * b1 * b1)) / (Math.Sqrt(square / (1 - b2 * b2 * b2)) + 1e-8f), mean, square);
        });

    static void Check<TUpdate>(TUpdate update, Func<float, float, float, float, (double Weight, double First, double Second)> reference)
        where TUpdate : struct, IElementUpdate
    {
        using GuardedMemory wMemory = new(257), gMemory = new(257), firstMemory = new(257), secondMemory = new(257);
        for (int length = 0; length <= 257; length++)
        {
            float[] w0 = Values.Random(length, length), g0 = Values.Random(length, length + 1), m0 = Values.Random(length, length + 2),
                v0 = Values.Random(length, length + 3);
            for (int i = 0; i < length; i++)
            {
                v0[i] = Math.Abs(v0[i]);
                if (i % 7 == 3) g0[i] = m0[i] = 0;
            }

            float[][]? scalar = null;
            foreach (int lanes in new[] { 1, 4, 8, 16, 0 })
            {
                var w = Copy(w0, wMemory);
                var g = Copy(g0, gMemory);
                var first = TUpdate.StateCount > 0 ? Copy(m0, firstMemory) : default;
                var second = TUpdate.StateCount > 1 ? Copy(v0, secondMemory) : default;
                switch (lanes)
                {
                    case 0: Kernels.Update(update, w, g, first, second); break;
                    case 4: Lanes<Lanes4, TUpdate>(update, w, g, first, second); break;
                    case 8: Lanes<Lanes8, TUpdate>(update, w, g, first, second); break;
                    case 16: Lanes<Lanes16, TUpdate>(update, w, g, first, second); break;
                    default: Lanes<Lanes1, TUpdate>(update, w, g, first, second); break;
                }

                if (scalar is null)
                {
                    scalar = [w.ToArray(), first.ToArray(), second.ToArray()];
                    Verify(w0, g0, m0, v0, scalar, reference);
                    continue;
                }

                Values.AssertSameBits(scalar[0], w, $"{lanes} lanes, weights");
                Values.AssertSameBits(scalar[1], first, $"{lanes} lanes, first state");
                Values.AssertSameBits(scalar[2], second, $"{lanes} lanes, second state");
            }
        }
    }

    static void Lanes<T, TUpdate>(TUpdate update, Span<float> w, ReadOnlySpan<float> g, Span<float> first, Span<float> second)
        where T : struct, ILanes<T>
        where TUpdate : struct, IElementUpdate
    {
        int done = Kernels.UpdateLanes<T, TUpdate>(0, in update, w, g, first, second);
        Kernels.UpdateLanes<Lanes1, TUpdate>(done, in update, w, g, first, second);
    }

    static Span<float> Copy(float[] values, GuardedMemory memory)
    {
        var span = memory.Last(values.Length);
        values.CopyTo(span);
        return span;
    }

    static void Verify(float[] w, float[] g, float[] m, float[] v, float[][] actual,
        Func<float, float, float, float, (double Weight, double First, double Second)> reference)
    {
        for (int i = 0; i < w.Length; i++)
        {
            var expected = reference(w[i], g[i], m[i], v[i]);
            Assert.Equal(expected.Weight, actual[0][i], 5e-7);
            if (actual[1].Length > 0) Assert.Equal(expected.First, actual[1][i], 5e-7);
            if (actual[2].Length > 0) Assert.Equal(expected.Second, actual[2][i], 5e-7);
        }
    }

    [Fact]
    public void The_sign_of_zero_and_of_not_a_number_is_zero()
    {
        float[] w = [1, 1, 1, 1, 1, 1, 1, 1, 1],
            g = [0, -0f, float.NaN, 2, -2, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, 0];
        Kernels.Update(new SignSgd.SignStep(1, 0.5f), w, g, default, default);
        Assert.Equal([1, 1, 1, 0.5f, 1.5f, 0.5f, 1.5f, 0.5f, 1], w);
    }

    [Fact]
    public void Spans_of_wrong_length_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Kernels.Update(s_adam, new float[3], new float[3], new float[3], new float[2]));
        Assert.Throws<ArgumentException>(() => Kernels.Update(s_adam, new float[3], new float[3], default, default));
        Assert.Throws<ArgumentException>(() => Kernels.Update(new DecayedDescentStep(1, 1), new float[3], new float[4], default, default));
    }
}
