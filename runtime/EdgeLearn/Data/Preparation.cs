using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// x' = (x - shift) * scale, with one shift and scale for all values, or one of each a feature, or one of each a column of a sequence or a
/// channel of an image, which repeat along the row; and for real targets t' = (t - mean) / deviation. It is made from the training set once
/// and saved with the model, so that every board prepares its samples in the same way.
/// </summary>
public sealed class Preparation
{
    // Few columns are repeated to this length, so that a row is worked off in long spans.
    const int ShortestSpan = 256;

    readonly float[] _shift;
    readonly float[] _scale;
    readonly float[] _shifts;
    readonly float[] _scales;
    readonly float[] _remainder = [];

    /// <summary>Uses given numbers, copied.</summary>
    /// <param name="shift">[1], [features], or [columns] where the features of a row are repeats of as many columns; finite</param>
    /// <param name="scale">as many as <paramref name="shift"/>, finite; 0 = the value says nothing</param>
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

    /// <summary>The same with the parts of the shifts that a float cannot hold, and the scale of targets.</summary>
    /// <param name="inputs">of the inputs</param>
    /// <param name="remainder">[shifts] or nothing, added to the shifts in double</param>
    /// <param name="targets">of the targets</param>
    /// <exception cref="EdgeLearnException">There are as many numbers neither as shifts nor none, or one is not finite.</exception>
    internal Preparation(Preparation inputs, ReadOnlySpan<float> remainder, TargetScale targets)
        : this(inputs._shift, inputs._scale)
    {
        bool fits = remainder.IsEmpty || (remainder.Length == _shift.Length && TensorPrimitives.IsFiniteAll(remainder));
        if (!fits)
            throw new EdgeLearnException($"a preparation has {_shift.Length} shifts and {remainder.Length} remainders of them");
        _remainder = remainder.ToArray();
        Targets = targets;
    }

    /// <summary>x' = x.</summary>
    public static Preparation Identity { get; } = new([0], [1]);

    /// <summary>[1], [features] or [columns].</summary>
    public ReadOnlySpan<float> Shift => _shift;

    /// <summary>[1], [features] or [columns].</summary>
    public ReadOnlySpan<float> Scale => _scale;

    /// <summary>What is missing in <see cref="Shift"/> to the shift in double, [shifts]; empty where nothing that matters is.</summary>
    internal ReadOnlySpan<float> Remainder => _remainder;

    /// <summary>How real targets are scaled.</summary>
    internal TargetScale Targets { get; } = TargetScale.None;

    /// <summary>Whether another prepares every sample to the same bits.</summary>
    internal bool Equals(Preparation other)
        => Shift.SequenceEqual(other.Shift) && Scale.SequenceEqual(other.Scale) && Remainder.SequenceEqual(other.Remainder)
            && Targets.Mean.SequenceEqual(other.Targets.Mean) && Targets.Deviation.SequenceEqual(other.Targets.Deviation);

    /// <summary>The same for inputs, with targets scaled in another way.</summary>
    internal Preparation WithTargets(TargetScale targets) => new(this, _remainder, targets);

    /// <summary>
    /// The same for inputs, with targets brought to mean 0 and deviation 1 over a set (population form), each for itself.
    /// </summary>
    /// <param name="data">the training set, with real targets</param>
    /// <exception cref="EdgeLearnException">A target is not finite.</exception>
    public Preparation StandardiseTargets(Dataset data) => WithTargets(TargetScale.Standardise(data));

    /// <summary>True when each feature, or each column or channel, has numbers of its own.</summary>
    public bool IsPerFeature => _shift.Length > 1;

    /// <summary>True when it changes no input.</summary>
    public bool IsIdentity => _shift is [0] && _scale is [1] && _remainder.Length == 0;

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
    /// x' = (x - mean) / standard deviation of the set (population form). What does not vary, up to rounding, gets a scale of 0 and becomes
    /// 0. One pass, memory of three doubles a feature, in the precision of the data's numbers, the same bits on every board.
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
        return SampleStatistics.OfInputs(data, width).Standardise();
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
            if (_remainder.Length > 0) TensorPrimitives.Subtract(rows, _remainder[0], rows);
            if (_scale[0] != 1) TensorPrimitives.Multiply(rows, _scale[0], rows);
            return;
        }

        CheckLength(rowLength);
        // Rows are repeats of the columns, so all of them are one long run of repeats.
        while (!rows.IsEmpty)
        {
            var part = rows[..Math.Min(rows.Length, _shifts.Length)];
            TensorPrimitives.Subtract(part, _shifts.AsSpan(0, part.Length), part);
            for (int i = 0; _remainder.Length > 0 && i < part.Length; i++) part[i] -= _remainder[i % _remainder.Length];
            TensorPrimitives.Multiply(part, _scales.AsSpan(0, part.Length), part);
            rows = rows[part.Length..];
        }
    }

    /// <summary>Prepares part of a row whose numbers are wider than floats; allocates nothing.</summary>
    /// <param name="raw">values of the row</param>
    /// <param name="first">place of the first of them in the row</param>
    /// <param name="prepared">as many as <paramref name="raw"/>, written</param>
    internal void Apply(ReadOnlySpan<double> raw, int first, Span<float> prepared)
    {
        for (int i = 0; i < raw.Length; i++)
        {
            int j = (first + i) % _shift.Length;
            double shift = _remainder.Length == 0 ? _shift[j] : (double)_shift[j] + _remainder[j];
            prepared[i] = (float)((raw[i] - shift) * _scale[j]);
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
}
