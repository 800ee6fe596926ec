using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Numbers for tests, the same in every run.</summary>
static class Values
{
    /// <summary>Whether this CPU multiplies and adds with one rounding, as the kernels then do.</summary>
    public static bool IsFused => System.Runtime.Intrinsics.X86.Fma.IsSupported || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported;

    public static void Fill(Span<float> span, int salt, float scale = 1)
    {
        var random = new Random(salt);
        foreach (ref float value in span) value = scale * (2 * random.NextSingle() - 1);
    }

    public static float[] Random(int length, int salt, float scale = 1)
    {
        float[] values = new float[length];
        Fill(values, salt, scale);
        return values;
    }

    public static int[] Labels(int count, int classes, int salt)
    {
        var random = new Random(salt);
        int[] labels = new int[count];
        foreach (ref int label in labels.AsSpan()) label = random.Next(classes);
        return labels;
    }

    /// <summary>Fails unless both have the same bits; NaNs and signed zeros count.</summary>
    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
                Assert.Fail($"{what}: value {i} is {actual[i]:R}, expected {expected[i]:R}");
        }
    }

    /// <summary>Fails where |actual - expected| exceeds the tolerance times the largest magnitude that is expected.</summary>
    public static void AssertNear(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = 0;
        foreach (double value in expected) largest = Math.Max(largest, Math.Abs(value));
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(actual[i] - expected[i]);
            if (!(error <= tolerance * largest))
            {
                Assert.Fail($"{what}: value {i} is {actual[i]:R}, expected {expected[i]:R}; error {error / largest:E2} of the largest, "
                    + $"allowed {tolerance:E2}");
            }
        }
    }

    /// <summary>
    /// Fails where the error of a float sum exceeds the bound that rounding alone can give: (terms + 2) units in the last place of the sum
    /// of magnitudes.
    /// </summary>
    public static void AssertSum(double expected, double magnitudes, int terms, float actual, Func<string> what)
    {
        double bound = (terms + 2) * Math.Pow(2, -24) * magnitudes;
        if (!(Math.Abs(actual - expected) <= bound)) Assert.Fail($"{what()}: {actual:R}, expected {expected:R} +- {bound:E2}");
    }
}
