using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>What the outputs for one label say of each class.</summary>
static class ClassProbabilities
{
    /// <summary>p_c = exp(o_c) / sum_k exp(o_k); of one output that tells two classes apart, p_1 = 1 / (1 + exp(-o)).</summary>
    /// <param name="outputs">for one label, of the last layer</param>
    /// <param name="probabilities">[classes], written; they add up to 1</param>
    public static void Of(ReadOnlySpan<float> outputs, Span<double> probabilities)
    {
        if (outputs.Length == 1)
        {
            probabilities[1] = Sigmoid(outputs[0]);
            probabilities[0] = 1 - probabilities[1];
            return;
        }

        float largest = TensorPrimitives.Max(outputs);
        double sum = 0;
        for (int i = 0; i < outputs.Length; i++) sum += probabilities[i] = Math.Exp(outputs[i] - largest);
        for (int i = 0; i < outputs.Length; i++) probabilities[i] /= sum;
    }

    /// <summary>1 / (1 + exp(-x)).</summary>
    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
