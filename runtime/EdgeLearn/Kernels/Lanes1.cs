using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>One float: the remainder of every vector loop, and the reference that the wider forms are tested against.</summary>
readonly struct Lanes1(float value) : ILanes<Lanes1>
{
    readonly float _value = value;

    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Load(ref float source, nuint offset) => new(Unsafe.Add(ref source, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes1 value, ref float destination, nuint offset) => Unsafe.Add(ref destination, offset) = value._value;

    public static Lanes1 Broadcast(float value) => new(value);

    public static Lanes1 operator +(Lanes1 a, Lanes1 b) => new(a._value + b._value);

    public static Lanes1 operator -(Lanes1 a, Lanes1 b) => new(a._value - b._value);

    public static Lanes1 operator *(Lanes1 a, Lanes1 b) => new(a._value * b._value);

    public static Lanes1 operator /(Lanes1 a, Lanes1 b) => new(a._value / b._value);

    public static Lanes1 MultiplyAdd(Lanes1 a, Lanes1 b, Lanes1 c) => new(float.MultiplyAddEstimate(a._value, b._value, c._value));

    public static Lanes1 Sqrt(Lanes1 a) => new(MathF.Sqrt(a._value));

    public static Lanes1 Sign(Lanes1 a) => new(a._value > 0 ? 1 : a._value < 0 ? -1 : 0);

    public static float Sum(Lanes1 a) => a._value;

    public static float Maximum(Lanes1 a) => a._value;

    public static Lanes1 Min(Lanes1 a, Lanes1 b) => a._value < b._value ? a : b;

    public static Lanes1 Max(Lanes1 a, Lanes1 b) => a._value > b._value ? a : b;

    public static Lanes1 Abs(Lanes1 a) => new(MathF.Abs(a._value));

    public static Lanes1 CopySign(Lanes1 magnitude, Lanes1 sign) => new(MathF.CopySign(magnitude._value, sign._value));

    public static Lanes1 IfPositive(Lanes1 condition, Lanes1 a, Lanes1 b) => condition._value > 0 ? a : b;

    public static uint PositiveBits(Lanes1 a) => a._value > 0 ? 1u : 0;

    public static Lanes1 PowerOfTwo(Lanes1 shifted)
        => new(BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(shifted._value) << 23) + (127 << 23)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Scale(Lanes1 value, Lanes1 n) => Functions.Scale(value, n);

    public static Lanes1 FlipSigns(Lanes1 value, ulong bits)
        => new(BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value._value) ^ (uint)(bits << 31)));
}
