using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// Cross-entropy of p = softmax(outputs) with class labels. A row of class y has the loss (1 - s) w_y (-log p_y) + s / C * sum over c of
/// w_c (-log p_c), with label smoothing s over C classes and class weights w (1 where none are given); where a row has a label for each
/// step, the mean over its steps. The mean of a batch is over the rows; PyTorch's divides by the weights of a batch's labels instead, so
/// that a row counts more in a batch of light ones.
/// </summary>
public sealed class CrossEntropyLoss : Loss
{
    readonly float[] _weights;

    /// <summary>Makes the loss.</summary>
    /// <param name="smoothing">share of the target that is spread over all classes, 0 to below 1</param>
    /// <param name="classWeights">one an output, 0 or more and not all 0; empty = all 1; copied</param>
    /// <exception cref="EdgeLearnException">A parameter is out of range.</exception>
    public CrossEntropyLoss(float smoothing, ReadOnlySpan<float> classWeights)
    {
        if (!(smoothing >= 0 && smoothing < 1))
        {
            throw new EdgeLearnException(
                FormattableString.Invariant($"label smoothing {smoothing}: expected a number from 0 to below 1, such as 0.1"));
        }
        foreach (float weight in classWeights)
        {
            if (!float.IsFinite(weight) || weight < 0)
                throw new EdgeLearnException(FormattableString.Invariant($"class weight {weight}: expected finite numbers of 0 or more"));
        }

        if (classWeights.Length > 0 && !classWeights.ContainsAnyExcept(0f))
            throw new EdgeLearnException("all class weights are 0: nothing would be learned");
        Smoothing = smoothing;
        _weights = classWeights.ToArray();
        Name = "cross-entropy" + (smoothing > 0 ? $":smooth{LossText.Format(smoothing)}" : "")
            + (_weights.Length > 0 ? $":weights{string.Join(',', _weights.Select(LossText.Format))}" : "");
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>Share of the target that is spread over all classes.</summary>
    public float Smoothing { get; }

    /// <summary>[classes], or empty where all are 1.</summary>
    public ReadOnlySpan<float> ClassWeights => _weights;

    /// <inheritdoc/>
    public override bool IsClassification => true;

    /// <summary>
    /// Weights that give each class the same sum over a set: labels / (classes * labels of the class), so that their mean over the labels
    /// is 1; 1 for a class without labels.
    /// </summary>
    /// <param name="data">with classes</param>
    /// <param name="outputs">weights to make, at least the classes of the data</param>
    public static float[] BalancedWeights(Dataset data, int outputs)
    {
        int[] counts = new int[outputs];
        int[] labels = new int[data.LabelLength];
        for (int i = 0; i < data.Count; i++)
        {
            data.ReadLabels(i, labels);
            foreach (int label in labels) counts[label]++;
        }

        double share = (double)data.Count * labels.Length / counts.Count(count => count > 0);
        return [.. counts.Select(count => count == 0 ? 1 : (float)(share / count))];
    }

    private protected override double Run(in Batch batch, Span<float> outputs, bool gradient) => (Smoothing == 0 && _weights.Length == 0
        ? Kernels.SoftmaxCrossEntropy(batch.Labels.Length, outputs, batch.Labels, gradient, batch.StepCount * batch.LabelLength)
        : Kernels.SmoothedCrossEntropy(batch.Labels.Length, outputs, batch.Labels, Smoothing, _weights, gradient,
            batch.StepCount * batch.LabelLength)) / batch.LabelLength;

    /// <summary>Labels whose outputs are the largest of their row or step.</summary>
    /// <param name="batch">rows with their labels</param>
    /// <param name="outputs">[batch x output length]</param>
    public override int CountCorrect(in Batch batch, ReadOnlySpan<float> outputs)
    {
        int correct = 0, width = outputs.Length / batch.Labels.Length;
        for (int b = 0; b < batch.Labels.Length; b++)
        {
            if (ClassOf(outputs.Slice(b * width, width)) == batch.Labels[b]) correct++;
        }

        return correct;
    }

    internal override int ClassOf(ReadOnlySpan<float> outputs) => TensorPrimitives.IndexOfMax(outputs);

    internal override void CheckOutputs(NetworkSpec network)
    {
        if (_weights.Length > 0 && _weights.Length != network.ClassCount)
        {
            throw new EdgeLearnException($"the loss has {_weights.Length} class weights, the network has {network.ClassCount} outputs: "
                + $"give one weight an output");
        }
    }
}
