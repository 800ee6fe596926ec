using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>Loops over spans: the arithmetic of every layer and rule. They never allocate and know no type above spans.</summary>
public static partial class Kernels
{
    /// <summary>y[b, r] = x[b, :] . w[r, :] + bias[r] for a block of rows of a weight matrix.</summary>
    /// <param name="batch">rows of x</param>
    /// <param name="length">values in a row of x and of w</param>
    /// <param name="w">[rows x length]</param>
    /// <param name="bias">[rows]</param>
    /// <param name="x">[batch x length]</param>
    /// <param name="y">row b begins at b * yStride; [rows] values of each are written</param>
    /// <param name="yStride">distance between the rows of y</param>
    public static void DenseForward(int batch, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x, Span<float> y, int yStride)
    {
        int rows = bias.Length;
        Check.Length(w, (long)rows * length);
        Check.Length(x, (long)batch * length);
        if (batch > 0 && y.Length < (batch - 1) * yStride + rows) throw new ArgumentException($"y has {y.Length} values, needs {(batch - 1) * yStride + rows}", nameof(y));
        if (InstructionSet.Use512 && length >= 16) DenseForward<Lanes16>(batch, length, w, bias, x, y, yStride);
        else if (InstructionSet.Use256 && length >= 8) DenseForward<Lanes8>(batch, length, w, bias, x, y, yStride);
        else if (InstructionSet.Use128) DenseForward<Lanes4>(batch, length, w, bias, x, y, yStride);
        else DenseForward<Lanes1>(batch, length, w, bias, x, y, yStride);
    }

    internal static void DenseForward<T>(int batch, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x, Span<float> y, int yStride)
        where T : struct, ILanes<T>
    {
        int rows = bias.Length;
        ref float w0 = ref MemoryMarshal.GetReference(w);
        ref float x0 = ref MemoryMarshal.GetReference(x);
        int b = 0;
        for (; b + 2 <= batch; b += 2)
        {
            ref float xa = ref Unsafe.Add(ref x0, (nint)b * length);
            ref float xb = ref Unsafe.Add(ref xa, length);
            int r = 0;
            for (; r + 4 <= rows; r += 4)
            {
                Dot4x2<T>(length, ref Unsafe.Add(ref w0, (nint)r * length), ref xa, ref xb, bias.Slice(r, 4), y.Slice(b * yStride + r, 4), y.Slice((b + 1) * yStride + r, 4));
            }

            for (; r < rows; r++)
            {
                ref float wr = ref Unsafe.Add(ref w0, (nint)r * length);
                y[b * yStride + r] = Dot<T>(length, ref wr, ref xa) + bias[r];
                y[(b + 1) * yStride + r] = Dot<T>(length, ref wr, ref xb) + bias[r];
            }
        }

        for (; b < batch; b++)
        {
            ref float xa = ref Unsafe.Add(ref x0, (nint)b * length);
            for (int r = 0; r < rows; r++) y[b * yStride + r] = Dot<T>(length, ref Unsafe.Add(ref w0, (nint)r * length), ref xa) + bias[r];
        }
    }

    // One accumulator an output in both tiles, so that an output's rounding does not depend on its place in the batch.
    static float Dot<T>(int length, ref float a, ref float b)
        where T : struct, ILanes<T>
    {
        var sum = T.Broadcast(0);
        int i = 0;
        for (; i + T.Count <= length; i += T.Count) sum = T.MultiplyAdd(T.Load(ref a, (nuint)i), T.Load(ref b, (nuint)i), sum);
        return AddRemainder(T.Sum(sum), i, length, ref a, ref b);
    }

