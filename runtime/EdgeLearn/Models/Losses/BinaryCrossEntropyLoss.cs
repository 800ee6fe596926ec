namespace EdgeLearn;

/// <summary>
/// Mean over the outputs of -t log p - (1 - t) log(1 - p) with p = sigmoid(output). Either one output and class labels 0 and 1, or, for
/// several labels at once, targets t from 0 to 1, one an output.
/// </summary>
/// <param name="isMultilabel">whether targets are real numbers, one an output; else they are class labels for the one output</param>
sealed class BinaryCrossEntropyLoss(bool isMultilabel) : Loss
{
    /// <summary>Whether targets are real numbers, one an output.</summary>
    public bool IsMultilabel => isMultilabel;

    public override string Name => IsMultilabel ? "binary-cross-entropy:multilabel" : "binary-cross-entropy";

    public override bool IsClassification => !IsMultilabel;

    public override bool MeasuresAccuracy => true;

    public override int OutputsFor(int classCount, int targetLength) => IsMultilabel ? targetLength : 1;

    public override int ClassesOf(int outputs) => IsMultilabel ? outputs : 2;

    private protected override double Run(in Batch batch, Span<float> outputs, bool gradient)
    {
        float scale = 1f / (outputs.Length / batch.Count * batch.StepCount);
        if (IsMultilabel) return Kernels.BinaryCrossEntropy(outputs, batch.Targets, scale, gradient) / (outputs.Length / batch.Count);
        double loss = 0;
        Span<float> targets = stackalloc float[256]; // labels as numbers, a piece at a time
        for (int first = 0; first < batch.Labels.Length; first += targets.Length)
        {
            var piece = targets[..Math.Min(targets.Length, batch.Labels.Length - first)];
            for (int b = 0; b < piece.Length; b++) piece[b] = batch.Labels[first + b];
            loss += Kernels.BinaryCrossEntropy(outputs.Slice(first, piece.Length), piece, scale, gradient);
        }

        return loss / batch.LabelLength;
    }

    /// <summary>Labels whose output, or rows all of whose outputs, lie on the right side of 0.</summary>
    /// <param name="batch">rows with their labels or targets</param>
    /// <param name="outputs">[batch x output length]</param>
    public override int CountCorrect(in Batch batch, ReadOnlySpan<float> outputs)
    {
        int correct = 0, count = IsMultilabel ? batch.Count : batch.Labels.Length, width = outputs.Length / count;
        for (int b = 0; b < count; b++)
        {
            bool isRight = true;
            for (int i = b * width; i < (b + 1) * width; i++)
                isRight &= outputs[i] > 0 == (IsMultilabel ? batch.Targets[i] > 0.5f : batch.Labels[b] == 1);
            if (isRight) correct++;
        }

        return correct;
    }

    internal override int ClassOf(ReadOnlySpan<float> outputs) => outputs[0] > 0 ? 1 : 0;

    internal override void CheckOutputs(NetworkSpec network)
    {
        if (!IsMultilabel && network.ClassCount != 1)
        {
            throw new EdgeLearnException($"binary-cross-entropy tells two classes apart with one output, the network "
                + $"has {network.ClassCount}: end it with 1, or use cross-entropy, or binary-cross-entropy:multilabel for several labels "
                + $"at once");
        }
    }

    public override void CheckFit(Dataset data, NetworkSpec network)
    {
        if (!IsMultilabel && data.ClassCount > 2)
            throw new EdgeLearnException($"{data.Name} has {data.ClassCount} classes, binary-cross-entropy takes 2: use cross-entropy");
        base.CheckFit(data, network);
        if (IsMultilabel) CheckTargets(data);
    }

    // Beyond 0 and 1 the loss has no lower bound, and nobody would see why the outputs run away.
    static void CheckTargets(Dataset data)
    {
        float[] targets = new float[data.TargetLength];
        for (int i = 0; i < data.Count; i++)
        {
            data.ReadFiniteTarget(i, targets);
            foreach (float target in targets)
            {
                if (target is < 0 or > 1)
                {
                    throw new EdgeLearnException(
                        string.Create(System.Globalization.CultureInfo.InvariantCulture,
                        $"{data.Name}: a target of row {data.SourceRow(i)} is {target}, binary-cross-entropy "
                        + $"takes 0 to 1: use mean-square for other numbers"));
                }
            }
        }
    }
}
