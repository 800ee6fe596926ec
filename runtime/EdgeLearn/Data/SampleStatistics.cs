using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// Mean and deviation (population form) of columns over the samples of a set, in double: sums of the distance from the first sample, or
/// those of data far from 0 would cancel. Scalar, so that the order is fixed and every board gets the same bits.
/// </summary>
sealed class SampleStatistics
{
    // A deviation of so many roundings of the largest magnitude is none: that of values that alternate between two neighbours.
    const double Roundings = 0.5;

    delegate void RowReader(int index, Span<double> row);

    readonly double[] _mean;
    readonly double[] _deviation;

    SampleStatistics(Dataset data, int length, int width, double epsilon, RowReader read)
    {
        double[] row = new double[length], origin = new double[width], sums = new double[width], squares = new double[width];
        double[] largest = new double[width];
        read(0, row);
        row.AsSpan(0, width).CopyTo(origin);
        for (int i = 0; i < data.Count; i++)
        {
            read(i, row);
            for (int start = 0; start < length; start += width)
            {
                for (int j = 0; j < width; j++)
                {
                    double d = row[start + j] - origin[j];
                    sums[j] += d;
                    squares[j] += d * d;
                    largest[j] = Math.Max(largest[j], Math.Abs(row[start + j]));
                }
            }
        }

        double count = data.Count * ((double)length / width);
        for (int j = 0; j < width; j++)
        {
            double mean = sums[j] / count, deviation = Math.Sqrt(Math.Max(0, (squares[j] / count) - (mean * mean)));
            sums[j] = origin[j] + mean;
            squares[j] = deviation > Roundings * epsilon * largest[j] ? deviation : 0;
        }

        (_mean, _deviation) = (sums, squares);
    }

    /// <summary>Means, [columns].</summary>
    public ReadOnlySpan<double> Mean => _mean;

    /// <summary>Standard deviations, [columns]; 0 where a column does not vary up to rounding.</summary>
    public ReadOnlySpan<double> Deviation => _deviation;

    /// <summary>Of inputs, whose columns repeat along a row.</summary>
    /// <param name="data">the set</param>
    /// <param name="width">columns; divides the length of an input</param>
    /// <exception cref="EdgeLearnException">A value is not finite.</exception>
    public static SampleStatistics OfInputs(Dataset data, int width)
    {
        if (data.IsWide) return new(data, data.InputLength, width, double.BitIncrement(1) - 1, data.ReadWide);
        float[] narrow = new float[data.InputLength];
        return new(data, data.InputLength, width, float.BitIncrement(1) - 1, (index, row) =>
        {
            data.ReadFinite(index, narrow);
            TensorPrimitives.ConvertTruncating<float, double>(narrow, row);
        });
    }

    /// <summary>Of real targets.</summary>
    /// <param name="data">the set</param>
    /// <exception cref="EdgeLearnException">A value is not finite.</exception>
    public static SampleStatistics OfTargets(Dataset data)
        => new(data, data.TargetLength, data.TargetLength, double.BitIncrement(1) - 1, data.ReadWideTarget);

    /// <summary>x' = (x - mean) / deviation, or 0 where nothing varies.</summary>
    public Preparation Standardise()
    {
        float[] shift = new float[_mean.Length], scale = new float[_mean.Length], remainder = new float[_mean.Length];
        bool matters = false;
        for (int j = 0; j < shift.Length; j++)
        {
            float inverse = (float)(1 / _deviation[j]);
            shift[j] = (float)_mean[j];
            scale[j] = float.IsFinite(inverse) ? inverse : 0;
            remainder[j] = (float)(_mean[j] - shift[j]);
            matters |= Math.Abs(remainder[j] * scale[j]) > LeastRemainder;
        }

        var inputs = new Preparation(shift, scale);
        return matters ? new Preparation(inputs, remainder, TargetScale.None) : inputs;
    }

    // Below this a prepared value changes by less than the rounding of a float near 1.
    const float LeastRemainder = 1e-7f;
}
