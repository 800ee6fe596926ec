using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// x' = (x - shift) * scale, with one shift and scale for all features or one of each a feature. It is made from the training set once
/// and saved with the model, so that every board prepares its inputs in the same way.
/// </summary>
public sealed class Preparation
{
    readonly float[] _shift;
    readonly float[] _scale;

    /// <summary>Uses given numbers, copied.</summary>
    /// <param name="shift">[1] or [features], finite</param>
    /// <param name="scale">as many as <paramref name="shift"/>, finite</param>
    /// <exception cref="EdgeLearnException">The lengths differ, or a number is not finite.</exception>
    public Preparation(ReadOnlySpan<float> shift, ReadOnlySpan<float> scale)
    {
        if (shift.IsEmpty || shift.Length != scale.Length)
            throw new EdgeLearnException($"a preparation has {shift.Length} shifts and {scale.Length} scales; expected equal numbers, at least one");
        if (!TensorPrimitives.IsFiniteAll(shift) || !TensorPrimitives.IsFiniteAll(scale))
            throw new EdgeLearnException("a preparation has a shift or scale that is not a finite number");
        _shift = shift.ToArray();
        _scale = scale.ToArray();
    }

    /// <summary>x' = x.</summary>
    public static Preparation Identity { get; } = new([0], [1]);

    /// <summary>[1] or [features].</summary>
    public ReadOnlySpan<float> Shift => _shift;

    /// <summary>[1] or [features].</summary>
    public ReadOnlySpan<float> Scale => _scale;

    /// <summary>True when each feature has numbers of its own.</summary>
    public bool IsPerFeature => _shift.Length > 1;

    /// <summary>True when it changes nothing.</summary>
    public bool IsIdentity => _shift is [0] && _scale is [1];

    /// <summary>x' = x / by.</summary>
    /// <exception cref="EdgeLearnException"><paramref name="by"/> is 0 or not finite.</exception>
    public static Preparation ScaleBy(float by) =>
        by != 0 && float.IsFinite(1 / by) && float.IsFinite(by) ? new([0], [1 / by]) : throw new EdgeLearnException($"inputs cannot be divided by {by}");

    /// <summary>x' = x / max |x| over all values of the set; the identity when all are 0.</summary>
    /// <exception cref="EdgeLearnException">A value is not finite.</exception>
    public static Preparation ScaleByMaximum(Dataset data)
    {
        var row = new float[data.InputLength];
        float largest = 0;
        for (int i = 0; i < data.Count; i++)
        {
            data.ReadFinite(i, row);
            largest = Math.Max(largest, Math.Abs(TensorPrimitives.MaxMagnitude<float>(row)));
        }

        return largest == 0 || !float.IsFinite(1 / largest) ? Identity : ScaleBy(largest);
    }

    /// <summary>
    /// x' = (x - mean) / standard deviation of the set (population form). What does not vary gets a scale of 1 and becomes 0.
    /// One pass, memory of two doubles a feature, the same bits on every board.
    /// </summary>
    /// <param name="data">the training set</param>
    /// <param name="perFeature">numbers for each feature; otherwise one pair over all values</param>
    /// <exception cref="EdgeLearnException">A value is not finite.</exception>
    public static Preparation Standardise(Dataset data, bool perFeature)
    {
        int length = data.InputLength;
        int width = perFeature ? length : 1;
        var row = new float[length];
        var origin = new float[width];
        var sums = new double[width];
        var squares = new double[width];
        data.ReadFinite(0, row);
        row.AsSpan(0, width).CopyTo(origin);
        for (int i = 0; i < data.Count; i++)
        {
            data.ReadFinite(i, row);

            // Sums of the distance from the first value, or those of data far from 0 would cancel. Scalar, so that the order is fixed.
            if (perFeature) AddEach(row, origin, sums, squares);
            else AddAll(row, origin[0], ref sums[0], ref squares[0]);
        }

        double count = perFeature ? data.Count : (double)data.Count * length;
        var scale = new float[width];
        for (int j = 0; j < width; j++)
        {
            double mean = sums[j] / count;
            double deviation = Math.Sqrt(Math.Max(0, (squares[j] / count) - (mean * mean)));
            origin[j] = (float)(origin[j] + mean);
            float inverse = (float)(1 / deviation);
            scale[j] = float.IsFinite(inverse) ? inverse : 1;
        }

        return new Preparation(origin, scale);
    }

    /// <summary>Prepares rows in place; allocates nothing.</summary>
    /// <param name="rows">[n x rowLength]</param>
    /// <param name="rowLength">values in a row</param>
    /// <exception cref="EdgeLearnException">There are numbers for another count of features.</exception>
    public void Apply(Span<float> rows, int rowLength)
    {
        if (!IsPerFeature)
        {
            if (_shift[0] != 0) TensorPrimitives.Subtract(rows, _shift[0], rows);
            if (_scale[0] != 1) TensorPrimitives.Multiply(rows, _scale[0], rows);
            return;
        }

        CheckLength(rowLength);
        for (int start = 0; start < rows.Length; start += rowLength)
        {
            var row = rows.Slice(start, rowLength);
            TensorPrimitives.Subtract(row, _shift, row);
            TensorPrimitives.Multiply(row, _scale, row);
        }
    }

    /// <summary>Refuses inputs that this was not made for.</summary>
    /// <exception cref="EdgeLearnException">There are numbers for another count of features.</exception>
    public void CheckLength(int inputLength)
    {
        if (IsPerFeature && _shift.Length != inputLength)
            throw new EdgeLearnException($"the preparation was made for inputs of {_shift.Length} values; these have {inputLength}");
    }

    static void AddEach(float[] row, float[] origin, double[] sums, double[] squares)
    {
        for (int j = 0; j < row.Length; j++)
        {
            double d = (double)row[j] - origin[j];
            sums[j] += d;
            squares[j] += d * d;
        }
    }

    static void AddAll(float[] row, float origin, ref double sum, ref double square)
    {
        foreach (float value in row)
        {
            double d = (double)value - origin;
            sum += d;
            square += d * d;
        }
    }
}
