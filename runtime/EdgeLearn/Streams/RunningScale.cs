namespace EdgeLearn;

/// <summary>
/// x' = (x - mean) / deviation by the rows seen so far, of which newer ones count more: a row has the weight 1/n until the horizon H is
/// reached, then 1/H, so that the scale follows a sensor that drifts. A missing value becomes its column's mean, 0. What
/// does not vary becomes 0. Allocates nothing.
/// </summary>
/// <remarks>
/// mean += a (x - mean), variance = (1 - a) (variance + a (x - mean before)^2) with a = 1 / min(n, H); for n up to H that is Welford's
/// mean and variance (1962). In double, in the order of the columns: the same bits on every board.
/// </remarks>
public sealed class RunningScale
{
    /// <summary>The horizon where nobody says one (docs/streams.md).</summary>
    public const int UsualHorizon = 2000;

    // Further away than this a value says no more, and one wild reading would throw the weights about.
    const double Farthest = 10;

    readonly double[] _mean;
    readonly double[] _variance;
    readonly long[] _count;
    readonly int _horizon;

    /// <summary>Knows nothing yet.</summary>
    /// <param name="length">values of a row</param>
    /// <param name="horizon">H, rows</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public RunningScale(int length, int horizon = UsualHorizon)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        (_mean, _variance, _count, _horizon) = (new double[length], new double[length], new long[length], horizon);
    }

    /// <summary>Values of a row.</summary>
    public int Length => _mean.Length;

    /// <summary>Bytes that it takes.</summary>
    internal long Bytes => Length * (2L * sizeof(double) + sizeof(long));

    /// <summary>Takes a row in, then standardises it.</summary>
    /// <param name="raw">[Length], as measured; NaN where there is no value</param>
    /// <param name="prepared">[Length], written</param>
    /// <exception cref="EdgeLearnException">A value is infinite: nothing was taken in.</exception>
    public void Apply(ReadOnlySpan<double> raw, Span<float> prepared)
    {
        foreach (double value in raw)
        {
            if (double.IsInfinity(value)) throw new EdgeLearnException("a value is infinite: it says nothing about its column");
        }

        for (int i = 0; i < raw.Length; i++) Take(i, raw[i]);
        Prepare(raw, prepared);
    }

    /// <summary>Standardises a row without taking it in.</summary>
    /// <param name="raw">[Length], as measured; NaN where there is no value</param>
    /// <param name="prepared">[Length], written</param>
    public void Prepare(ReadOnlySpan<double> raw, Span<float> prepared)
    {
        for (int i = 0; i < raw.Length; i++)
        {
            double deviation = DeviationOf(i);
            prepared[i] = double.IsNaN(raw[i]) || deviation == 0
                ? 0
                : (float)Math.Clamp((raw[i] - _mean[i]) / deviation, -Farthest, Farthest);
        }
    }

    /// <summary>A prepared value in its unit again.</summary>
    /// <param name="prepared">of <see cref="Prepare"/></param>
    /// <param name="column">0..Length-1</param>
    public double Undo(double prepared, int column) => (prepared * DeviationOf(column)) + _mean[column];

    void Take(int column, double value)
    {
        if (double.IsNaN(value)) return;
        long count = ++_count[column];
        double part = 1.0 / Math.Min(count, _horizon), difference = value - _mean[column];
        _mean[column] += part * difference;
        _variance[column] = (1 - part) * (_variance[column] + (part * difference * difference));
    }

    /// <summary>The mean of a column so far.</summary>
    internal double MeanOf(int column) => _mean[column];

    /// <summary>The deviation of a column so far; one that is no more than rounding is none: 0.</summary>
    internal double DeviationOf(int column)
    {
        double deviation = Math.Sqrt(_variance[column]);
        return deviation > 1e-14 * Math.Abs(_mean[column]) && double.IsFinite(deviation) ? deviation : 0;
    }

    /// <summary>The scale as it stands, for a model file: how a board that does not go on scaling prepares its rows.</summary>
    public Preparation ToPreparation()
    {
        float[] shift = new float[Length], scale = new float[Length], remainder = new float[Length];
        for (int i = 0; i < Length; i++)
        {
            float inverse = (float)(1 / DeviationOf(i));
            shift[i] = (float)_mean[i];
            scale[i] = float.IsFinite(inverse) ? inverse : 0;
            remainder[i] = (float)(_mean[i] - shift[i]);
        }

        return new Preparation(new Preparation(shift, scale), remainder, TargetScale.None);
    }

    /// <summary>The same for real targets; one that does not vary keeps its unit.</summary>
    internal TargetScale ToTargetScale()
        => new(_mean, [.. Enumerable.Range(0, Length).Select(i => DeviationOf(i) is > 0 and var deviation ? deviation : 1)]);
}
