using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeLearn;

/// <summary>
/// Standard normal values from <see cref="Noise.Word"/> by the Box-Muller transform, value 2p and 2p + 1 from words 2p and 2p + 1:
/// r = sqrt(-2 ln u), u = (word0 / 2^8 + 1) / 2^24 in (0, 1]; z[2p] = r cos(2 pi v), z[2p + 1] = r sin(2 pi v), v = (word1 / 2^8) / 2^24.
/// Logarithm, cosine and sine are polynomials of our own in single precision with separate multiplications and additions, so that every
/// board gives the same bits. |z| is at most sqrt(48 ln 2) = 5.77.
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

    /// <summary>destination[i] = source[i] + scale * value at index first + i.</summary>
    public static void Add(ulong key, long first, float scale, ReadOnlySpan<float> source, Span<float> destination)
    {
        int i = 0;
        if (InstructionSet.Use256)
        {
            for (; i < source.Length && ((first + i) & 15) != 0; i++) destination[i] = source[i] + scale * At(key, first + i);
            i = AddPairs8(i, key, first, scale, source, destination);
        }

        for (; i < source.Length; i++) destination[i] = source[i] + scale * At(key, first + i);
    }

    // 8 pairs of values at a time, from an index that is a multiple of 16 on.
    [SkipLocalsInit]
    static int AddPairs8(int from, ulong key, long first, float scale, ReadOnlySpan<float> source, Span<float> destination)
    {
        Span<uint> words = stackalloc uint[16];
        ref uint w = ref MemoryMarshal.GetReference(words);
        ref float s = ref MemoryMarshal.GetReference(source);
        ref float d = ref MemoryMarshal.GetReference(destination);
        var even = Vector256.Create(0u, 2, 4, 6, 1, 3, 5, 7);
        var size = Vector256.Create(scale);
        int i = from;
        for (; i + 16 <= source.Length; i += 16)
        {
            Noise.FillWords(key, (ulong)(first + i), words);
            var low = Vector256.Shuffle(Vector256.LoadUnsafe(ref w), even);
            var high = Vector256.Shuffle(Vector256.LoadUnsafe(ref w, 8), even);
            var u = Vector256.ConvertToSingle((Vector256.Create(low.GetLower(), high.GetLower()) >> 8).AsInt32() + Vector256.Create(1))
                * Vector256.Create(1f / (1 << 24));
            var turn = (Vector256.Create(low.GetUpper(), high.GetUpper()) >> 8).AsInt32();
            var radius = Vector256.Sqrt(Vector256.Create(-2f) * Log(u));
            var cos = size * (radius * CosTurn(turn));
            var sin = size * (radius * CosTurn(turn - Vector256.Create(1 << 22)));
            // Pairs go back to their places.
            var place = Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7);
            var a = Vector256.Shuffle(Vector256.Create(cos.GetLower(), sin.GetLower()), place);
            var b = Vector256.Shuffle(Vector256.Create(cos.GetUpper(), sin.GetUpper()), place);
            (Vector256.LoadUnsafe(ref s, (nuint)i) + a).StoreUnsafe(ref d, (nuint)i);
            (Vector256.LoadUnsafe(ref s, (nuint)i + 8) + b).StoreUnsafe(ref d, (nuint)i + 8);
        }

        return i;
    }

    // The same operations in the same order as the scalar forms below, which define the values.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Log(Vector256<float> u)
    {
        var bits = u.AsInt32();
        var exponent = (bits - Vector256.Create(0x3F3504F3)) >> 23;
        var m = (bits - (exponent << 23)).AsSingle();
        var s = (m - Vector256.Create(1f)) / (m + Vector256.Create(1f));
        var t = s * s;
        var series = Step(Step(Step(Step(Vector256.Create(1f / 9), t, 1f / 7), t, 1f / 5), t, 1f / 3), t, 1f);
        var e = Vector256.ConvertToSingle(exponent);
        return e * Vector256.Create(0.693359375f) + (e * Vector256.Create(-2.12194440e-4f) + Vector256.Create(2f) * s * series);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> CosTurn(Vector256<int> turn)
    {
        const int Full = 1 << 24, Quarter = Full / 4, Eighth = Full / 8;
        turn &= Vector256.Create(Full - 1);
        turn = Vector256.Min(turn, Vector256.Create(Full) - turn);
        var negative = Vector256.GreaterThan(turn, Vector256.Create(Quarter));
        turn = Vector256.ConditionalSelect(negative, Vector256.Create(Full / 2) - turn, turn);
        var nearAxis = Vector256.LessThanOrEqual(turn, Vector256.Create(Eighth));
        var unit = Vector256.Create(MathF.Tau / Full);
        var x = Vector256.ConvertToSingle(Vector256.ConditionalSelect(nearAxis, turn, Vector256.Create(Quarter) - turn)) * unit;
        var t = x * x;
        var cos = Step(Step(Step(Step(Vector256.Create(1f / 40320), t, -1f / 720), t, 1f / 24), t, -1f / 2), t, 1f);
        var sin = x * Step(Step(Step(Step(Vector256.Create(1f / 362880), t, -1f / 5040), t, 1f / 120), t, -1f / 6), t, 1f);
        var value = Vector256.ConditionalSelect(nearAxis.AsSingle(), cos, sin);
        return value ^ (negative.AsSingle() & Vector256.Create(-0f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Step(Vector256<float> a, Vector256<float> t, float b) => a * t + Vector256.Create(b);

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
