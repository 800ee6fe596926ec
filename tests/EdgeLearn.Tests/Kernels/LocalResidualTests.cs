using Xunit;

namespace EdgeLearn.Tests;

public class LocalResidualTests
{
    const float Scale = 0.9f, Factor = 1f / 7;

    static readonly ulong s_key = Noise.Key(11, Noise.TensorHash("layers.0.target"));

    [Theory]
    [InlineData(Activation.Tanh)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Identity)]
    public void Every_length_equals_the_double_formula(Activation activation)
    {
        using GuardedMemory yMemory = new(1500), dzMemory = new(1500);
        foreach (int length in Enumerable.Range(0, 258).Append(1024).Append(1500))
        {
            long first = 3L * length + 5;
            var y = yMemory.Random(length, length);
            var dz = dzMemory.Last(length);
            dz.Fill(float.NaN);
            double loss = Kernels.LocalResidual(activation, s_key, first, Scale, Factor, y, dz), expectedLoss = 0;
            for (int i = 0; i < length; i++)
            {
                double t = Scale * Noise.SignAt(s_key, first + i), e = y[i] - t;
                double slope =
                    activation switch { Activation.Tanh => 1 - (double)y[i] * y[i], Activation.Relu => y[i] > 0 ? 1 : 0, _ => 1 };
                expectedLoss += e * e / 2;
                Assert.True(Math.Abs(dz[i] - Factor * e * slope) <= 1e-6,
                    $"length {length}, unit {i}: {dz[i]:R}, expected {Factor * e * slope:R}");
            }

            Assert.Equal(expectedLoss, loss, 1e-6 * (1 + length));
        }
    }

    [Fact]
    public void Every_width_gives_the_same_bits()
    {
        float[] y = Values.Random(1100, 3);
        float[] expected = new float[y.Length];
        double loss = Kernels.LocalResidual<Lanes16, TanhActivation>(s_key, 77, Scale, Factor, y, expected);
        Check<Pair<Lanes8>>(y, expected, loss);
        Check<Pair<Pair<Lanes4>>>(y, expected, loss);
        Check<Pair<Pair<Pair<Pair<Lanes1>>>>>(y, expected, loss);
    }

    static void Check<T>(float[] y, float[] expected, double loss)
        where T : struct, ILanes<T>
    {
        float[] dz = new float[y.Length];
        Assert.Equal(loss, Kernels.LocalResidual<T, TanhActivation>(s_key, 77, Scale, Factor, y, dz));
        Values.AssertSameBits(expected, dz, typeof(T).Name);
    }
}
