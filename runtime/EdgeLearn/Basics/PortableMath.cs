namespace EdgeLearn;

/// <summary>
/// Logarithm, exponential, sine and cosine in double precision from additions, multiplications and divisions alone, in a fixed order: the
/// same bits on every board, which the C library's do not promise. Within 2 units in the last place; not made for speed.
/// </summary>
static class PortableMath
{
    const double Ln2High = 0.693147180369123816490;
    const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>ln x for a positive, finite, normal x.</summary>
    public static double Log(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)((bits >> 52) & 0x7FF) - 1023;
        double m = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | (1023L << 52));
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            exponent++;
        }

        // ln m = 2 artanh s, |s| < 0.172: the series to s^23 is below 1e-18.
        double s = (m - 1) / (m + 1);
        double s2 = s * s;
        double sum = 0;
        for (int k = 23; k >= 3; k -= 2) sum = (sum + (1.0 / k)) * s2;
        return (exponent * Ln2High) + ((2 * (s + (s * sum))) + (exponent * Ln2Low));
    }

    /// <summary>e^x for x at most 0; 0 below -708.</summary>
    public static double Exp(double x)
    {
        if (x < -708) return 0;
        double k = Math.Round(x * 1.4426950408889634);
        double r = x - (k * Ln2High) - (k * Ln2Low);
        double sum = 1;
        for (int i = 14; i >= 1; i--) sum = 1 + (sum * r / i);
        return sum * BitConverter.Int64BitsToDouble((long)(k + 1023) << 52);
    }

    /// <summary>sin x and cos x for x from -1 to 1: their series to x^21.</summary>
    public static (double Sine, double Cosine) SineCosine(double x)
    {
        double x2 = x * x, sine = 1, cosine = 1;
        for (int k = 20; k >= 2; k -= 2)
        {
            sine = 1 - (x2 * sine / (k * (k + 1)));
            cosine = 1 - (x2 * cosine / (k * (k - 1)));
        }

        return (x * sine, cosine);
    }

    /// <summary>sin and cos of 2 pi <paramref name="turns"/>, for any number of turns below 2^40.</summary>
    public static (double Sine, double Cosine) SineCosineOfTurns(double turns)
    {
        double quarters = Math.Round(turns * 4);
        var (sine, cosine) = SineCosine(2 * Math.PI * (turns - (quarters / 4)));
        return ((long)quarters & 3) switch
        {
            0 => (sine, cosine),
            1 => (cosine, -sine),
            2 => (-sine, -cosine),
            _ => (-cosine, sine),
        };
    }
}
