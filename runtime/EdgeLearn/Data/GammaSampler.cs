namespace EdgeLearn;

/// <summary>Gamma-distributed numbers as logarithms, which stay finite where a small shape makes the numbers themselves vanish.</summary>
// Source: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 26(3), 2000; the polar method for its normals.
struct GammaSampler
{
    SplitMix64 _random;

    public GammaSampler(ulong seed) => _random = new SplitMix64(seed);

    /// <summary>ln g for g ~ Gamma(shape, 1).</summary>
    public double NextLog(double shape)
    {
        // For a shape below 1: Gamma(shape) = Gamma(shape + 1) * U^(1/shape).
        double boost = shape < 1 ? PortableMath.Log(_random.NextDouble()) / shape : 0;
        double d = (shape < 1 ? shape + 1 : shape) - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = NextNormal();
            double v = 1 + (c * x);
            if (v <= 0) continue;
            v = v * v * v;
            double logV = PortableMath.Log(v);
            if (PortableMath.Log(_random.NextDouble()) < (0.5 * x * x) + d - (d * v) + (d * logV))
                return PortableMath.Log(d) + logV + boost;
        }
    }

    double NextNormal()
    {
        while (true)
        {
            double u = (2 * _random.NextDouble()) - 1;
            double w = (2 * _random.NextDouble()) - 1;
            double s = (u * u) + (w * w);
            if (s is > 0 and < 1) return u * Math.Sqrt(-2 * PortableMath.Log(s) / s);
        }
    }
}
