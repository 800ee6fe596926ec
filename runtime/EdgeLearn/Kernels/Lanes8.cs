using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeLearn;

/// <summary>8 floats in a 256-bit register.</summary>
readonly struct Lanes8(Vector256<float> value) : ILanes<Lanes8>
{
    internal readonly Vector256<float> _value = value;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Load(ref float source, nuint offset) => new(Vector256.LoadUnsafe(ref source, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes8 value, ref float destination, nuint offset) => value._value.StoreUnsafe(ref destination, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator +(Lanes8 a, Lanes8 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator -(Lanes8 a, Lanes8 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator *(Lanes8 a, Lanes8 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator /(Lanes8 a, Lanes8 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 MultiplyAdd(Lanes8 a, Lanes8 b, Lanes8 c) => new(Vector256.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Sqrt(Lanes8 a) => new(Vector256.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Sign(Lanes8 a)
    {
        var one = Vector256<float>.One;
        var zero = Vector256<float>.Zero;
        return new((Vector256.GreaterThan(a._value, zero) & one) - (Vector256.LessThan(a._value, zero) & one));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes8 a) => Lanes4.Sum(new Lanes4(a._value.GetLower() + a._value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Lanes8 a) => Lanes4.Maximum(Lanes4.Max(new Lanes4(a._value.GetLower()), new Lanes4(a._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // the instruction takes b where one is NaN
    public static Lanes8 Min(Lanes8 a, Lanes8 b)
    => new(Avx.IsSupported
        ? Avx.Min(a._value, b._value)
        : Vector256.ConditionalSelect(Vector256.LessThan(a._value, b._value), a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // the instruction takes b where one is NaN
    public static Lanes8 Max(Lanes8 a, Lanes8 b)
    => new(Avx.IsSupported
        ? Avx.Max(a._value, b._value)
        : Vector256.ConditionalSelect(Vector256.GreaterThan(a._value, b._value), a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Abs(Lanes8 a) => new(Vector256.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 CopySign(Lanes8 magnitude, Lanes8 sign)
    => new(Vector256.ConditionalSelect(Vector256.Create(-0f), sign._value, magnitude._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 IfPositive(Lanes8 condition, Lanes8 a, Lanes8 b)
    => new(Vector256.ConditionalSelect(Vector256.GreaterThan(condition._value, Vector256<float>.Zero), a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint PositiveBits(Lanes8 a) => Vector256.GreaterThan(a._value, Vector256<float>.Zero).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 PowerOfTwo(Lanes8 shifted)
    => new(((Vector256.AsInt32(shifted._value) << 23) + Vector256.Create(127 << 23)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Scale(Lanes8 value, Lanes8 n) => Functions.Scale(value, n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 FlipSigns(Lanes8 value, ulong bits)
    {
        if (Avx2.IsSupported)
        {
            return new(value._value
                ^ (Avx2.ShiftLeftLogicalVariable(Vector256.Create((uint)bits), Vector256.Create(31u, 30, 29, 28, 27, 26, 25, 24))
                & Vector256.Create(0x80000000u)).AsSingle());
        }
        var mask = Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128);
        return new(value._value ^ (Vector256.Equals(Vector256.Create((uint)bits) & mask, mask) & Vector256.Create(0x80000000u)).AsSingle());
    }
}
