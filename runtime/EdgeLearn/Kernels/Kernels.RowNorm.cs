using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

// Layer norm and RMS norm of rows. Sums are taken in 16 lanes whatever the width of a register, what is left of a row is added behind them.
static partial class Kernels
{
    /// <summary>
    /// y = n * weight + bias with n = (x - mean) / sqrt(variance + epsilon), row by row; not centred: n = x / sqrt(mean square + epsilon).
    /// </summary>
    /// <param name="isCentred">whether the mean is taken off</param>
    /// <param name="epsilon">added below the root</param>
    /// <param name="x">[rows x weight.Length]</param>
    /// <param name="weight">factors</param>
    /// <param name="bias">addends, as many; or empty</param>
    /// <param name="y">[rows x weight.Length], written; may be x</param>
    public static void NormRows(bool isCentred, float epsilon, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias,
        Span<float> y)
    {
        Check.Length(y, x.Length);
        if (!bias.IsEmpty) Check.Length(bias, weight.Length);
        if (InstructionSet.Use512) NormRows<Lanes16>(isCentred, epsilon, x, weight, bias, y);
        else if (InstructionSet.Use256) NormRows<Pair<Lanes8>>(isCentred, epsilon, x, weight, bias, y);
        else if (InstructionSet.Use128) NormRows<Pair<Pair<Lanes4>>>(isCentred, epsilon, x, weight, bias, y);
        else NormRows<Pair<Pair<Pair<Pair<Lanes1>>>>>(isCentred, epsilon, x, weight, bias, y);
    }

