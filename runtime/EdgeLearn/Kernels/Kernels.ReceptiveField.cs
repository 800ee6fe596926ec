using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// Where each unit of a receptive-field layer looks: unit u reads <see cref="RunCount"/> runs of <see cref="RunLength"/> neighbouring
/// inputs. A window of an image is one run a row; a random choice of inputs is runs of length 1.
/// </summary>
/// <param name="starts">first input of each run: [units x starts a unit]</param>
/// <param name="runCount">runs a unit</param>
/// <param name="runLength">inputs in a run</param>
/// <param name="runStride">distance between the runs of one start; 0 when every run has a start of its own</param>
readonly ref struct ReceptiveFields(ReadOnlySpan<int> starts, int runCount, int runLength, int runStride)
{
    /// <summary>Runs a unit.</summary>
    public int RunCount { get; } = runCount;

    /// <summary>Inputs in a run.</summary>
    public int RunLength { get; } = runLength;

    readonly ReadOnlySpan<int> _starts = starts;
    readonly int _runStride = runStride;

    /// <summary>First input of run r of unit u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Start(int unit, int run) => _runStride > 0 ? _starts[unit] + run * _runStride : _starts[unit * RunCount + run];
}

static partial class Kernels
{
    /// <summary>y[b, u] = bias[u] + sum over the field of w[u, k] * xt[input(u, k), b], for a block of units.</summary>
    /// <param name="batch">samples</param>
    /// <param name="firstUnit">first unit of the block, for its field</param>
    /// <param name="fields">fields of all units</param>
    /// <param name="w">[units of the block x inputs a unit]</param>
    /// <param name="bias">[units of the block]</param>
    /// <param name="xt">the batch with one row an input: [inputs x batch]</param>
    /// <param name="y">row b begins at b * yStride</param>
    /// <param name="yStride">distance between the rows of y</param>
    public static void ReceptiveFieldForward(int batch, int firstUnit, ReceptiveFields fields, ReadOnlySpan<float> w,
        ReadOnlySpan<float> bias, ReadOnlySpan<float> xt, Span<float> y, int yStride)
    {
        Check.Length(w, (long)bias.Length * fields.RunCount * fields.RunLength);
        int done = 0;
        if (InstructionSet.Use512) done = FieldForward<Lanes16>(done, batch, firstUnit, fields, w, bias, xt, y, yStride);
        if (InstructionSet.Use256) done = FieldForward<Lanes8>(done, batch, firstUnit, fields, w, bias, xt, y, yStride);
        if (InstructionSet.Use128) done = FieldForward<Lanes4>(done, batch, firstUnit, fields, w, bias, xt, y, yStride);
        FieldForward<Lanes1>(done, batch, firstUnit, fields, w, bias, xt, y, yStride);
    }

    // Each weight is broadcast against neighbouring samples, so that no gather is needed whatever the field looks like.
    internal static int FieldForward<T>(int from, int batch, int firstUnit, ReceptiveFields fields, ReadOnlySpan<float> w,
        ReadOnlySpan<float> bias, ReadOnlySpan<float> xt, Span<float> y, int yStride)
        where T : struct, ILanes<T>
    {
        int fan = fields.RunCount * fields.RunLength, b = from;
        Span<float> block = stackalloc float[64];
        ref float block0 = ref MemoryMarshal.GetReference(block);
        ref float x0 = ref MemoryMarshal.GetReference(xt);
        for (; b + 4 * T.Count <= batch; b += 4 * T.Count)
        {
            for (int u = 0; u < bias.Length; u++)
            {
                T s0 = T.Broadcast(bias[u]), s1 = s0, s2 = s0, s3 = s0;
                int k = u * fan;
                for (int run = 0; run < fields.RunCount; run++)
                {
                    ref float column = ref Unsafe.Add(ref x0, (nint)fields.Start(firstUnit + u, run) * batch + b);
                    for (int i = 0; i < fields.RunLength; i++, k++)
                    {
                        var weight = T.Broadcast(w[k]);
                        s0 = T.MultiplyAdd(weight, T.Load(ref column, 0), s0);
                        s1 = T.MultiplyAdd(weight, T.Load(ref column, (nuint)T.Count), s1);
                        s2 = T.MultiplyAdd(weight, T.Load(ref column, 2 * (nuint)T.Count), s2);
                        s3 = T.MultiplyAdd(weight, T.Load(ref column, 3 * (nuint)T.Count), s3);
                        column = ref Unsafe.Add(ref column, batch);
                    }
                }

                T.Store(s0, ref block0, 0);
                T.Store(s1, ref block0, (nuint)T.Count);
                T.Store(s2, ref block0, 2 * (nuint)T.Count);
                T.Store(s3, ref block0, 3 * (nuint)T.Count);
                for (int i = 0; i < 4 * T.Count; i++) y[(b + i) * yStride + u] = block[i];
            }
        }

        for (; b + T.Count <= batch; b += T.Count)
        {
            for (int u = 0; u < bias.Length; u++)
            {
                var sum = T.Broadcast(bias[u]);
                int k = u * fan;
                for (int run = 0; run < fields.RunCount; run++)
                {
                    ref float column = ref Unsafe.Add(ref x0, (nint)fields.Start(firstUnit + u, run) * batch + b);
                    for (int i = 0; i < fields.RunLength; i++, k++)
                    {
                        sum = T.MultiplyAdd(T.Broadcast(w[k]), T.Load(ref column, 0), sum);
                        column = ref Unsafe.Add(ref column, batch);
                    }
                }

                T.Store(sum, ref block0, 0);
                for (int i = 0; i < T.Count; i++) y[(b + i) * yStride + u] = block[i];
            }
        }

        return b;
    }

