namespace EdgeLearn.Tests;

/// <summary>Random samples that fit a network, as labels or as real targets by its loss.</summary>
sealed class SampleSet
{
    readonly int _inputLength;
    readonly int _outputLength;
    readonly int _labelLength;
    readonly bool _isClassification;

    public SampleSet(Network network, int count, int salt = 1)
    {
        _inputLength = network.InputLength;
        _outputLength = network.OutputLength;
        _labelLength = network.Spec.LabelLength;
        _isClassification = network.Loss.IsClassification;
        Count = count;
        Inputs = Values.Random(count * _inputLength, salt);
        if (network.Spec.Layers[0] is EmbeddingSpec embedding) Inputs = [.. Values.Labels(Inputs.Length, embedding.Words, salt)];
        Labels = Values.Labels(count * _labelLength, network.Spec.ClassCount, salt);
        Targets = Values.Random(count * _outputLength, salt + 1);
    }

    public int Count { get; }

    public float[] Inputs { get; }

    public int[] Labels { get; }

    public float[] Targets { get; }

    public Batch Rows(int count, int from = 0)
    {
        var inputs = Inputs.AsSpan(from * _inputLength, count * _inputLength);
        return _isClassification
            ? new Batch(count, inputs, Labels.AsSpan(from * _labelLength, count * _labelLength), _labelLength)
            : new Batch(count, inputs, Targets.AsSpan(from * _outputLength, count * _outputLength));
    }

    public double[] Row(int index) => [.. Inputs.AsSpan(index * _inputLength, _inputLength).ToArray().Select(x => (double)x)];
}
