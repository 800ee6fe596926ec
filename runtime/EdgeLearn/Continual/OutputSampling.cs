namespace EdgeLearn;

/// <summary>
/// Answers drawn from the distribution that a network's outputs stand for: what the Fisher information is an expectation over.
/// </summary>
static class OutputSampling
{
    /// <summary>A class, with the odds of the softmax of the outputs; of one output with those of its sigmoid.</summary>
    /// <param name="outputs">[classes], or one for two classes; scratch afterwards</param>
    /// <param name="key">of the draw</param>
    public static int DrawLabel(Span<float> outputs, ulong key)
    {
        float point = Noise.UniformAt(key, 0), sum = 0;
        if (outputs.Length == 1)
        {
            Span<float> two = [0, outputs[0]];
            return DrawLabel(two, key);
        }

        Kernels.SoftmaxRows(1, outputs.Length, 1, isCausal: false, outputs);
        for (int c = 0; c < outputs.Length - 1; c++)
        {
            sum += outputs[c];
            if (point < sum) return c;
        }

        return outputs.Length - 1;
    }

    /// <summary>
    /// Real targets: the outputs with Gaussian noise of variance 1, for which half the square difference is the log-likelihood; where
    /// several labels may be right at once, 0 and 1 with the odds of the sigmoids.
    /// </summary>
    /// <param name="loss">of the network</param>
    /// <param name="outputs">[outputs], overwritten with the targets</param>
    /// <param name="key">of the draw</param>
    public static void DrawTargets(Loss loss, Span<float> outputs, ulong key)
    {
        if (loss is not BinaryCrossEntropyLoss)
        {
            Noise.Add(NoiseKind.Gaussian, key, 0, 1, outputs, outputs);
            return;
        }

        for (int i = 0; i < outputs.Length; i++) outputs[i] = DrawLabel(outputs.Slice(i, 1), Noise.Derive(key, (ulong)i));
    }
}
