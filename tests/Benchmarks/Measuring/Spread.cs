namespace EdgeLearn.Benchmarks;

/// <summary>Median, least and most of a few values: how a figure is given that was measured once a round.</summary>
readonly record struct Spread(double Median, double Min, double Max)
{
    /// <summary>Of values in any order, at least one.</summary>
    public static Spread Of(ReadOnlySpan<double> values)
    {
        double[] sorted = values.ToArray();
        Array.Sort(sorted);
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }

    /// <summary>Of the ratios a[i] / b[i]: both taken in the same round, so that what the machine did in it cancels.</summary>
    public static Spread OfRatio(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        if (a.Length != b.Length) throw new ArgumentException($"{a.Length} values over {b.Length}", nameof(b));
        double[] ratios = new double[a.Length];
        for (int i = 0; i < ratios.Length; i++) ratios[i] = a[i] / b[i];
        return Of(ratios);
    }

    /// <summary>The value that a fraction of the values stays below.</summary>
    public static double Quantile(ReadOnlySpan<double> sorted, double fraction)
        => sorted[(int)Math.Min(sorted.Length - 1, fraction * sorted.Length)];
}
