using Xunit;

namespace EdgeLearn.Tests;

public class ActivationKernelTests
{
    // Also the places where a polynomial changes: tiny, near 0, near 1, saturated, signed zeros.
    static void FillInteresting(Span<float> z, int salt)
    {
        Values.Fill(z, salt, 4);
        float[] special = [0f, -0f, 1e-20f, -1e-5f, 0.5f, -9f, 12f, 90f, -200f, float.Epsilon];
        for (int i = 0; i < z.Length; i += 3) z[i] = special[(i / 3 + salt) % special.Length];
    }

    [Theory]
    [InlineData(Activation.Tanh)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Identity)]
    public void Every_length_equals_the_double_function_and_its_derivative(Activation activation)
    {
        using GuardedMemory yMemory = new(257), dyMemory = new(257);
        for (int length = 0; length <= 257; length++)
        {
            var y = yMemory.Last(length);
            FillInteresting(y, length);
            float[] z = y.ToArray();
            Kernels.Activate(activation, y);
            var dy = dyMemory.Random(length, length + 1);
            float[] before = dy.ToArray();
            Kernels.ActivationGradient(activation, y, dy);
            for (int i = 0; i < length; i++)
            {
                var (value, slope) = Reference(activation, z[i]);
                Assert.True(Math.Abs(y[i] - value) <= 2 * Math.ScaleB(1, -23) * Math.Max(Math.Abs(value), Math.ScaleB(1, -126)),
                    $"{activation}({z[i]:R}) = {y[i]:R}, expected {value:R}");
                // The slope comes from the rounded output: 1 - y^2 loses what y lost.
                Assert.True(Math.Abs(dy[i] - before[i] * slope) <= 1e-6 * Math.Abs(before[i]),
                    $"{activation}'({z[i]:R}): {dy[i]:R}, expected {before[i] * slope:R}");
            }
        }
    }

    static (double Value, double Slope) Reference(Activation activation, double z) => activation switch
    {
        Activation.Tanh => (Math.Tanh(z), 1 - Math.Tanh(z) * Math.Tanh(z)),
        Activation.Relu => (Math.Max(z, 0), z > 0 ? 1 : 0),
        _ => (z, 1),
    };

    [Fact]
    public void Not_a_number_stays_visible()
    {
        float[] y = [float.NaN, 1, float.NaN, 2, 3, 4, 5, 6, 7];
        Kernels.Activate(Activation.Tanh, y);
        Assert.True(float.IsNaN(y[0]) && float.IsNaN(y[2]));
        Kernels.Activate(Activation.Relu, y);
        Assert.True(float.IsNaN(y[0]) && float.IsNaN(y[2]));
    }
}
