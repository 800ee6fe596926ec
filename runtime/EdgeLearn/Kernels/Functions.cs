using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>
/// Exponential, hyperbolic tangent and what is made of them, over registers of any width. Polynomials of our own with fused multiply-adds:
/// a value has the same bits in every width and at every place on a CPU that has the fused operation. NaN stays NaN.
/// </summary>
static class Functions
{
    const float Log2E = 1.44269504f;

    // ln 2 in two parts: a product of the first with an integer of up to 9 bits is exact.
    const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;

    // Adding it rounds to an integer, which then stands in the last bits.
    const float Rounding = 12582912f; // 1.5 * 2^23

    /// <summary>e^x. Error below 1.5 units in the last place, also where the result is subnormal; 0 and infinity beyond.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x)
        where T : struct, ILanes<T>
    {
        x = T.Max(T.Broadcast(-110), T.Min(T.Broadcast(100), x));
        var r = Reduce(x, out var n);
        var power = T.MultiplyAdd(r * r, Series(r), r) + T.Broadcast(1);
        return T.Scale(power, n);
    }

    /// <summary>
    /// tanh x = (e^2x - 1) / (e^2x + 1), with e^2x - 1 formed without cancellation. Error below 2 units in the last place; odd, and exact
    /// at 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x)
        where T : struct, ILanes<T>
    {
        var twice = T.Min(T.Broadcast(9.02f), T.Abs(x)); // from there on the result rounds to 1
        twice += twice;
        var r = Reduce(twice, out var n);
        var scale = T.PowerOfTwo(n + T.Broadcast(Rounding));
        var minusOne = T.MultiplyAdd(scale, T.MultiplyAdd(r * r, Series(r), r), scale - T.Broadcast(1));
        // The quotient is corrected for what the sum and the division lost.
        var sum = minusOne + T.Broadcast(2);
        var lost = minusOne - (sum - T.Broadcast(2));
        var inverse = T.Broadcast(1) / sum;
        var quotient = minusOne * inverse;
        var negative = T.Broadcast(0) - quotient;
        var rest = T.MultiplyAdd(negative, lost, T.MultiplyAdd(negative, sum, minusOne));
        return T.CopySign(T.MultiplyAdd(rest, inverse, quotient), x);
    }

    /// <summary>1 / (1 + e^-x). Error below 2.5 units in the last place where the result is normal; 0 below x = -88.7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x)
        where T : struct, ILanes<T> => T.Broadcast(1) / (T.Broadcast(1) + Exp(T.Broadcast(0) - x));

    /// <summary>Phi(x), the normal distribution, and its density phi(x) = Phi'(x). Absolute error below 2e-7.</summary>
    /// <remarks>Source: Abramowitz and Stegun 1964, 7.1.26.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T NormalDistribution<T>(T x, out T density)
        where T : struct, ILanes<T>
    {
        var power = Exp(T.Broadcast(-0.5f) * x * x);
        density = T.Broadcast(0.39894228f) * power;
        var t = T.Broadcast(1) / T.MultiplyAdd(T.Broadcast(0.3275911f * 0.70710678f), T.Abs(x), T.Broadcast(1));
        var sum = T.MultiplyAdd(T.Broadcast(1.061405429f), t, T.Broadcast(-1.453152027f));
        sum = T.MultiplyAdd(sum, t, T.Broadcast(1.421413741f));
        sum = T.MultiplyAdd(sum, t, T.Broadcast(-0.284496736f));
        sum = T.MultiplyAdd(sum, t, T.Broadcast(0.254829592f));
        var tail = T.Broadcast(0.5f) * sum * t * power; // Phi(-|x|)
        return T.IfPositive(x, T.Broadcast(1) - tail, tail);
    }

    /// <summary>
    /// value * 2^n for an integer n, -160 to 160, rounded once, by what every register can do: in two factors, as 2^n itself can be too
    /// small or too large for a float.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Scale<T>(T value, T n)
        where T : struct, ILanes<T>
    {
        var half = T.MultiplyAdd(n, T.Broadcast(0.5f), T.Broadcast(Rounding));
        var rest = n - (half - T.Broadcast(Rounding)) + T.Broadcast(Rounding);
        return value * T.PowerOfTwo(half) * T.PowerOfTwo(rest);
    }

    // x = n ln 2 + r with |r| <= ln 2 / 2.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Reduce<T>(T x, out T n)
        where T : struct, ILanes<T>
    {
        n = T.MultiplyAdd(x, T.Broadcast(Log2E), T.Broadcast(Rounding)) - T.Broadcast(Rounding);
        return T.MultiplyAdd(n, T.Broadcast(-Ln2Low), T.MultiplyAdd(n, T.Broadcast(-Ln2High), x));
    }

    // (e^r - 1 - r) / r^2 on |r| <= ln 2 / 2 (the coefficients of Cephes' expf).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Series<T>(T r)
        where T : struct, ILanes<T>
    {
        var sum = T.MultiplyAdd(T.Broadcast(1.9875691500e-4f), r, T.Broadcast(1.3981999507e-3f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(8.3334519073e-3f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(4.1665795894e-2f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(1.6666665459e-1f));
        return T.MultiplyAdd(sum, r, T.Broadcast(5.0000001201e-1f));
    }
}