    /// <summary>g[k] = sum over b of dz[b] * xt[input(unit, k), b]: the gradient of one unit's weights.</summary>
    /// <param name="unit">whose field</param>
    /// <param name="fields">fields of all units</param>
    /// <param name="dz">[batch], the unit's local gradient</param>
    /// <param name="xt">[inputs x batch]</param>
    /// <param name="g">[inputs a unit], written</param>
    public static void ReceptiveFieldGradient(int unit, ReceptiveFields fields, ReadOnlySpan<float> dz, ReadOnlySpan<float> xt,
        Span<float> g)
    {
        Check.Length(g, (long)fields.RunCount * fields.RunLength);
        if (InstructionSet.Use512) FieldGradient<Lanes16>(unit, fields, dz, xt, g);
        else if (InstructionSet.Use256) FieldGradient<Pair<Lanes8>>(unit, fields, dz, xt, g);
        else if (InstructionSet.Use128) FieldGradient<Pair<Pair<Lanes4>>>(unit, fields, dz, xt, g);
        else FieldGradient<Pair<Pair<Pair<Pair<Lanes1>>>>>(unit, fields, dz, xt, g);
    }

    internal static void FieldGradient<T>(int unit, ReceptiveFields fields, ReadOnlySpan<float> dz, ReadOnlySpan<float> xt, Span<float> g)
        where T : struct, ILanes<T>
    {
        int batch = dz.Length, k = 0;
        ref float dz0 = ref MemoryMarshal.GetReference(dz);
        for (int run = 0; run < fields.RunCount; run++)
        {
            ref float column = ref Unsafe.Add(ref MemoryMarshal.GetReference(xt), (nint)fields.Start(unit, run) * batch);
            for (int i = 0; i < fields.RunLength; i++, k++)
            {
                g[k] = Dot<T>(batch, ref dz0, ref column);
                column = ref Unsafe.Add(ref column, batch);
            }
        }
    }

    /// <summary>dxt[input(unit, k), b] += w[k] * dz[b]: what one unit sends back to its inputs.</summary>
    /// <param name="unit">whose field</param>
    /// <param name="fields">fields of all units</param>
    /// <param name="w">[inputs a unit]</param>
    /// <param name="dz">[batch]</param>
    /// <param name="dxt">[inputs x batch], added to</param>
    public static void ReceptiveFieldInputGradient(int unit, ReceptiveFields fields, ReadOnlySpan<float> w, ReadOnlySpan<float> dz,
        Span<float> dxt)
    {
        int batch = dz.Length, k = 0;
        for (int run = 0; run < fields.RunCount; run++)
        {
            int start = fields.Start(unit, run);
            for (int i = 0; i < fields.RunLength; i++, k++)
            {
                var row = dxt.Slice((start + i) * batch, batch);
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(dz, w[k], row, row);
            }
        }
    }
}
