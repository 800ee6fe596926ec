using System.Runtime.InteropServices;

namespace EdgeLearn;

public static partial class Kernels
{
    /// <summary>
    /// Sum over the batch of -log softmax(z)[label], in double. With <paramref name="gradient"/>, z becomes (softmax(z) - onehot(label)) / batch,
    /// the gradient of the mean loss; else it is left as scratch.
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="z">[batch x classes] logits; overwritten</param>
    /// <param name="labels">[batch], each in 0..classes-1</param>
    /// <param name="gradient">whether to turn z into its gradient</param>
    public static double SoftmaxCrossEntropy(int batch, Span<float> z, ReadOnlySpan<int> labels, bool gradient)
    {
        int classes = z.Length / batch;
        double loss = 0;
        for (int b = 0; b < batch; b++)
        {
            var row = z.Slice(b * classes, classes);
            float chosen = row[labels[b]], max = Maximum(row);
            float sum = ExpAndSum(max, row);
            loss += Math.Log(sum) - ((double)chosen - max);
            if (!gradient) continue;
            Scale(1 / (sum * batch), row);
            row[labels[b]] -= 1f / batch;
        }

        return loss;
    }

    // Sums and maxima are taken in 16 lanes whatever the width, and their order is the same everywhere.
    static float Maximum(ReadOnlySpan<float> values)
    {
        if (InstructionSet.Use512) return Maximum<Lanes16>(values);
        if (InstructionSet.Use256) return Maximum<Pair<Lanes8>>(values);
        return InstructionSet.Use128 ? Maximum<Pair<Pair<Lanes4>>>(values) : Maximum<Pair<Pair<Pair<Pair<Lanes1>>>>>(values);
    }

    internal static float Maximum<T>(ReadOnlySpan<float> values)
        where T : struct, ILanes<T>
    {
        Span<float> buffer = stackalloc float[T.Count];
        buffer.Fill(float.NegativeInfinity);
        ref float v0 = ref MemoryMarshal.GetReference(values);
        ref float b0 = ref MemoryMarshal.GetReference(buffer);
        var max = T.Load(ref b0, 0);
        int i = 0;
        for (; i + T.Count <= values.Length; i += T.Count) max = T.Max(max, T.Load(ref v0, (nuint)i)); // a NaN passes from the second operand and is lost from the first: the sum that follows still meets it
        values[i..].CopyTo(buffer);
        max = T.Max(max, T.Load(ref b0, 0));
        T.Store(max, ref b0, 0);
        float result = buffer[0];
        for (int lane = 1; lane < T.Count; lane++) result = MathF.Max(result, buffer[lane]);
        return result;
    }

    static float ExpAndSum(float max, Span<float> values)
    {
        if (InstructionSet.Use512) return ExpAndSum<Lanes16>(max, values);
        if (InstructionSet.Use256) return ExpAndSum<Pair<Lanes8>>(max, values);
        return InstructionSet.Use128 ? ExpAndSum<Pair<Pair<Lanes4>>>(max, values) : ExpAndSum<Pair<Pair<Pair<Pair<Lanes1>>>>>(max, values);
    }

    // values = exp(values - max); returns their sum.
    internal static float ExpAndSum<T>(float max, Span<float> values)
        where T : struct, ILanes<T>
    {
        Span<float> buffer = stackalloc float[T.Count];
        buffer.Fill(float.NegativeInfinity); // whose exponential is 0
        ref float v0 = ref MemoryMarshal.GetReference(values);
        ref float b0 = ref MemoryMarshal.GetReference(buffer);
        T sum = T.Broadcast(0), shift = T.Broadcast(max);
        int i = 0;
        for (; i + T.Count <= values.Length; i += T.Count)
        {
            var e = Functions.Exp(T.Load(ref v0, (nuint)i) - shift);
            T.Store(e, ref v0, (nuint)i);
            sum += e;
        }

        if (i < values.Length)
        {
            values[i..].CopyTo(buffer);
            var e = Functions.Exp(T.Load(ref b0, 0) - shift);
            T.Store(e, ref b0, 0);
            sum += e;
            buffer[..(values.Length - i)].CopyTo(values[i..]);
        }

        return T.Sum(sum);
    }

    /// <summary>values = factor * values.</summary>
    internal static void Scale(float factor, Span<float> values) => System.Numerics.Tensors.TensorPrimitives.Multiply(values, factor, values);

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
