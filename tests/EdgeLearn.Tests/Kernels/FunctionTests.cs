using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Exponential, tanh and sigmoid against double, in units in the last place of the exact result, and the same bits in every width.
/// </summary>
public class FunctionTests
{
    delegate float Function(float x);

    static float Exp1(float x) => One(x, Functions.Exp);

    static float Tanh1(float x) => One(x, Functions.Tanh);

    static float Sigmoid1(float x) => One(x, Functions.Sigmoid);

    static float One(float x, Func<Lanes1, Lanes1> function)
    {
        float result = 0;
        Lanes1.Store(function(new Lanes1(x)), ref result, 0);
        return result;
    }

    // Every 4,001st float between the bounds, both signs of every binade.
    static IEnumerable<float> Sweep(float largest)
    {
        int last = BitConverter.SingleToInt32Bits(largest);
        for (int bits = 0; bits <= last; bits += 4001)
        {
            float x = BitConverter.Int32BitsToSingle(bits);
            yield return x;
            yield return -x;
        }
    }

    static double UnitInTheLastPlace(double exact) => Math.ScaleB(1, Math.Max(Math.ILogB(exact), -126) - 23);

    static void CheckError(string name, Function function, Func<double, double> exact, float largest, double bound)
    {
        double worst = 0;
        float at = 0;
        foreach (float x in Sweep(largest))
        {
            double expected = exact(x);
            if (expected == 0 || Math.Abs(expected) > float.MaxValue) continue;
            double error = Math.Abs(function(x) - expected) / UnitInTheLastPlace(expected);
            if (!(error <= worst)) (worst, at) = (error, x);
        }

        Assert.True(worst <= bound, $"{name}: {worst:F3} units in the last place at {at:R}, allowed {bound}");
    }

    [Fact]
    public void Exp_is_within_its_bound() => CheckError("exp", Exp1, Math.Exp, 104, 1.5);

    [Fact]
    public void Tanh_is_within_its_bound() => CheckError("tanh", Tanh1, Math.Tanh, 100, 2);

    [Fact]
    public void Sigmoid_is_within_its_bound() => CheckError("sigmoid", Sigmoid1, x => 1 / (1 + Math.Exp(-x)), 87, 2.5);

    [Fact]
    public void Special_values_are_exact()
    {
        Assert.Equal(1f, Exp1(0));
        Assert.Equal(float.PositiveInfinity, Exp1(89));
        Assert.Equal(float.PositiveInfinity, Exp1(float.PositiveInfinity));
        Assert.Equal(0f, Exp1(-105));
        Assert.Equal(0f, Exp1(float.NegativeInfinity));
        Assert.Equal(1f, Tanh1(float.PositiveInfinity));
        Assert.Equal(-1f, Tanh1(-20));
        Values.AssertSameBits([0f, -0f], [Tanh1(0f), Tanh1(-0f)], "tanh of signed zeros");
        Assert.Equal(float.Epsilon, Tanh1(float.Epsilon));
        Assert.Equal(0.5f, Sigmoid1(0));
        Assert.Equal(0f, Sigmoid1(float.NegativeInfinity));
        Assert.Equal(1f, Sigmoid1(float.PositiveInfinity));
        Assert.True(float.IsNaN(Exp1(float.NaN)) && float.IsNaN(Tanh1(float.NaN)) && float.IsNaN(Sigmoid1(float.NaN)));
    }

    [Fact]
    public void Tanh_is_odd()
    {
        foreach (float x in Sweep(20)) Assert.Equal(-Tanh1(x), Tanh1(-x));
    }

    [Fact]
    public void Every_width_gives_the_same_bits()
    {
        Assert.SkipUnless(Values.IsFused, "this CPU has no fused multiply-add");
        float[] x = [.. Sweep(120).Take(1 << 18), 0, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity];
        CheckWidths(x, Functions.Exp, Functions.Exp, Functions.Exp, Functions.Exp);
        CheckWidths(x, Functions.Tanh, Functions.Tanh, Functions.Tanh, Functions.Tanh);
        CheckWidths(x, Functions.Sigmoid, Functions.Sigmoid, Functions.Sigmoid, Functions.Sigmoid);
    }

    static void CheckWidths(float[] x, Func<Lanes1, Lanes1> f1, Func<Lanes4, Lanes4> f4, Func<Lanes8, Lanes8> f8,
        Func<Lanes16, Lanes16> f16)
    {
        float[] expected = Map(x, f1);
        Values.AssertSameBits(expected, Map(x, f4), "4 lanes");
        Values.AssertSameBits(expected, Map(x, f8), "8 lanes");
        Values.AssertSameBits(expected, Map(x, f16), "16 lanes");
    }

    static float[] Map<T>(float[] x, Func<T, T> function)
        where T : struct, ILanes<T>
    {
        float[] y = new float[x.Length];
        for (int i = 0; i + T.Count <= x.Length; i += T.Count) T.Store(function(T.Load(ref x[0], (nuint)i)), ref y[0], (nuint)i);
        int rest = x.Length / T.Count * T.Count;
        for (int i = rest; i < x.Length; i++)
        {
            float[] buffer = new float[T.Count];
            Array.Fill(buffer, x[i]);
            T.Store(function(T.Load(ref buffer[0], 0)), ref buffer[0], 0);
            y[i] = buffer[0];
        }

        return y;
    }
}
