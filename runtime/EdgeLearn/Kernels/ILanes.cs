namespace EdgeLearn;

/// <summary>
/// A register of floats of one width. A kernel or an element update is written once over this interface and compiled for each width;
/// every operation but <see cref="MultiplyAdd"/> and <see cref="Sum"/> is rounded as IEEE 754 says, so that its result does not depend on
/// the width.
/// </summary>
/// <typeparam name="TSelf">the register type itself, so that the compiler sees through every call</typeparam>
interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Floats in the register.</summary>
    static abstract int Count { get; }

    /// <summary>Reads <see cref="Count"/> floats at <c>source[offset]</c>; no alignment needed.</summary>
    static abstract TSelf Load(ref float source, nuint offset);

    /// <summary>Writes <see cref="Count"/> floats at <c>destination[offset]</c>.</summary>
    static abstract void Store(TSelf value, ref float destination, nuint offset);

    /// <summary>The same value in every lane.</summary>
    static abstract TSelf Broadcast(float value);

    /// <summary>a + b.</summary>
    static abstract TSelf operator +(TSelf a, TSelf b);

    /// <summary>a - b.</summary>
    static abstract TSelf operator -(TSelf a, TSelf b);

    /// <summary>a * b.</summary>
    static abstract TSelf operator *(TSelf a, TSelf b);

    /// <summary>a / b.</summary>
    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a * b + c, rounded once where the hardware fuses and twice where it does not: for sums whose rounding is free.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>Square root.</summary>
    static abstract TSelf Sqrt(TSelf a);

    /// <summary>-1, 0 or 1; the sign of 0 and of NaN is 0.</summary>
    static abstract TSelf Sign(TSelf a);

    /// <summary>
    /// Sum of the lanes: halves are added to each other until one is left, so that registers of all widths that hold the same 16 floats
    /// give the same bits.
    /// </summary>
    static abstract float Sum(TSelf a);

    /// <summary>The largest lane.</summary>
    static abstract float Maximum(TSelf a);

    /// <summary>The smaller of a and b; b where a is NaN.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>The larger of a and b; b where a is NaN.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>|a|.</summary>
    static abstract TSelf Abs(TSelf a);

    /// <summary>The magnitude of one with the sign of the other.</summary>
    static abstract TSelf CopySign(TSelf magnitude, TSelf sign);

    /// <summary>a where a condition value is greater than 0, else b.</summary>
    static abstract TSelf IfPositive(TSelf condition, TSelf a, TSelf b);

    /// <summary>Bit i is 1 where lane i is greater than 0.</summary>
    static abstract uint PositiveBits(TSelf a);

    /// <summary>2^n for the integer n, -126 to 127, in the last bits of 1.5 * 2^23 + n.</summary>
    static abstract TSelf PowerOfTwo(TSelf shifted);

    /// <summary>value * 2^n for an integer n, -160 to 160, rounded once.</summary>
    static abstract TSelf Scale(TSelf value, TSelf n);

    /// <summary>The value with its sign turned in lane i where bit i is 1.</summary>
    static abstract TSelf FlipSigns(TSelf value, ulong bits);
}