    static void NormRows<T>(bool isCentred, float epsilon, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias,
        Span<float> y)
        where T : struct, ILanes<T>
    {
        int width = weight.Length, whole = width / T.Count * T.Count;
        ref float w = ref MemoryMarshal.GetReference(weight);
        ref float b = ref MemoryMarshal.GetReference(bias);
        for (int r = 0; r < x.Length; r += width)
        {
            ref float row = ref Unsafe.Add(ref MemoryMarshal.GetReference(x), r);
            ref float output = ref Unsafe.Add(ref MemoryMarshal.GetReference(y), r);
            var (mean, scale) = Moments<T>(isCentred, epsilon, width, ref row);
            NormRow<T>(0, whole, mean, scale, ref row, ref w, ref b, !bias.IsEmpty, ref output);
            NormRow<Lanes1>(whole, width, mean, scale, ref row, ref w, ref b, !bias.IsEmpty, ref output);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void NormRow<T>(int from, int to, float mean, float scale, ref float x, ref float weight, ref float bias, bool hasBias,
    ref float y)
        where T : struct, ILanes<T>
    {
        T m = T.Broadcast(mean), f = T.Broadcast(scale);
        for (nuint i = (nuint)from; i < (nuint)to; i += (nuint)T.Count)
        {
            var n = (T.Load(ref x, i) - m) * f;
            T.Store(hasBias ? T.MultiplyAdd(n, T.Load(ref weight, i), T.Load(ref bias, i)) : n * T.Load(ref weight, i), ref y, i);
        }
    }

    // The mean, 0 when it is not taken off, and 1 / sqrt(mean square of what is left + epsilon).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static (float Mean, float Scale) Moments<T>(bool isCentred, float epsilon, int width, ref float x)
        where T : struct, ILanes<T>
    {
        nuint whole = (nuint)(width / T.Count * T.Count);
        float mean = 0;
        if (isCentred)
        {
            var sums = T.Broadcast(0);
            for (nuint i = 0; i < whole; i += (nuint)T.Count) sums += T.Load(ref x, i);
            float sum = T.Sum(sums);
            for (nuint i = whole; i < (nuint)width; i++) sum += Unsafe.Add(ref x, i);
            mean = sum / width;
        }

        T squares = T.Broadcast(0), m = T.Broadcast(mean);
        for (nuint i = 0; i < whole; i += (nuint)T.Count)
        {
            var d = T.Load(ref x, i) - m;
            squares = T.MultiplyAdd(d, d, squares);
        }

        float square = T.Sum(squares);
        for (nuint i = whole; i < (nuint)width; i++)
        {
            float d = Unsafe.Add(ref x, i) - mean;
            square += d * d;
        }

        return (mean, 1 / MathF.Sqrt(square / width + epsilon));
    }

    /// <summary>
    /// The way back through
    /// <see cref="NormRows(bool, float, ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float})"/>, of which x alone is
    /// needed: with g = dy * weight, dx += scale * (g - mean of g - n * mean of g * n), without the first mean where the norm is not
    /// centred; dWeight += sum over the rows of n * dy, dBias += sum over the rows of dy.
    /// </summary>
    /// <param name="isCentred">whether the mean was taken off</param>
    /// <param name="epsilon">added below the root</param>
    /// <param name="x">[rows x weight.Length], the norm's input</param>
    /// <param name="weight">factors</param>
    /// <param name="dy">[rows x weight.Length]</param>
    /// <param name="dx">[rows x weight.Length], added to; empty when nobody wants it</param>
    /// <param name="dWeight">[weight.Length], added to; empty when nobody wants it</param>
    /// <param name="dBias">[weight.Length], added to; as empty as dWeight</param>
    public static void NormRowsGradient(bool isCentred, float epsilon, ReadOnlySpan<float> x, ReadOnlySpan<float> weight,
        ReadOnlySpan<float> dy, Span<float> dx, Span<float> dWeight, Span<float> dBias)
    {
        Check.Length(dy, x.Length);
        if (!dx.IsEmpty) Check.Length(dx, x.Length);
        Check.Length(dBias, dWeight.Length);
        if (!dWeight.IsEmpty) Check.Length(dWeight, weight.Length);
        if (InstructionSet.Use512) NormRowsGradient<Lanes16>(isCentred, epsilon, x, weight, dy, dx, dWeight, dBias);
        else if (InstructionSet.Use256) NormRowsGradient<Pair<Lanes8>>(isCentred, epsilon, x, weight, dy, dx, dWeight, dBias);
        else if (InstructionSet.Use128) NormRowsGradient<Pair<Pair<Lanes4>>>(isCentred, epsilon, x, weight, dy, dx, dWeight, dBias);
        else NormRowsGradient<Pair<Pair<Pair<Pair<Lanes1>>>>>(isCentred, epsilon, x, weight, dy, dx, dWeight, dBias);
    }

    static void NormRowsGradient<T>(bool isCentred, float epsilon, ReadOnlySpan<float> x, ReadOnlySpan<float> weight,
        ReadOnlySpan<float> dy, Span<float> dx, Span<float> dWeight, Span<float> dBias)
        where T : struct, ILanes<T>
    {
        int width = weight.Length, whole = width / T.Count * T.Count;
        ref float w = ref MemoryMarshal.GetReference(weight);
        ref float dw = ref MemoryMarshal.GetReference(dWeight);
        ref float db = ref MemoryMarshal.GetReference(dBias);
        for (int r = 0; r < x.Length; r += width)
        {
            ref float row = ref Unsafe.Add(ref MemoryMarshal.GetReference(x), r);
            ref float gradient = ref Unsafe.Add(ref MemoryMarshal.GetReference(dy), r);
            var (mean, scale) = Moments<T>(isCentred, epsilon, width, ref row);
            if (!dWeight.IsEmpty)
            {
                AddWeightGradient<T>(0, whole, mean, scale, ref row, ref gradient, ref dw, ref db);
                AddWeightGradient<Lanes1>(whole, width, mean, scale, ref row, ref gradient, ref dw, ref db);
            }

            if (dx.IsEmpty) continue;
            T sums = T.Broadcast(0), products = sums, m = T.Broadcast(mean), f = T.Broadcast(scale);
            for (nuint i = 0; i < (nuint)whole; i += (nuint)T.Count)
            {
                var g = T.Load(ref gradient, i) * T.Load(ref w, i);
                sums += g;
                products = T.MultiplyAdd(g, (T.Load(ref row, i) - m) * f, products);
            }

            float sum = T.Sum(sums), product = T.Sum(products);
            for (int i = whole; i < width; i++)
            {
                float g = Unsafe.Add(ref gradient, i) * Unsafe.Add(ref w, i);
                sum += g;
                product += g * ((Unsafe.Add(ref row, i) - mean) * scale);
            }

            ref float target = ref Unsafe.Add(ref MemoryMarshal.GetReference(dx), r);
            float level = isCentred ? sum / width : 0, slope = -product / width;
            AddInputGradient<T>(0, whole, mean, scale, level, slope, ref row, ref gradient, ref w, ref target);
            AddInputGradient<Lanes1>(whole, width, mean, scale, level, slope, ref row, ref gradient, ref w, ref target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AddWeightGradient<T>(int from, int to, float mean, float scale, ref float x, ref float dy, ref float dWeight,
    ref float dBias)
        where T : struct, ILanes<T>
    {
        T m = T.Broadcast(mean), f = T.Broadcast(scale);
        for (nuint i = (nuint)from; i < (nuint)to; i += (nuint)T.Count)
        {
            var g = T.Load(ref dy, i);
            T.Store(T.MultiplyAdd((T.Load(ref x, i) - m) * f, g, T.Load(ref dWeight, i)), ref dWeight, i);
            T.Store(T.Load(ref dBias, i) + g, ref dBias, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AddInputGradient<T>(int from, int to, float mean, float scale, float level, float slope, ref float x, ref float dy,
    ref float weight, ref float dx)
        where T : struct, ILanes<T>
    {
        T m = T.Broadcast(mean), f = T.Broadcast(scale), l = T.Broadcast(level), s = T.Broadcast(slope);
        for (nuint i = (nuint)from; i < (nuint)to; i += (nuint)T.Count)
        {
            T g = T.Load(ref dy, i) * T.Load(ref weight, i), n = (T.Load(ref x, i) - m) * f;
            T.Store(T.MultiplyAdd(T.MultiplyAdd(n, s, g) - l, f, T.Load(ref dx, i)), ref dx, i);
        }
    }
}
