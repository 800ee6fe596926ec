using System.Runtime.InteropServices;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>
    /// Sum over the batch of -log softmax(z)[label], in double. With <paramref name="gradient"/>, z becomes (softmax(z) - onehot(label)) /
    /// batch, the gradient of the mean loss; else it is left as scratch.
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="z">[batch x classes] logits; overwritten</param>
    /// <param name="labels">[batch], each in 0..classes-1</param>
    /// <param name="gradient">whether to turn z into its gradient</param>
    /// <param name="meanOf">rows of the mean whose gradient is taken, of which these may be a part; 0 = these</param>
    public static double SoftmaxCrossEntropy(int batch, Span<float> z, ReadOnlySpan<int> labels, bool gradient, int meanOf = 0)
    {
        // 16 lanes whatever the width: sums have the same order everywhere.
        if (InstructionSet.Use512) return SoftmaxCrossEntropy<Lanes16>(batch, z, labels, gradient, meanOf);
        if (InstructionSet.Use256) return SoftmaxCrossEntropy<Pair<Lanes8>>(batch, z, labels, gradient, meanOf);
        return InstructionSet.Use128
            ? SoftmaxCrossEntropy<Pair<Pair<Lanes4>>>(batch, z, labels, gradient, meanOf)
            : SoftmaxCrossEntropy<Pair<Pair<Pair<Pair<Lanes1>>>>>(batch, z, labels, gradient, meanOf);
    }

    internal static double SoftmaxCrossEntropy<T>(int batch, Span<float> z, ReadOnlySpan<int> labels, bool gradient, int meanOf = 0)
        where T : struct, ILanes<T>
    {
        int classes = z.Length / batch, rest = classes % T.Count, mean = meanOf == 0 ? batch : meanOf;
        Span<float> last = stackalloc float[T.Count]; // what is left of a row, filled up with values whose exponential is 0
        double loss = 0;
        for (int b = 0; b < batch; b++)
        {
            var row = z.Slice(b * classes, classes);
            float chosen = row[labels[b]];
            last[rest..].Fill(float.NegativeInfinity);
            row[(classes - rest)..].CopyTo(last);
            float max = Maximum<T>(row, ref last[0]);
            float sum = ExpAndSum<T>(max, row, ref last[0]);
            loss += Math.Log(sum) - ((double)chosen - max);
            if (gradient)
            {
                Scale<T>(1 / (sum * mean), row, ref last[0]);
                last[..rest].CopyTo(row[(classes - rest)..]);
                row[labels[b]] -= 1f / mean;
            }
        }

        return loss;
    }

    static float Maximum<T>(ReadOnlySpan<float> values, ref float last)
        where T : struct, ILanes<T>
    {
        ref float v0 = ref MemoryMarshal.GetReference(values);
        var max = T.Load(ref last, 0);
        // a NaN can get lost here: the sum that follows meets it
        for (int i = 0; i + T.Count <= values.Length; i += T.Count) max = T.Max(max, T.Load(ref v0, (nuint)i));
        return T.Maximum(max);
    }

    // values = exp(values - max); returns their sum.
    static float ExpAndSum<T>(float max, Span<float> values, ref float last)
        where T : struct, ILanes<T>
    {
        ref float v0 = ref MemoryMarshal.GetReference(values);
        T shift = T.Broadcast(max), sum = T.Broadcast(0);
        for (int i = 0; i + T.Count <= values.Length; i += T.Count)
        {
            var e = Functions.Exp(T.Load(ref v0, (nuint)i) - shift);
            T.Store(e, ref v0, (nuint)i);
            sum += e;
        }

        var rest = Functions.Exp(T.Load(ref last, 0) - shift);
        T.Store(rest, ref last, 0);
        return T.Sum(sum + rest);
    }

    static void Scale<T>(float factor, Span<float> values, ref float last)
        where T : struct, ILanes<T>
    {
        ref float v0 = ref MemoryMarshal.GetReference(values);
        var f = T.Broadcast(factor);
        for (int i = 0; i + T.Count <= values.Length; i += T.Count) T.Store(f * T.Load(ref v0, (nuint)i), ref v0, (nuint)i);
        T.Store(f * T.Load(ref last, 0), ref last, 0);
    }

    /// <summary>
    /// Sum over the batch of the mean over the outputs of (z - target)^2 / 2, in double. With <paramref name="gradient"/>, z becomes
    /// (z - target) / (batch * outputs), the gradient of the mean loss.
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="z">[batch x outputs]; overwritten when the gradient is asked for</param>
    /// <param name="targets">[batch x outputs]</param>
    /// <param name="gradient">whether to turn z into its gradient</param>
    /// <param name="meanOf">rows of the mean whose gradient is taken, of which these may be a part; 0 = these</param>
    public static double MeanSquareError(int batch, Span<float> z, ReadOnlySpan<float> targets, bool gradient, int meanOf = 0)
    {
        Check.Length(targets, z.Length);
        double loss = 0;
        int outputs = z.Length / batch;
        float scale = 1f / ((meanOf == 0 ? batch : meanOf) * outputs);
        for (int i = 0; i < z.Length; i++)
        {
            float difference = z[i] - targets[i];
            loss += (double)difference * difference;
            if (gradient) z[i] = difference * scale;
        }

        return loss / (2.0 * outputs);
    }
}
