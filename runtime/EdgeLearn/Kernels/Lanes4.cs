using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeLearn;

/// <summary>4 floats in a 128-bit register.</summary>
readonly struct Lanes4(Vector128<float> value) : ILanes<Lanes4>
{
    readonly Vector128<float> _value = value;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Load(ref float source, nuint offset) => new(Vector128.LoadUnsafe(ref source, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes4 value, ref float destination, nuint offset) => value._value.StoreUnsafe(ref destination, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Broadcast(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator +(Lanes4 a, Lanes4 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator -(Lanes4 a, Lanes4 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator *(Lanes4 a, Lanes4 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator /(Lanes4 a, Lanes4 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 MultiplyAdd(Lanes4 a, Lanes4 b, Lanes4 c) => new(Vector128.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Sqrt(Lanes4 a) => new(Vector128.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Sign(Lanes4 a)
    {
        var one = Vector128<float>.One;
        var zero = Vector128<float>.Zero;
        return new((Vector128.GreaterThan(a._value, zero) & one) - (Vector128.LessThan(a._value, zero) & one));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes4 a)
    {
        var pairs = a._value + Vector128.Shuffle(a._value, Vector128.Create(2, 3, 0, 1));
        return (pairs + Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Lanes4 a)
    {
        var pairs = Max(a, new Lanes4(Vector128.Shuffle(a._value, Vector128.Create(2, 3, 0, 1))));
        return Max(pairs, new Lanes4(Vector128.Shuffle(pairs._value, Vector128.Create(1, 0, 3, 2))))._value.ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // the instruction takes b where one is NaN
    public static Lanes4 Min(Lanes4 a, Lanes4 b)
    => new(Sse.IsSupported
        ? Sse.Min(a._value, b._value)
        : Vector128.ConditionalSelect(Vector128.LessThan(a._value, b._value), a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // the instruction takes b where one is NaN
    public static Lanes4 Max(Lanes4 a, Lanes4 b)
    => new(Sse.IsSupported
        ? Sse.Max(a._value, b._value)
        : Vector128.ConditionalSelect(Vector128.GreaterThan(a._value, b._value), a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Abs(Lanes4 a) => new(Vector128.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 CopySign(Lanes4 magnitude, Lanes4 sign)
    => new(Vector128.ConditionalSelect(Vector128.Create(-0f), sign._value, magnitude._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 IfPositive(Lanes4 condition, Lanes4 a, Lanes4 b)
    => new(Vector128.ConditionalSelect(Vector128.GreaterThan(condition._value, Vector128<float>.Zero), a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint PositiveBits(Lanes4 a) => Vector128.GreaterThan(a._value, Vector128<float>.Zero).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 PowerOfTwo(Lanes4 shifted)
    => new(((Vector128.AsInt32(shifted._value) << 23) + Vector128.Create(127 << 23)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Scale(Lanes4 value, Lanes4 n) => Functions.Scale(value, n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 FlipSigns(Lanes4 value, ulong bits)
    {
        if (AdvSimd.IsSupported)
        {
            return new(value._value
                ^ (AdvSimd.ShiftLogical(Vector128.Create((uint)bits), Vector128.Create(31, 30, 29, 28))
                & Vector128.Create(0x80000000u)).AsSingle());
        }
        var mask = Vector128.Create(1u, 2, 4, 8);
        return new(value._value ^ (Vector128.Equals(Vector128.Create((uint)bits) & mask, mask) & Vector128.Create(0x80000000u)).AsSingle());
    }
}
