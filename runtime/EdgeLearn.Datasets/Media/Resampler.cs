namespace EdgeLearn.Datasets;

/// <summary>
/// Sound at another rate: y(i) = sum over k of x(k) c h(c (i from/to - k)) with h(u) = sinc(u) times a Kaiser window over 32 zeros on each
/// side (beta 7) and c = 0.93 min(1, to/from): what the lower of both rates cannot carry is 65 dB down, what it can is kept up to 0.86 of
/// its half. Before the first and behind the last sample there is silence.
/// </summary>
sealed class Resampler
{
    const int Zeros = 32, StepsPerZero = 256;
    const double Beta = 7, Passed = 0.93;

    static readonly float[] s_kernel = Kernel();

    readonly int _from;
    readonly int _to;
    readonly double _scale;

    /// <summary>Prepares the way from one rate to another, in samples a second.</summary>
    public Resampler(int from, int to) => (_from, _to, _scale) = (from, to, Passed * Math.Min(1, (double)to / from));

    /// <summary>Samples that so many become.</summary>
    public static long Count(long samples, int from, int to) => from == to ? samples : (long)Math.Ceiling((double)samples * to / from);

    /// <summary>The first samples that so many results need.</summary>
    public long Needed(long results) => (results * _from / _to) + (long)(Zeros / _scale) + 2;

    /// <summary>Makes results from the first one on.</summary>
    /// <param name="samples">all, or as many as <see cref="Needed"/> says</param>
    /// <param name="results">written</param>
    public void Run(ReadOnlySpan<float> samples, Span<float> results)
    {
        double reach = Zeros / _scale, step = _scale * StepsPerZero;
        for (int i = 0; i < results.Length; i++)
        {
            // Whole and remaining part by themselves: a long file drifts in nothing.
            long whole = (long)i * _from / _to;
            double place = whole + ((double)((long)i * _from % _to) / _to), sum = 0;
            int end = (int)Math.Min(samples.Length, (long)Math.Floor(place + reach) + 1);
            for (int k = Math.Max(0, (int)Math.Ceiling(place - reach)); k < end; k++)
            {
                double at = Math.Abs(place - k) * step;
                int left = Math.Min((int)at, s_kernel.Length - 2);
                sum += samples[k] * (s_kernel[left] + ((at - left) * (s_kernel[left + 1] - s_kernel[left])));
            }

            results[i] = (float)(sum * _scale);
        }
    }

    static float[] Kernel()
    {
        float[] kernel = new float[(Zeros * StepsPerZero) + 2];
        double most = Bessel(Beta);
        for (int i = 0; i < kernel.Length - 1; i++)
        {
            double u = (double)i / StepsPerZero, part = u / Zeros;
            double sinc = i == 0 ? 1 : PortableMath.SineCosineOfTurns(u / 2).Sine / (Math.PI * u);
            kernel[i] = (float)(sinc * Bessel(Beta * Math.Sqrt(Math.Max(0, 1 - (part * part)))) / most);
        }

        return kernel;
    }

    // I0(x), by its series.
    static double Bessel(double x)
    {
        double sum = 1, term = 1;
        for (int k = 1; k <= 40; k++)
        {
            term *= x / (2 * k) * (x / (2 * k));
            sum += term;
        }

        return sum;
    }
}
