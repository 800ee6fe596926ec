namespace EdgeLearn;

/// <summary>Samples in arrays that the caller owns: recorded by a sensor, or made by a test.</summary>
public sealed class MemoryDataset : Dataset
{
    readonly float[] _inputs;
    readonly LabelList? _labels;
    readonly float[] _targets;

    /// <summary>A classification set.</summary>
    /// <param name="inputs">[samples x shape.Length]</param>
    /// <param name="labels">[samples x labelLength]</param>
    /// <param name="shape">of one input</param>
    /// <param name="classCount">0 for the largest label plus one</param>
    /// <param name="labelLength">labels of a sample: 1, or one for each step of a sequence</param>
    /// <exception cref="EdgeLearnException">A label is out of range.</exception>
    /// <exception cref="ArgumentException">The lengths do not fit each other.</exception>
    public MemoryDataset(float[] inputs, ReadOnlySpan<int> labels, Shape shape, int classCount = 0, int labelLength = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(labelLength, 1);
        if (labels.Length % labelLength != 0)
            throw new ArgumentException($"{labels.Length} labels are no rows of {labelLength}", nameof(labels));
        _labels = new LabelList(labels);
        _inputs = inputs;
        _targets = [];
        InputShape = shape;
        ClassCount = classCount == 0 ? _labels.ClassCount : classCount;
        LabelLength = labelLength;
        Count = labels.Length / labelLength;
        if (_labels.ClassCount > ClassCount)
            throw new EdgeLearnException($"a label is {_labels.ClassCount - 1}; with {ClassCount} classes the largest is {ClassCount - 1}");
        CheckInputs();
    }

    /// <summary>A regression set.</summary>
    /// <param name="inputs">[n x shape.Length]</param>
    /// <param name="targets">[n x targetLength]</param>
    /// <param name="shape">of one input</param>
    /// <param name="targetLength">targets of a sample</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other.</exception>
    public MemoryDataset(float[] inputs, float[] targets, Shape shape, int targetLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(targetLength, 1);
        _inputs = inputs;
        _targets = targets;
        InputShape = shape;
        TargetLength = targetLength;
        Count = targets.Length / targetLength;
        if (targets.Length % targetLength != 0)
            throw new ArgumentException($"{targets.Length} targets are no rows of {targetLength}", nameof(targets));
        CheckInputs();
    }

    /// <inheritdoc/>
    public override string Name => "data in memory";

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override Shape InputShape { get; }

    /// <inheritdoc/>
    public override int ClassCount { get; }

    /// <inheritdoc/>
    public override int TargetLength { get; }

    /// <inheritdoc/>
    public override void ReadInput(int index, Span<float> raw) => _inputs.AsSpan(index * InputLength, InputLength).CopyTo(raw);

    /// <inheritdoc/>
    public override int LabelLength { get; }

    /// <inheritdoc/>
    public override int Label(int index) => _labels is not null ? _labels[(index + 1) * LabelLength - 1] : base.Label(index);

    /// <inheritdoc/>
    public override void ReadLabels(int index, Span<int> labels)
    {
        if (_labels is null) base.ReadLabels(index, labels);
        for (int i = 0; i < LabelLength; i++) labels[i] = _labels![index * LabelLength + i];
    }

    /// <inheritdoc/>
    public override void ReadTarget(int index, Span<float> target)
    {
        if (TargetLength == 0) base.ReadTarget(index, target);
        else _targets.AsSpan(index * TargetLength, TargetLength).CopyTo(target);
    }

    void CheckInputs()
    {
        if (Count == 0) throw new ArgumentException("there are no samples");
        if (_inputs.Length != (long)Count * InputLength)
        {
            throw new ArgumentException($"{Count} samples of {InputShape} need {(long)Count * InputLength} values; there "
                + $"are {_inputs.Length}");
        }
    }
}
