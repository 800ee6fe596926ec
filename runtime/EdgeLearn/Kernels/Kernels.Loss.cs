using System.Numerics.Tensors;

namespace EdgeLearn;

public static partial class Kernels
{
    /// <summary>
    /// Sum over the batch of -log softmax(z)[label], in double. With <paramref name="gradient"/>, z becomes (softmax(z) - onehot(label)) / batch,
    /// the gradient of the mean loss.
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="z">[batch x classes] logits; overwritten when the gradient is asked for</param>
    /// <param name="labels">[batch], each in 0..classes-1</param>
    /// <param name="gradient">whether to turn z into its gradient</param>
    public static double SoftmaxCrossEntropy(int batch, Span<float> z, ReadOnlySpan<int> labels, bool gradient)
    {
        int classes = z.Length / batch;
        double loss = 0;
        for (int b = 0; b < batch; b++)
        {
            var row = z.Slice(b * classes, classes);
            float max = TensorPrimitives.Max(row), chosen = row[labels[b]];
            TensorPrimitives.Subtract(row, max, row);
            TensorPrimitives.Exp(row, row);
            float sum = TensorPrimitives.Sum<float>(row);
            loss += Math.Log(sum) - ((double)chosen - max);
            if (!gradient) continue;
            TensorPrimitives.Multiply(row, 1 / (sum * batch), row);
            row[labels[b]] -= 1f / batch;
        }

        return loss;
    }

    /// <summary>
    /// Sum over the batch of the mean over the outputs of (z - target)^2 / 2, in double. With <paramref name="gradient"/>, z becomes
    /// (z - target) / (batch * outputs), the gradient of the mean loss.
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="z">[batch x outputs]; overwritten when the gradient is asked for</param>
    /// <param name="targets">[batch x outputs]</param>
    /// <param name="gradient">whether to turn z into its gradient</param>
    public static double MeanSquareError(int batch, Span<float> z, ReadOnlySpan<float> targets, bool gradient)
    {
        Check.Length(targets, z.Length);
        double loss = 0;
        int outputs = z.Length / batch;
        float scale = 1f / z.Length;
        for (int i = 0; i < z.Length; i++)
        {
            float difference = z[i] - targets[i];
            loss += (double)difference * difference;
            if (gradient) z[i] = difference * scale;
        }

        return loss / (2.0 * outputs);
    }
}
