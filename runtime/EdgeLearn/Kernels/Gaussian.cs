using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>
/// Standard normal values from <see cref="Noise.Word"/> by the Box-Muller transform, value 2p and 2p + 1 from words 2p and 2p + 1:
/// r = sqrt(-2 ln u), u = (word0 / 2^8 + 1) / 2^24 in (0, 1]; z[2p] = r cos(2 pi v), z[2p + 1] = r sin(2 pi v), v = (word1 / 2^8) / 2^24.
/// Logarithm, cosine and sine are polynomials of our own in single precision with separate multiplications and additions, so that every board gives
/// the same bits. |z| is at most sqrt(48 ln 2) = 5.77.
/// </summary>
/// <remarks>Source: Box and Muller 1958. Differs: 24-bit uniforms, so the tail ends at 5.77.</remarks>
static class Gaussian
{
    /// <summary>Value at a logical index.</summary>
    public static float At(ulong key, long index)
    {
        ulong pair = (ulong)index >> 1 << 1;
        float radius = MathF.Sqrt(-2f * Log(((Noise.Word(key, pair) >> 8) + 1) * (1f / (1 << 24))));
        uint turn = Noise.Word(key, pair + 1) >> 8;
        return radius * ((index & 1) == 0 ? CosTurn(turn) : CosTurn(turn - (1u << 22)));
    }

    // ln u for u in (0, 1]: u = 2^e * m with m in [sqrt(1/2), sqrt(2)), ln m = 2 atanh((m - 1) / (m + 1)).
    static float Log(float u)
    {
        uint bits = BitConverter.SingleToUInt32Bits(u);
        uint shifted = bits - 0x3F3504F3; // bits of sqrt(1/2)
        int exponent = (int)shifted >> 23;
        float m = BitConverter.UInt32BitsToSingle(bits - ((uint)exponent << 23));
        float s = (m - 1) / (m + 1);
        float t = s * s;
        float series = Step(Step(Step(Step(1f / 9, t, 1f / 7), t, 1f / 5), t, 1f / 3), t, 1f);
        float high = exponent * 0.693359375f; // ln 2 in two parts: the first product is exact
        float low = exponent * -2.12194440e-4f;
        return high + (low + 2f * s * series);
    }

    // cos(2 pi turn / 2^24): the quarter turn by symmetry, then the Taylor series of cosine or sine on at most an eighth of a turn.
    static float CosTurn(uint turn)
    {
        const uint Full = 1u << 24, Quarter = Full / 4, Eighth = Full / 8;
        turn &= Full - 1;
        if (turn > Full / 2) turn = Full - turn;
        bool negative = turn > Quarter;
        if (negative) turn = Full / 2 - turn;
        float value = turn <= Eighth ? Cos(turn * (MathF.Tau / Full)) : Sin((Quarter - turn) * (MathF.Tau / Full));
        return negative ? -value : value;
    }

    static float Cos(float x)
    {
        float t = x * x;
        return Step(Step(Step(Step(1f / 40320, t, -1f / 720), t, 1f / 24), t, -1f / 2), t, 1f);
    }

    static float Sin(float x)
    {
        float t = x * x;
        return x * Step(Step(Step(Step(1f / 362880, t, -1f / 5040), t, 1f / 120), t, -1f / 6), t, 1f);
    }

    // Never one fused operation: its single rounding would differ from boards that have none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Step(float a, float t, float b)
    {
        float product = a * t;
        return product + b;
    }
}
