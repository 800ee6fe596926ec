using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// x' = (x - shift) * scale, with one shift and scale for all values, or one of each a feature, or one of each a column of a sequence or a
/// channel of an image, which repeat along the row. It is made from the training set once and saved with the model, so that every board
/// prepares its inputs in the same way.
/// </summary>
public sealed class Preparation
{
    // Few columns are repeated to this length, so that a row is worked off in long spans.
    const int ShortestSpan = 256;

    readonly float[] _shift;
    readonly float[] _scale;
    readonly float[] _shifts;
    readonly float[] _scales;

    /// <summary>Uses given numbers, copied.</summary>
    /// <param name="shift">[1], [features], or [columns] where the features of a row are repeats of as many columns; finite</param>
    /// <param name="scale">as many as <paramref name="shift"/>, finite</param>
    /// <exception cref="EdgeLearnException">The lengths differ, or a number is not finite.</exception>
    public Preparation(ReadOnlySpan<float> shift, ReadOnlySpan<float> scale)
    {
        if (shift.IsEmpty || shift.Length != scale.Length)
        {
            throw new EdgeLearnException($"a preparation has {shift.Length} shifts and {scale.Length} scales; expected equal numbers, at "
                + $"least one");
        }
        if (!TensorPrimitives.IsFiniteAll(shift) || !TensorPrimitives.IsFiniteAll(scale))
            throw new EdgeLearnException("a preparation has a shift or scale that is not a finite number");
        _shift = shift.ToArray();
        _scale = scale.ToArray();
        _shifts = Repeated(_shift);
        _scales = Repeated(_scale);
    }

    /// <summary>x' = x.</summary>
    public static Preparation Identity { get; } = new([0], [1]);

    /// <summary>[1], [features] or [columns].</summary>
    public ReadOnlySpan<float> Shift => _shift;

    /// <summary>[1], [features] or [columns].</summary>
    public ReadOnlySpan<float> Scale => _scale;

    /// <summary>True when each feature, or each column or channel, has numbers of its own.</summary>
    public bool IsPerFeature => _shift.Length > 1;

    /// <summary>True when it changes nothing.</summary>
    public bool IsIdentity => _shift is [0] && _scale is [1];

    /// <summary>x' = x / by.</summary>
    /// <exception cref="EdgeLearnException"><paramref name="by"/> is 0 or not finite.</exception>
    public static Preparation ScaleBy(float by) =>
        by != 0 && float.IsFinite(1 / by) && float.IsFinite(by)
        ? new([0], [1 / by])
        : throw new EdgeLearnException($"inputs cannot be divided by {by}");

    /// <summary>x' = x / max |x| over all values of the set; the identity when all are 0.</summary>
    /// <exception cref="EdgeLearnException">A value is not finite.</exception>
    public static Preparation ScaleByMaximum(Dataset data)
    {
        float[] row = new float[data.InputLength];
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
    public static Preparation Standardise(Dataset data, bool perFeature) => Standardise(data, perFeature ? data.InputLength : 1);

    /// <summary>
    /// The same with numbers for each of <paramref name="width"/> columns, such as the features of a sequence's steps or the channels of an
    /// image, which lie innermost.
    /// </summary>
    /// <param name="data">the training set</param>
    /// <param name="width">columns; divides the length of an input</param>
    /// <exception cref="EdgeLearnException">A value is not finite.</exception>
    /// <exception cref="ArgumentException">The columns do not divide the input.</exception>
    public static Preparation Standardise(Dataset data, int width)
    {
        int length = data.InputLength;
        if (width < 1 || length % width != 0)
            throw new ArgumentException($"{width} columns do not divide an input of {length} values", nameof(width));
        float[] row = new float[length];
        float[] origin = new float[width];
        double[] sums = new double[width];
        double[] squares = new double[width];
        data.ReadFinite(0, row);
        row.AsSpan(0, width).CopyTo(origin);
        for (int i = 0; i < data.Count; i++)
        {
            data.ReadFinite(i, row);

            // Sums of the distance from the first value, or those of data far from 0 would cancel. Scalar, so that the order is fixed.
            if (width == 1) AddAll(row, origin[0], ref sums[0], ref squares[0]);
            else AddEach(row, origin, sums, squares);
        }

        double count = data.Count * ((double)length / width);
        float[] scale = new float[width];
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
        // Rows are repeats of the columns, so all of them are one long run of repeats.
        while (!rows.IsEmpty)
        {
            var part = rows[..Math.Min(rows.Length, _shifts.Length)];
            TensorPrimitives.Subtract(part, _shifts.AsSpan(0, part.Length), part);
            TensorPrimitives.Multiply(part, _scales.AsSpan(0, part.Length), part);
            rows = rows[part.Length..];
        }
    }

    /// <summary>Refuses inputs that this was not made for.</summary>
    /// <exception cref="EdgeLearnException">There are numbers for another count of features.</exception>
    public void CheckLength(int inputLength)
    {
        if (inputLength % _shift.Length != 0)
            throw new EdgeLearnException($"the preparation was made for inputs of {_shift.Length} values; these have {inputLength}");
    }

    static float[] Repeated(float[] columns)
    {
        if (columns.Length is 1 or >= ShortestSpan) return columns;
        float[] repeated = new float[columns.Length * (ShortestSpan / columns.Length)];
        for (int i = 0; i < repeated.Length; i++) repeated[i] = columns[i % columns.Length];
        return repeated;
    }

    static void AddEach(float[] row, float[] origin, double[] sums, double[] squares)
    {
        for (int start = 0; start < row.Length; start += origin.Length)
        {
            for (int j = 0; j < origin.Length; j++)
            {
                double d = (double)row[start + j] - origin[j];
                sums[j] += d;
                squares[j] += d * d;
            }
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
