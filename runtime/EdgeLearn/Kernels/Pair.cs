using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>Two registers side by side: a tile of two registers of columns is the same text as a tile of one.</summary>
/// <typeparam name="T">the register</typeparam>
readonly struct Pair<T>(T left, T right) : ILanes<Pair<T>>
    where T : struct, ILanes<T>
{
    readonly T _left = left;
    readonly T _right = right;

    public static int Count => 2 * T.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> Load(ref float source, nuint offset)
    => new(T.Load(ref source, offset), T.Load(ref source, offset + (nuint)T.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Pair<T> value, ref float destination, nuint offset)
    {
        T.Store(value._left, ref destination, offset);
        T.Store(value._right, ref destination, offset + (nuint)T.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> Broadcast(float value)
    {
        var one = T.Broadcast(value);
        return new(one, one);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> operator +(Pair<T> a, Pair<T> b) => new(a._left + b._left, a._right + b._right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> operator -(Pair<T> a, Pair<T> b) => new(a._left - b._left, a._right - b._right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> operator *(Pair<T> a, Pair<T> b) => new(a._left * b._left, a._right * b._right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> operator /(Pair<T> a, Pair<T> b) => new(a._left / b._left, a._right / b._right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> MultiplyAdd(Pair<T> a, Pair<T> b, Pair<T> c)
    => new(T.MultiplyAdd(a._left, b._left, c._left), T.MultiplyAdd(a._right, b._right, c._right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> Sqrt(Pair<T> a) => new(T.Sqrt(a._left), T.Sqrt(a._right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> Sign(Pair<T> a) => new(T.Sign(a._left), T.Sign(a._right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Pair<T> a) => T.Sum(a._left + a._right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Pair<T> a) => T.Maximum(T.Max(a._left, a._right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> Min(Pair<T> a, Pair<T> b) => new(T.Min(a._left, b._left), T.Min(a._right, b._right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> Max(Pair<T> a, Pair<T> b) => new(T.Max(a._left, b._left), T.Max(a._right, b._right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> Abs(Pair<T> a) => new(T.Abs(a._left), T.Abs(a._right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> CopySign(Pair<T> magnitude, Pair<T> sign)
    => new(T.CopySign(magnitude._left, sign._left), T.CopySign(magnitude._right, sign._right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> IfPositive(Pair<T> condition, Pair<T> a, Pair<T> b)
    => new(T.IfPositive(condition._left, a._left, b._left), T.IfPositive(condition._right, a._right, b._right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint PositiveBits(Pair<T> a) => T.PositiveBits(a._left) | T.PositiveBits(a._right) << T.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> PowerOfTwo(Pair<T> shifted) => new(T.PowerOfTwo(shifted._left), T.PowerOfTwo(shifted._right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> Scale(Pair<T> value, Pair<T> n) => new(T.Scale(value._left, n._left), T.Scale(value._right, n._right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<T> FlipSigns(Pair<T> value, ulong bits)
    => new(T.FlipSigns(value._left, bits), T.FlipSigns(value._right, bits >> T.Count));
}
