namespace EdgeLearn;

/// <summary>
/// One mini-batch, as spans over buffers that somebody else owns. A classification batch has labels and no targets, a regression batch
/// has targets and no labels.
/// </summary>
public readonly ref struct Batch
{
    /// <summary>A batch of a classification task.</summary>
    /// <param name="count">rows</param>
    /// <param name="inputs">[count x input length], prepared</param>
    /// <param name="labels">[count x labelLength], each in 0..classes-1</param>
    /// <param name="labelLength">labels of a row: 1, or one for each step of a sequence</param>
    public Batch(int count, ReadOnlySpan<float> inputs, ReadOnlySpan<int> labels, int labelLength = 1)
    {
        Count = count;
        Inputs = inputs;
        Labels = labels[..(count * labelLength)];
        LabelLength = labelLength;
    }

    /// <summary>A batch of a regression task.</summary>
    /// <param name="count">rows</param>
    /// <param name="inputs">[count x input length], prepared</param>
    /// <param name="targets">[count x output length]</param>
    public Batch(int count, ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets)
    {
        Count = count;
        Inputs = inputs;
        Targets = targets;
    }

    /// <summary>Rows.</summary>
    public int Count { get; }

    /// <summary>The layer whose inputs these are: 0, or the first behind a frozen body whose outputs are known already.</summary>
    public int FirstLayer { get; init; }

    /// <summary>[count x input length], prepared.</summary>
    public ReadOnlySpan<float> Inputs { get; }

    /// <summary>Labels of a row; 0 in a regression.</summary>
    public int LabelLength { get; }

    /// <summary>[count x label length] class indices, or empty.</summary>
    public ReadOnlySpan<int> Labels { get; }

    /// <summary>[count x output length] real targets, or empty.</summary>
    public ReadOnlySpan<float> Targets { get; }
}
