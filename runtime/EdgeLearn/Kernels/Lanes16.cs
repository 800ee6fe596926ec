using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeLearn;

/// <summary>16 floats in a 512-bit register.</summary>
readonly struct Lanes16(Vector512<float> value) : ILanes<Lanes16>
{
    readonly Vector512<float> _value = value;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Load(ref float source, nuint offset) => new(Vector512.LoadUnsafe(ref source, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes16 value, ref float destination, nuint offset) => value._value.StoreUnsafe(ref destination, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator +(Lanes16 a, Lanes16 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator -(Lanes16 a, Lanes16 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator *(Lanes16 a, Lanes16 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator /(Lanes16 a, Lanes16 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 MultiplyAdd(Lanes16 a, Lanes16 b, Lanes16 c) => new(Vector512.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Sqrt(Lanes16 a) => new(Vector512.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Sign(Lanes16 a)
    {
        var one = Vector512<float>.One;
        var zero = Vector512<float>.Zero;
        return new((Vector512.GreaterThan(a._value, zero) & one) - (Vector512.LessThan(a._value, zero) & one));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes16 a) => Lanes8.Sum(new Lanes8(a._value.GetLower() + a._value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Lanes16 a) => Lanes8.Maximum(Lanes8.Max(new Lanes8(a._value.GetLower()), new Lanes8(a._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // the instruction takes b where one is NaN
    public static Lanes16 Min(Lanes16 a, Lanes16 b)
    => new(Avx512F.IsSupported
        ? Avx512F.Min(a._value, b._value)
        : Vector512.ConditionalSelect(Vector512.LessThan(a._value, b._value), a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // the instruction takes b where one is NaN
    public static Lanes16 Max(Lanes16 a, Lanes16 b)
    => new(Avx512F.IsSupported
        ? Avx512F.Max(a._value, b._value)
        : Vector512.ConditionalSelect(Vector512.GreaterThan(a._value, b._value), a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Abs(Lanes16 a) => new(Vector512.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 CopySign(Lanes16 magnitude, Lanes16 sign)
    => new(Vector512.ConditionalSelect(Vector512.Create(-0f), sign._value, magnitude._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 IfPositive(Lanes16 condition, Lanes16 a, Lanes16 b)
    => new(Vector512.ConditionalSelect(Vector512.GreaterThan(condition._value, Vector512<float>.Zero), a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint PositiveBits(Lanes16 a) => (uint)Vector512.GreaterThan(a._value, Vector512<float>.Zero).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 PowerOfTwo(Lanes16 shifted)
    => new(((Vector512.AsInt32(shifted._value) << 23) + Vector512.Create(127 << 23)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Scale(Lanes16 value, Lanes16 n)
    => Avx512F.IsSupported ? new(Avx512F.Scale(value._value, n._value)) : Functions.Scale(value, n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 FlipSigns(Lanes16 value, ulong bits)
    {
        var shifts = Vector512.Create(31u, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16);
        if (Avx512F.IsSupported)
        {
            return new(value._value
                ^ (Avx512F.ShiftLeftLogicalVariable(Vector512.Create((uint)bits), shifts) & Vector512.Create(0x80000000u)).AsSingle());
        }
        return new(Vector512.Create(Lanes8.FlipSigns(new Lanes8(value._value.GetLower()), bits)._value,
            Lanes8.FlipSigns(new Lanes8(value._value.GetUpper()), bits >> 8)._value));
    }
}
