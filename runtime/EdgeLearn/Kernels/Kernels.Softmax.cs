using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>
    /// Each row becomes softmax(scale * row), in place; a causal row i over its first i + 1 values alone, the others become 0.
    /// </summary>
    /// <param name="rows">rows</param>
    /// <param name="columns">values in a row</param>
    /// <param name="scale">factor before the exponential</param>
    /// <param name="isCausal">whether row i sees no column behind i</param>
    /// <param name="z">[rows x columns], overwritten</param>
    public static void SoftmaxRows(int rows, int columns, float scale, bool isCausal, Span<float> z)
    {
        Check.Length(z, (long)rows * columns);
        if (InstructionSet.Use512) SoftmaxRows<Lanes16>(rows, columns, scale, isCausal, z);
        else if (InstructionSet.Use256) SoftmaxRows<Pair<Lanes8>>(rows, columns, scale, isCausal, z);
        else if (InstructionSet.Use128) SoftmaxRows<Pair<Pair<Lanes4>>>(rows, columns, scale, isCausal, z);
        else SoftmaxRows<Pair<Pair<Pair<Pair<Lanes1>>>>>(rows, columns, scale, isCausal, z);
    }

    static void SoftmaxRows<T>(int rows, int columns, float scale, bool isCausal, Span<float> z)
        where T : struct, ILanes<T>
    {
        Span<float> copy = stackalloc float[T.Count]; // of what is left of a row that ends with the matrix
        ref float z0 = ref MemoryMarshal.GetReference(z);
        for (int i = 0; i < rows; i++)
        {
            int seen = isCausal ? Math.Min(i + 1, columns) : columns, whole = (seen - 1) / T.Count * T.Count, rest = seen - whole;
            ref float row = ref Unsafe.Add(ref z0, i * columns);
            ref float last = ref Unsafe.Add(ref row, whole);
            var bounds = T.Load(ref MemoryMarshal.GetReference(Bounds), (nuint)(16 - rest));
            if (whole + T.Count <= columns)
            {
                if (whole + T.Count < columns) z.Slice(i * columns + whole + T.Count, columns - whole - T.Count).Clear();
                SoftmaxRow(whole, T.Broadcast(scale), bounds, ref row, ref last);
                continue;
            }

            var end = z.Slice(i * columns + whole, rest);
            end.CopyTo(copy);
            SoftmaxRow(whole, T.Broadcast(scale), bounds, ref row, ref copy[0]);
            copy[..rest].CopyTo(end);
            z.Slice(i * columns + seen, columns - seen).Clear();
        }
    }

    // From place 16 - n: n values that bound nothing, then values whose exponential is 0.
    static ReadOnlySpan<float> Bounds =>
    [
        float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity,
            float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity,
        float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity,
            float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity,
        float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity,
            float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity,
        float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity,
            float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity,
    ];

    // Of whole registers and one more, which may lie elsewhere and whose values are bounded before anything else.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void SoftmaxRow<T>(int whole, T factor, T bounds, ref float row, ref float last)
        where T : struct, ILanes<T>
    {
        T end = T.Min(factor * T.Load(ref last, 0), bounds), max = end; // where that is NaN the bound counts: infinity makes the row NaN
        // a NaN can get lost here: the sum that follows meets it
        for (int i = 0; i < whole; i += T.Count) max = T.Max(max, factor * T.Load(ref row, (nuint)i));
        T shift = T.Broadcast(T.Maximum(max)), sum = T.Broadcast(0);
        for (int i = 0; i < whole; i += T.Count)
        {
            var power = Functions.Exp(factor * T.Load(ref row, (nuint)i) - shift);
            T.Store(power, ref row, (nuint)i);
            sum += power;
        }

        end = Functions.Exp(end - shift);
        var share = T.Broadcast(1 / T.Sum(sum + end));
        for (int i = 0; i < whole; i += T.Count) T.Store(share * T.Load(ref row, (nuint)i), ref row, (nuint)i);
        T.Store(share * end, ref last, 0);
    }

    /// <summary>
    /// The way back through <see cref="SoftmaxRows(int, int, float, bool, Span{float})"/>: gradient = scale * p * (gradient - sum over the
    /// row of p * gradient).
    /// </summary>
    /// <param name="rows">rows</param>
    /// <param name="columns">values in a row</param>
    /// <param name="scale">factor before the exponential</param>
    /// <param name="isCausal">whether row i sees no column behind i; the gradient by what it does not see is not read and becomes 0</param>
    /// <param name="p">[rows x columns] what the softmax gave</param>
    /// <param name="gradient">[rows x columns], by p in, by what came in out</param>
    public static void SoftmaxRowsGradient(int rows, int columns, float scale, bool isCausal, ReadOnlySpan<float> p, Span<float> gradient)
    {
        Check.Length(p, (long)rows * columns);
        Check.Length(gradient, (long)rows * columns);
        if (InstructionSet.Use512) SoftmaxRowsGradient<Lanes16>(rows, columns, scale, isCausal, p, gradient);
        else if (InstructionSet.Use256) SoftmaxRowsGradient<Pair<Lanes8>>(rows, columns, scale, isCausal, p, gradient);
        else if (InstructionSet.Use128) SoftmaxRowsGradient<Pair<Pair<Lanes4>>>(rows, columns, scale, isCausal, p, gradient);
        else SoftmaxRowsGradient<Pair<Pair<Pair<Pair<Lanes1>>>>>(rows, columns, scale, isCausal, p, gradient);
    }

    static void SoftmaxRowsGradient<T>(int rows, int columns, float scale, bool isCausal, ReadOnlySpan<float> p, Span<float> gradient)
        where T : struct, ILanes<T>
    {
        for (int i = 0; i < rows; i++)
        {
            int seen = isCausal ? Math.Min(i + 1, columns) : columns, whole = seen / T.Count * T.Count;
            ref float p0 = ref Unsafe.Add(ref MemoryMarshal.GetReference(p), i * columns);
            var row = gradient.Slice(i * columns, columns);
            ref float g0 = ref MemoryMarshal.GetReference(row);
            row[seen..].Clear();
            var products = T.Broadcast(0);
            for (int j = 0; j < whole; j += T.Count) products = T.MultiplyAdd(T.Load(ref p0, (nuint)j), T.Load(ref g0, (nuint)j), products);
            float mean = T.Sum(products);
            for (int j = whole; j < seen; j++) mean += Unsafe.Add(ref p0, j) * Unsafe.Add(ref g0, j);
            SoftmaxRowGradient<T>(0, whole, mean, scale, ref p0, ref g0);
            SoftmaxRowGradient<Lanes1>(whole, seen, mean, scale, ref p0, ref g0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void SoftmaxRowGradient<T>(int from, int to, float mean, float scale, ref float p, ref float gradient)
        where T : struct, ILanes<T>
    {
        T m = T.Broadcast(mean), s = T.Broadcast(scale);
        for (nuint j = (nuint)from; j < (nuint)to; j += (nuint)T.Count)
            T.Store((T.Load(ref gradient, j) - m) * T.Load(ref p, j) * s, ref gradient, j);
    }
}
