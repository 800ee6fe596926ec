namespace EdgeLearn.Protocol;

/// <summary>
/// An exact weighted sum: values clipped to ±2^16 and rounded to a grid of 2^-70, times whole-number weights, added as 128-bit integers.
/// Integer addition has no rounding, so the order of arrival, restarts and another machine all give the same bytes.
/// A coordinate on which all values (after clipping) have the same bits keeps those bits: the mean of identical models is that model.
/// Room: 86 bits of value, 20 of weight, 20 of number of values, one of sign. Memory: 21 bytes a coordinate, whatever the number of values.
/// </summary>
/// <param name="length">number of coordinates</param>
public sealed class FixedPointSum(int length)
{
    /// <summary>Values beyond ± this are clipped.</summary>
    public const float ValueLimit = 65536;

    /// <summary>Greatest weight of one value.</summary>
    public const ulong WeightLimit = 1 << 20;

    /// <summary>Greatest number of values for one coordinate.</summary>
    public const int CountLimit = 1 << 20;

    const int GridBits = 70;

    readonly Int128[] _sum = new Int128[length];
    readonly uint[] _first = new uint[length];
    readonly bool[] _differs = new bool[length];
    ulong _weight;
    int _count;

    /// <summary>Adds one whole vector.</summary>
    /// <param name="values">[length], finite</param>
    /// <param name="weight">1 to <see cref="WeightLimit"/></param>
    /// <exception cref="ArgumentException">Wrong length or weight, a value that is not finite, or too many vectors.</exception>
    public void Add(ReadOnlySpan<float> values, ulong weight)
    {
        if (values.Length != length)
            throw new ArgumentException($"{values.Length} values, {length} expected", nameof(values));
        if (weight is 0 or > WeightLimit)
            throw new ArgumentException($"weight {weight}, 1 to {WeightLimit} expected", nameof(weight));
        if (_count == CountLimit)
            throw new ArgumentException($"more than {CountLimit} vectors", nameof(values));
        for (int i = 0; i < values.Length; i++)
        {
            float value = values[i];
            if (!float.IsFinite(value))
                throw new ArgumentException($"value {i} is {value}, which is not finite", nameof(values));
            value = Math.Clamp(value, -ValueLimit, ValueLimit);
            uint bits = BitConverter.SingleToUInt32Bits(value);
            if (_count == 0)
                _first[i] = bits;
            else
                _differs[i] |= bits != _first[i];
            _sum[i] += Grid(bits) * (Int128)weight;
        }
        _weight += weight;
        _count++;
    }

    /// <summary>mean = sum / weight, rounded once to the nearest float32 (ties to even).</summary>
    /// <param name="mean">[length], written</param>
    /// <exception cref="InvalidOperationException">Nothing was added.</exception>
    public void Mean(Span<float> mean)
    {
        if (_weight == 0)
            throw new InvalidOperationException("a mean of nothing");
        for (int i = 0; i < length; i++)
            mean[i] = _differs[i] ? Quotient(_sum[i], _weight) : BitConverter.UInt32BitsToSingle(_first[i]);
    }

    /// <summary>value * 2^70, rounded to the nearest whole number (ties to even), of a value given by its bits.</summary>
    static Int128 Grid(uint bits)
    {
        // value = mantissa * 2^(exponent - 150), without an implicit bit where the exponent is 0.
        int exponent = (int)(bits >> 23 & 0xFF);
        ulong mantissa = bits & 0x7FFFFF;
        if (exponent == 0)
            exponent = 1;
        else
            mantissa |= 0x800000;
        int shift = exponent - 150 + GridBits;
        UInt128 magnitude;
        if (shift >= 0)
            magnitude = (UInt128)mantissa << shift;
        else if (shift < -25)
            magnitude = 0;
        else
            magnitude = RoundShift(mantissa, -shift, sticky: false);
        return (int)bits < 0 ? -(Int128)magnitude : (Int128)magnitude;
    }

    /// <summary>sum / (weight * 2^70) as the nearest float32.</summary>
    static float Quotient(Int128 sum, ulong weight)
    {
        var magnitude = sum < 0 ? (UInt128)(-sum) : (UInt128)sum;
        (var quotient, var rest) = UInt128.DivRem(magnitude, weight);
        int bitLength = 128 - (int)UInt128.LeadingZeroCount(quotient);
        double scaled;
        if (bitLength > 24)
        {
            int drop = bitLength - 24;
            scaled = Math.ScaleB((double)RoundShift(quotient, drop, sticky: rest != 0), drop - GridBits);
        }
        else
        {
            // Fewer bits on the grid than a float32 has: the grid itself is the precision here.
            var twice = rest << 1;
            if (twice > weight || (twice == weight && (quotient & 1) != 0))
                quotient++;
            scaled = Math.ScaleB((double)(ulong)quotient, -GridBits);
        }
        return (float)(sum < 0 ? -scaled : scaled);
    }

    /// <summary>value / 2^shift, nearest whole number, ties to even; sticky = something below the value's last bit is not zero.</summary>
    static ulong RoundShift(UInt128 value, int shift, bool sticky)
    {
        ulong kept = (ulong)(value >> shift);
        UInt128 below = value & ((UInt128.One << shift) - 1), half = UInt128.One << (shift - 1);
        bool up = below > half || (below == half && (sticky || (kept & 1) != 0));
        return up ? kept + 1 : kept;
    }
}
