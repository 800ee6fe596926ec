using System.Runtime.InteropServices;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>
    /// Sum of max(z, 0) - z t + log(1 + e^-|z|), in double: binary cross-entropy of sigmoid(z) with targets t. With
    /// <paramref name="gradient"/>, z becomes scale * (sigmoid(z) - t); else it is left alone.
    /// </summary>
    /// <param name="z">[n] logits</param>
    /// <param name="targets">[n], 0 to 1</param>
    /// <param name="scale">factor on the gradient: 1 over the number of all outputs of a batch</param>
    /// <param name="gradient">whether to turn z into its gradient</param>
    public static double BinaryCrossEntropy(Span<float> z, ReadOnlySpan<float> targets, float scale, bool gradient)
    {
        Check.Length(targets, z.Length);
        if (InstructionSet.Use512) return BinaryCrossEntropy<Lanes16>(z, targets, scale, gradient);
        if (InstructionSet.Use256) return BinaryCrossEntropy<Lanes8>(z, targets, scale, gradient);
        return InstructionSet.Use128
            ? BinaryCrossEntropy<Lanes4>(z, targets, scale, gradient)
            : BinaryCrossEntropy<Lanes1>(z, targets, scale, gradient);
    }

    internal static double BinaryCrossEntropy<T>(Span<float> z, ReadOnlySpan<float> targets, float scale, bool gradient)
        where T : struct, ILanes<T>
    {
        Span<float> logits = stackalloc float[T.Count], wanted = stackalloc float[T.Count], powers = stackalloc float[T.Count];
        logits.Clear();
        wanted.Clear();
        double loss = 0;
        for (int i = 0; i < z.Length; i += T.Count)
        {
            int count = Math.Min(T.Count, z.Length - i);
            z.Slice(i, count).CopyTo(logits);
            targets.Slice(i, count).CopyTo(wanted);
            var x = T.Load(ref MemoryMarshal.GetReference(logits), 0);
            var power = Functions.Exp(T.Broadcast(0) - T.Abs(x)); // in 0..1
            T.Store(power, ref MemoryMarshal.GetReference(powers), 0);
            for (int k = 0; k < count; k++) loss += Math.Max((double)logits[k], 0) - (double)logits[k] * wanted[k] + LogOnePlus(powers[k]);
            if (!gradient) continue;
            var sigmoid = T.IfPositive(x, T.Broadcast(1), power) / (T.Broadcast(1) + power);
            T.Store(T.Broadcast(scale) * (sigmoid - T.Load(ref MemoryMarshal.GetReference(wanted), 0)),
                ref MemoryMarshal.GetReference(logits), 0);
            logits[..count].CopyTo(z[i..]);
        }

        return loss;
    }

    // log(1 + e) for e in 0..1, relative error below 1e-8.
    static double LogOnePlus(double e) => e < 1e-4 ? e * (1 - e / 2) : Math.Log(1 + e);

    /// <summary>
    /// Sum over the batch of the mean over the outputs of h(z - target), in double: h(d) = d^2 / 2 where |d| is at most delta, else delta
    /// (|d| - delta / 2). With <paramref name="gradient"/>, z becomes (z - target, at most delta in magnitude) / (batch * outputs), the
    /// gradient of the mean loss.
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="delta">above 0</param>
    /// <param name="z">[batch x outputs]; overwritten when the gradient is asked for</param>
    /// <param name="targets">[batch x outputs]</param>
    /// <param name="gradient">whether to turn z into its gradient</param>
    /// <param name="meanOf">rows of the mean whose gradient is taken, of which these may be a part; 0 = these</param>
    public static double Huber(int batch, float delta, Span<float> z, ReadOnlySpan<float> targets, bool gradient, int meanOf = 0)
    {
        Check.Length(targets, z.Length);
        double loss = 0;
        int outputs = z.Length / batch;
        float scale = 1f / ((meanOf == 0 ? batch : meanOf) * outputs);
        for (int i = 0; i < z.Length; i++)
        {
            float difference = z[i] - targets[i], slope = Math.Clamp(difference, -delta, delta);
            loss += slope * (difference - 0.5 * slope);
            if (gradient) z[i] = slope * scale;
        }

        return loss / outputs;
    }
}
