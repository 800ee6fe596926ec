using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>What the last layer's output is held against.</summary>
public abstract class Loss
{
    /// <summary>Cross-entropy of the softmax of the outputs with class labels; where a row has a label for each step, the mean over its steps.</summary>
    public static Loss SoftmaxCrossEntropy { get; } = new CrossEntropyLoss();

    /// <summary>Half the mean square difference of the outputs from real targets.</summary>
    public static Loss MeanSquareError { get; } = new MeanSquareLoss();

    /// <summary>The name of the loss in model files and on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the targets are class labels.</summary>
    public abstract bool IsClassification { get; }

    /// <summary>Sum of the losses of the rows, in double. The outputs are scratch afterwards.</summary>
    /// <param name="batch">rows with their labels or targets</param>
    /// <param name="outputs">[batch x output length], overwritten</param>
    public abstract double Sum(in Batch batch, Span<float> outputs);

    /// <summary>Sum of the losses; the outputs become the gradient of the mean loss by the outputs.</summary>
    /// <param name="batch">rows with their labels or targets</param>
    /// <param name="outputs">[batch x output length]: outputs in, gradient out</param>
    public abstract double Gradient(in Batch batch, Span<float> outputs);

    /// <summary>Labels whose outputs are the largest of their row or step; 0 for a regression.</summary>
    /// <param name="batch">rows with their labels</param>
    /// <param name="outputs">[batch x output length]</param>
    public abstract int CountCorrect(in Batch batch, ReadOnlySpan<float> outputs);

    /// <summary>The loss of this name, or an <see cref="EdgeLearnException"/> that lists the names.</summary>
    public static Loss Named(string name) => name switch
    {
        "cross-entropy" => SoftmaxCrossEntropy,
        "mean-square" => MeanSquareError,
        _ => throw new EdgeLearnException($"unknown loss '{name}': expected cross-entropy or mean-square"),
    };

    sealed class CrossEntropyLoss : Loss
    {
        public override string Name => "cross-entropy";

        public override bool IsClassification => true;

        public override double Sum(in Batch batch, Span<float> outputs) => Kernels.SoftmaxCrossEntropy(batch.Labels.Length, outputs, batch.Labels, gradient: false) / batch.LabelLength;

        public override double Gradient(in Batch batch, Span<float> outputs) => Kernels.SoftmaxCrossEntropy(batch.Labels.Length, outputs, batch.Labels, gradient: true) / batch.LabelLength;

        public override int CountCorrect(in Batch batch, ReadOnlySpan<float> outputs)
        {
            int correct = 0, width = outputs.Length / batch.Labels.Length;
            for (int b = 0; b < batch.Labels.Length; b++)
            {
                if (TensorPrimitives.IndexOfMax(outputs.Slice(b * width, width)) == batch.Labels[b]) correct++;
            }

            return correct;
        }
    }

    sealed class MeanSquareLoss : Loss
    {
        public override string Name => "mean-square";

        public override bool IsClassification => false;

        public override double Sum(in Batch batch, Span<float> outputs) => Kernels.MeanSquareError(batch.Count, outputs, batch.Targets, gradient: false);

        public override double Gradient(in Batch batch, Span<float> outputs) => Kernels.MeanSquareError(batch.Count, outputs, batch.Targets, gradient: true);

        public override int CountCorrect(in Batch batch, ReadOnlySpan<float> outputs) => 0;
    }
}