    static void Dot4x2<T>(int length, ref float w, ref float xa, ref float xb, ReadOnlySpan<float> bias, Span<float> ya, Span<float> yb)
        where T : struct, ILanes<T>
    {
        ref float w1 = ref Unsafe.Add(ref w, length);
        ref float w2 = ref Unsafe.Add(ref w1, length);
        ref float w3 = ref Unsafe.Add(ref w2, length);
        T a0 = T.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        int i = 0;
        for (; i + T.Count <= length; i += T.Count)
        {
            var va = T.Load(ref xa, (nuint)i);
            var vb = T.Load(ref xb, (nuint)i);
            var vw = T.Load(ref w, (nuint)i);
            a0 = T.MultiplyAdd(vw, va, a0);
            b0 = T.MultiplyAdd(vw, vb, b0);
            vw = T.Load(ref w1, (nuint)i);
            a1 = T.MultiplyAdd(vw, va, a1);
            b1 = T.MultiplyAdd(vw, vb, b1);
            vw = T.Load(ref w2, (nuint)i);
            a2 = T.MultiplyAdd(vw, va, a2);
            b2 = T.MultiplyAdd(vw, vb, b2);
            vw = T.Load(ref w3, (nuint)i);
            a3 = T.MultiplyAdd(vw, va, a3);
            b3 = T.MultiplyAdd(vw, vb, b3);
        }

        ya[0] = AddRemainder(T.Sum(a0), i, length, ref w, ref xa) + bias[0];
        ya[1] = AddRemainder(T.Sum(a1), i, length, ref w1, ref xa) + bias[1];
        ya[2] = AddRemainder(T.Sum(a2), i, length, ref w2, ref xa) + bias[2];
        ya[3] = AddRemainder(T.Sum(a3), i, length, ref w3, ref xa) + bias[3];
        yb[0] = AddRemainder(T.Sum(b0), i, length, ref w, ref xb) + bias[0];
        yb[1] = AddRemainder(T.Sum(b1), i, length, ref w1, ref xb) + bias[1];
        yb[2] = AddRemainder(T.Sum(b2), i, length, ref w2, ref xb) + bias[2];
        yb[3] = AddRemainder(T.Sum(b3), i, length, ref w3, ref xb) + bias[3];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float AddRemainder(float sum, int from, int length, ref float a, ref float b)
    {
        for (int i = from; i < length; i++) sum = float.MultiplyAddEstimate(Unsafe.Add(ref a, i), Unsafe.Add(ref b, i), sum);
        return sum;
    }

    /// <summary>
    /// c[m, :] = sum over k of a[m, k] * b[k, :], where a is read as <c>a[m * aRow + k * aColumn]</c>. Serves the parameter gradient
    /// (k = sample, a = dz transposed, b = x) and the input gradient (k = output, a = dz, b = w).
    /// </summary>
    /// <param name="rows">rows of c</param>
    /// <param name="columns">values in a row of c and b</param>
    /// <param name="depth">terms of the sum</param>
    /// <param name="a">strided [rows x depth]</param>
    /// <param name="aRow">distance in a between rows of c</param>
    /// <param name="aColumn">distance in a between terms of the sum</param>
    /// <param name="b">[depth x columns]</param>
    /// <param name="c">[rows x columns], written</param>
    public static void Product(int rows, int columns, int depth, ReadOnlySpan<float> a, int aRow, int aColumn, ReadOnlySpan<float> b, Span<float> c)
    {
        Check.Length(b, (long)depth * columns);
        Check.Length(c, (long)rows * columns);
        if (rows > 0 && depth > 0 && a.Length <= (long)(rows - 1) * aRow + (long)(depth - 1) * aColumn) throw new ArgumentException($"a has {a.Length} values, too few for {rows} x {depth}", nameof(a));
        ref float a0 = ref MemoryMarshal.GetReference(a);
        ref float b0 = ref MemoryMarshal.GetReference(b);
        ref float c0 = ref MemoryMarshal.GetReference(c);
        int done = 0;
        if (InstructionSet.Use512) done = ProductColumns<Lanes16>(0, rows, columns, depth, ref a0, aRow, aColumn, ref b0, ref c0);
        if (InstructionSet.Use256) done = ProductColumns<Lanes8>(done, rows, columns, depth, ref a0, aRow, aColumn, ref b0, ref c0);
        if (InstructionSet.Use128) done = ProductColumns<Lanes4>(done, rows, columns, depth, ref a0, aRow, aColumn, ref b0, ref c0);
        ProductColumns<Lanes1>(done, rows, columns, depth, ref a0, aRow, aColumn, ref b0, ref c0);
    }

    // Computes whole registers of columns from `from` on and returns the first column that is left.
    internal static int ProductColumns<T>(int from, int rows, int columns, int depth, ref float a, int aRow, int aColumn, ref float b, ref float c)
        where T : struct, ILanes<T>
    {
        int j = from;
        for (; j + 2 * T.Count <= columns; j += 2 * T.Count)
        {
            int r = 0;
            for (; r + 4 <= rows; r += 4) Tile4x2<T>(columns, depth, ref Unsafe.Add(ref a, (nint)r * aRow), aRow, aColumn, ref Unsafe.Add(ref b, j), ref Unsafe.Add(ref c, (nint)r * columns + j));
            for (; r < rows; r++)
            {
                Tile1x1<T>(columns, depth, ref Unsafe.Add(ref a, (nint)r * aRow), aColumn, ref Unsafe.Add(ref b, j), ref Unsafe.Add(ref c, (nint)r * columns + j));
                Tile1x1<T>(columns, depth, ref Unsafe.Add(ref a, (nint)r * aRow), aColumn, ref Unsafe.Add(ref b, j + T.Count), ref Unsafe.Add(ref c, (nint)r * columns + j + T.Count));
            }
        }

        for (; j + T.Count <= columns; j += T.Count)
        {
            for (int r = 0; r < rows; r++) Tile1x1<T>(columns, depth, ref Unsafe.Add(ref a, (nint)r * aRow), aColumn, ref Unsafe.Add(ref b, j), ref Unsafe.Add(ref c, (nint)r * columns + j));
        }

        return j;
    }

    static void Tile4x2<T>(int columns, int depth, ref float a, int aRow, int aColumn, ref float b, ref float c)
        where T : struct, ILanes<T>
    {
        ref float a1 = ref Unsafe.Add(ref a, aRow);
        ref float a2 = ref Unsafe.Add(ref a1, aRow);
        ref float a3 = ref Unsafe.Add(ref a2, aRow);
        T c00 = T.Broadcast(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
        nint ia = 0, ib = 0;
        for (int k = 0; k < depth; k++, ia += aColumn, ib += columns)
        {
            var left = T.Load(ref Unsafe.Add(ref b, ib), 0);
            var right = T.Load(ref Unsafe.Add(ref b, ib), (nuint)T.Count);
            var s = T.Broadcast(Unsafe.Add(ref a, ia));
            c00 = T.MultiplyAdd(s, left, c00);
            c01 = T.MultiplyAdd(s, right, c01);
            s = T.Broadcast(Unsafe.Add(ref a1, ia));
            c10 = T.MultiplyAdd(s, left, c10);
            c11 = T.MultiplyAdd(s, right, c11);
            s = T.Broadcast(Unsafe.Add(ref a2, ia));
            c20 = T.MultiplyAdd(s, left, c20);
            c21 = T.MultiplyAdd(s, right, c21);
            s = T.Broadcast(Unsafe.Add(ref a3, ia));
            c30 = T.MultiplyAdd(s, left, c30);
            c31 = T.MultiplyAdd(s, right, c31);
        }

        StorePair(c00, c01, ref c);
        StorePair(c10, c11, ref Unsafe.Add(ref c, columns));
        StorePair(c20, c21, ref Unsafe.Add(ref c, 2 * (nint)columns));
        StorePair(c30, c31, ref Unsafe.Add(ref c, 3 * (nint)columns));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StorePair<T>(T left, T right, ref float c)
        where T : struct, ILanes<T>
    {
        T.Store(left, ref c, 0);
        T.Store(right, ref c, (nuint)T.Count);
    }

    static void Tile1x1<T>(int columns, int depth, ref float a, int aColumn, ref float b, ref float c)
        where T : struct, ILanes<T>
    {
        var sum = T.Broadcast(0);
        nint ia = 0, ib = 0;
        for (int k = 0; k < depth; k++, ia += aColumn, ib += columns) sum = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a, ia)), T.Load(ref Unsafe.Add(ref b, ib), 0), sum);
        T.Store(sum, ref c, 0);
    }

    /// <summary>sum[r] = sum over b of dz[b, r]: the gradient of a bias.</summary>
    /// <param name="batch">rows of dz</param>
    /// <param name="dz">[batch x sum.Length]</param>
    /// <param name="sum">written</param>
    public static void ColumnSums(int batch, ReadOnlySpan<float> dz, Span<float> sum)
    {
        Check.Length(dz, (long)batch * sum.Length);
        sum.Clear();
        for (int b = 0; b < batch; b++) System.Numerics.Tensors.TensorPrimitives.Add(sum, dz.Slice(b * sum.Length, sum.Length), sum);
    }
}
