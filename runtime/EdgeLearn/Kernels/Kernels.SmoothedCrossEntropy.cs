using System.Runtime.InteropServices;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>
    /// Sum over the batch of (1 - s) w_y (-log p_y) + s / C * sum over c of w_c (-log p_c), in double, with p = softmax(z) over C classes,
    /// label y, label smoothing s and class weights w. With <paramref name="gradient"/>, z becomes the gradient of the mean over the rows;
    /// else it is left as scratch.
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="z">[batch x classes] logits; overwritten</param>
    /// <param name="labels">[batch], each in 0..classes-1</param>
    /// <param name="smoothing">0 to below 1</param>
    /// <param name="weights">[classes], or empty for 1 each</param>
    /// <param name="gradient">whether to turn z into its gradient</param>
    /// <param name="meanOf">rows of the mean whose gradient is taken, of which these may be a part; 0 = these</param>
    public static double SmoothedCrossEntropy(int batch, Span<float> z, ReadOnlySpan<int> labels, float smoothing,
        ReadOnlySpan<float> weights, bool gradient, int meanOf = 0)
    {
        if (weights.Length > 0) Check.Length(weights, z.Length / batch);
        if (InstructionSet.Use512) return SmoothedCrossEntropy<Lanes16>(batch, z, labels, smoothing, weights, gradient, meanOf);
        if (InstructionSet.Use256) return SmoothedCrossEntropy<Pair<Lanes8>>(batch, z, labels, smoothing, weights, gradient, meanOf);
        return InstructionSet.Use128
            ? SmoothedCrossEntropy<Pair<Pair<Lanes4>>>(batch, z, labels, smoothing, weights, gradient, meanOf)
            : SmoothedCrossEntropy<Pair<Pair<Pair<Pair<Lanes1>>>>>(batch, z, labels, smoothing, weights, gradient, meanOf);
    }

    internal static double SmoothedCrossEntropy<T>(int batch, Span<float> z, ReadOnlySpan<int> labels, float smoothing,
        ReadOnlySpan<float> weights, bool gradient, int meanOf = 0)
        where T : struct, ILanes<T>
    {
        int classes = z.Length / batch, rest = classes % T.Count, mean = meanOf == 0 ? batch : meanOf;
        Span<float> last = stackalloc float[T.Count], lastWeights = stackalloc float[T.Count];
        lastWeights[rest..].Clear();
        if (weights.Length > 0) weights[(classes - rest)..].CopyTo(lastWeights);
        double loss = 0, kept = 1 - (double)smoothing, spread = (double)smoothing / classes, weightSum = weights.Length > 0 ? 0 : classes;
        foreach (float weight in weights) weightSum += weight;
        for (int b = 0; b < batch; b++)
        {
            var row = z.Slice(b * classes, classes);
            int label = labels[b];
            double chosen = row[label], share = kept * (weights.Length > 0 ? weights[label] : 1);
            last[rest..].Fill(float.NegativeInfinity);
            row[(classes - rest)..].CopyTo(last);
            float max = Maximum<T>(row, ref last[0]);
            double below = 0; // sum of w_c (z_c - max)
            if (smoothing > 0)
            {
                last[rest..].Fill(max);
                below = weights.Length > 0
                    ? WeightedSum<T>(max, row, weights, ref last[0], ref lastWeights[0])
                    : ShiftedSum<T>(max, row, ref last[0]);
                last[rest..].Fill(float.NegativeInfinity);
            }

            float sum = ExpAndSum<T>(max, row, ref last[0]);
            double log = Math.Log(sum);
            loss += share * (log - (chosen - max)) + spread * (weightSum * log - below);
            if (!gradient) continue;
            Scale<T>((float)((share + spread * weightSum) / ((double)sum * mean)), row, ref last[0]);
            last[..rest].CopyTo(row[(classes - rest)..]);
            if (smoothing > 0) SubtractSpread((float)(spread / mean), weights, row);
            row[label] -= (float)(share / mean);
        }

        return loss;
    }

    // Sum of values - max; what fills up the last register is the maximum.
    static float ShiftedSum<T>(float max, ReadOnlySpan<float> values, ref float last)
        where T : struct, ILanes<T>
    {
        ref float v0 = ref MemoryMarshal.GetReference(values);
        T shift = T.Broadcast(max), sum = T.Load(ref last, 0) - shift;
        for (int i = 0; i + T.Count <= values.Length; i += T.Count) sum += T.Load(ref v0, (nuint)i) - shift;
        return T.Sum(sum);
    }

    // Sum of weight * (value - max); what fills up the last register is the maximum.
    static float WeightedSum<T>(float max, ReadOnlySpan<float> values, ReadOnlySpan<float> weights, ref float last, ref float lastWeights)
        where T : struct, ILanes<T>
    {
        ref float v0 = ref MemoryMarshal.GetReference(values);
        ref float w0 = ref MemoryMarshal.GetReference(weights);
        T shift = T.Broadcast(max), sum = T.Load(ref lastWeights, 0) * (T.Load(ref last, 0) - shift);
        for (int i = 0; i + T.Count <= values.Length; i += T.Count) sum += T.Load(ref w0, (nuint)i) * (T.Load(ref v0, (nuint)i) - shift);
        return T.Sum(sum);
    }

    static void SubtractSpread(float spread, ReadOnlySpan<float> weights, Span<float> row)
    {
        if (weights.Length == 0)
        {
            foreach (ref float value in row) value -= spread;
            return;
        }

        for (int c = 0; c < row.Length; c++) row[c] -= spread * weights[c];
    }
}
