using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// Sums of shifted planes where they lie, without laying out windows: for few maps, copying windows would take longer than the sums. With the kernel of a convolution of stride 1 it is its
/// forward pass; with kernels of one value, read across and shifted, the gradient of its input. Planes are padded already. Neighbouring columns of one row of sums fill a register; what is left of a
/// row is taken by narrower ones.
/// </summary>
/// <param name="channels">planes that are read</param>
/// <param name="planeLength">distance between them</param>
/// <param name="width">distance between their rows</param>
/// <param name="kernelHeight">rows of the kernel</param>
/// <param name="kernelWidth">columns of the kernel</param>
/// <param name="outputHeight">rows of sums</param>
/// <param name="outputWidth">columns of sums</param>
readonly struct DirectConvolution(int channels, int planeLength, int width, int kernelHeight, int kernelWidth, int outputHeight, int outputWidth)
{
    int Fan => channels * kernelHeight * kernelWidth;

    int Positions => outputHeight * outputWidth;

    /// <summary>target[o, y, x] += sum over c, ky, kx of w[o, (c, ky, kx)] * planes[c, y + ky, x + kx].</summary>
    /// <param name="w">[sums x channels * kernel height * kernel width], any strides</param>
    /// <param name="planes">from the first value that is read</param>
    /// <param name="target">planes of sums, added to</param>
    /// <param name="targetLength">distance between the planes of sums</param>
    /// <param name="targetWidth">distance between their rows</param>
    public void AddTo(MatrixView w, ReadOnlySpan<float> planes, Span<float> target, int targetLength, int targetWidth)
    {
        if (w.Columns != Fan) throw new ArgumentException($"the weights have {w.Columns} columns, expected {Fan}", nameof(w));
        CheckPlanes(planes);
        int needed = (w.Rows - 1) * targetLength + (outputHeight - 1) * targetWidth + outputWidth;
        if (target.Length < needed) throw new ArgumentException($"the target has {target.Length} values, needs {needed}", nameof(target));
        int done = 0;
        if (InstructionSet.Use512) done = AddTo<Lanes16>(done, w, planes, target, targetLength, targetWidth);
        if (InstructionSet.Use256) done = AddTo<Lanes8>(done, w, planes, target, targetLength, targetWidth);
        if (InstructionSet.Use128) done = AddTo<Lanes4>(done, w, planes, target, targetLength, targetWidth);
        AddTo<Lanes1>(done, w, planes, target, targetLength, targetWidth);
    }

    void CheckPlanes(ReadOnlySpan<float> planes)
    {
        int needed = (channels - 1) * planeLength + (outputHeight + kernelHeight - 2) * width + outputWidth + kernelWidth - 1;
        if (planes.Length < needed) throw new ArgumentException($"the planes have {planes.Length} values, needs {needed}", nameof(planes));
    }

    int AddTo<T>(int from, MatrixView w, ReadOnlySpan<float> planes, Span<float> target, int targetLength, int targetWidth)
        where T : struct, ILanes<T>
    {
        int end = outputWidth - (outputWidth - from) % T.Count;
        if (end == from) return end;
        ref float planes0 = ref MemoryMarshal.GetReference(planes);
        ref float target0 = ref MemoryMarshal.GetReference(target);
        for (int o = 0; o < w.Rows;)
        {
            int left = w.Rows - o, strip = left >= 8 && ProductLoop.Has32Registers ? 8 : left >= 4 ? 4 : 1;
            ref float weights = ref Unsafe.Add(ref MemoryMarshal.GetReference(w.Values), (nint)o * w.RowStride);
            for (int y = 0; y < outputHeight; y += 2)
            {
                // Two rows share the weights; the last of an odd number is paired with itself.
                int below = y + 1 < outputHeight ? 1 : 0;
                for (int x = from; x < end; x += T.Count)
                {
                    ref float source = ref Unsafe.Add(ref planes0, y * width + x);
                    ref float sums = ref Unsafe.Add(ref target0, o * targetLength + y * targetWidth + x);
                    if (strip == 8) Rows8<T>(ref weights, w.RowStride, w.ColumnStride, ref source, below * width, ref sums, targetLength, below * targetWidth);
                    else if (strip == 4) Rows4<T>(ref weights, w.RowStride, w.ColumnStride, ref source, below * width, ref sums, targetLength, below * targetWidth);
                    else Rows1<T>(ref weights, w.ColumnStride, ref source, below * width, ref sums, below * targetWidth);
                }
            }

            o += strip;
        }

        return end;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Rows8<T>(ref float w, nint wRow, nint wStep, ref float planes, nint below, ref float target, nint targetLength, nint targetBelow)
        where T : struct, ILanes<T>
    {
        T c0 = T.Broadcast(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0, d0 = c0, d1 = c0, d2 = c0, d3 = c0, d4 = c0, d5 = c0, d6 = c0, d7 = c0;
        nint wRow3 = 3 * wRow;
        for (int c = channels; c > 0; c--, planes = ref Unsafe.Add(ref planes, planeLength))
        {
            ref float row = ref planes;
            for (int ky = kernelHeight; ky > 0; ky--, row = ref Unsafe.Add(ref row, width))
            {
                ref float value = ref row;
                for (int kx = kernelWidth; kx > 0; kx--)
                {
                    T v = T.Load(ref value, 0), u = T.Load(ref Unsafe.Add(ref value, below), 0);
                    ref float w3 = ref Unsafe.Add(ref w, wRow3);
                    ref float w6 = ref Unsafe.Add(ref w3, wRow3);
                    var s0 = T.Broadcast(w);
                    c0 = T.MultiplyAdd(s0, v, c0);
                    d0 = T.MultiplyAdd(s0, u, d0);
                    var s1 = T.Broadcast(Unsafe.Add(ref w, wRow));
                    c1 = T.MultiplyAdd(s1, v, c1);
                    d1 = T.MultiplyAdd(s1, u, d1);
                    var s2 = T.Broadcast(Unsafe.Add(ref w, 2 * wRow));
                    c2 = T.MultiplyAdd(s2, v, c2);
                    d2 = T.MultiplyAdd(s2, u, d2);
                    var s3 = T.Broadcast(w3);
                    c3 = T.MultiplyAdd(s3, v, c3);
                    d3 = T.MultiplyAdd(s3, u, d3);
                    var s4 = T.Broadcast(Unsafe.Add(ref w3, wRow));
                    c4 = T.MultiplyAdd(s4, v, c4);
                    d4 = T.MultiplyAdd(s4, u, d4);
                    var s5 = T.Broadcast(Unsafe.Add(ref w3, 2 * wRow));
                    c5 = T.MultiplyAdd(s5, v, c5);
                    d5 = T.MultiplyAdd(s5, u, d5);
                    var s6 = T.Broadcast(w6);
                    c6 = T.MultiplyAdd(s6, v, c6);
                    d6 = T.MultiplyAdd(s6, u, d6);
                    var s7 = T.Broadcast(Unsafe.Add(ref w6, wRow));
                    c7 = T.MultiplyAdd(s7, v, c7);
                    d7 = T.MultiplyAdd(s7, u, d7);
                    w = ref Unsafe.Add(ref w, wStep);
                    value = ref Unsafe.Add(ref value, 1);
                }
            }
        }

        Add(ref target, 0, targetBelow, c0, d0);
        Add(ref target, targetLength, targetBelow, c1, d1);
        Add(ref target, 2 * targetLength, targetBelow, c2, d2);
        Add(ref target, 3 * targetLength, targetBelow, c3, d3);
        Add(ref target, 4 * targetLength, targetBelow, c4, d4);
        Add(ref target, 5 * targetLength, targetBelow, c5, d5);
        Add(ref target, 6 * targetLength, targetBelow, c6, d6);
        Add(ref target, 7 * targetLength, targetBelow, c7, d7);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Rows4<T>(ref float w, nint wRow, nint wStep, ref float planes, nint below, ref float target, nint targetLength, nint targetBelow)
        where T : struct, ILanes<T>
    {
        T c0 = T.Broadcast(0), c1 = c0, c2 = c0, c3 = c0, d0 = c0, d1 = c0, d2 = c0, d3 = c0;
        for (int c = channels; c > 0; c--, planes = ref Unsafe.Add(ref planes, planeLength))
        {
            ref float row = ref planes;
            for (int ky = kernelHeight; ky > 0; ky--, row = ref Unsafe.Add(ref row, width))
            {
                ref float value = ref row;
                for (int kx = kernelWidth; kx > 0; kx--)
                {
                    T v = T.Load(ref value, 0), u = T.Load(ref Unsafe.Add(ref value, below), 0);
                    var s0 = T.Broadcast(w);
                    c0 = T.MultiplyAdd(s0, v, c0);
                    d0 = T.MultiplyAdd(s0, u, d0);
                    var s1 = T.Broadcast(Unsafe.Add(ref w, wRow));
                    c1 = T.MultiplyAdd(s1, v, c1);
                    d1 = T.MultiplyAdd(s1, u, d1);
                    var s2 = T.Broadcast(Unsafe.Add(ref w, 2 * wRow));
                    c2 = T.MultiplyAdd(s2, v, c2);
                    d2 = T.MultiplyAdd(s2, u, d2);
                    var s3 = T.Broadcast(Unsafe.Add(ref w, 3 * wRow));
                    c3 = T.MultiplyAdd(s3, v, c3);
                    d3 = T.MultiplyAdd(s3, u, d3);
                    w = ref Unsafe.Add(ref w, wStep);
                    value = ref Unsafe.Add(ref value, 1);
                }
            }
        }

        Add(ref target, 0, targetBelow, c0, d0);
        Add(ref target, targetLength, targetBelow, c1, d1);
        Add(ref target, 2 * targetLength, targetBelow, c2, d2);
        Add(ref target, 3 * targetLength, targetBelow, c3, d3);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Rows1<T>(ref float w, nint wStep, ref float planes, nint below, ref float target, nint targetBelow)
        where T : struct, ILanes<T>
    {
        T sum = T.Broadcast(0), sumBelow = sum;
        for (int c = channels; c > 0; c--, planes = ref Unsafe.Add(ref planes, planeLength))
        {
            ref float row = ref planes;
            for (int ky = kernelHeight; ky > 0; ky--, row = ref Unsafe.Add(ref row, width))
            {
                for (nint kx = 0; kx < kernelWidth; kx++, w = ref Unsafe.Add(ref w, wStep))
                {
                    var weight = T.Broadcast(w);
                    sum = T.MultiplyAdd(weight, T.Load(ref row, (nuint)kx), sum);
                    sumBelow = T.MultiplyAdd(weight, T.Load(ref row, (nuint)(kx + below)), sumBelow);
                }
            }
        }

        Add(ref target, 0, targetBelow, sum, sumBelow);
    }

    // Both sums are loaded before one is stored: they may be the same.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Add<T>(ref float target, nint offset, nint below, T sums, T sumsBelow)
        where T : struct, ILanes<T>
    {
        sums += T.Load(ref target, (nuint)offset);
        sumsBelow += T.Load(ref target, (nuint)(offset + below));
        T.Store(sums, ref target, (nuint)offset);
        T.Store(sumsBelow, ref target, (nuint)(offset + below));
    }

    /// <summary>dw[o, k] += sum over samples and p of dz[o, p] * image[window p, k], with every sum in registers over all samples.</summary>
    /// <param name="samples">samples</param>
    /// <param name="dz">maps of the first sample</param>
    /// <param name="dzStride">distance between the samples of dz</param>
    /// <param name="images">planes of the first sample</param>
    /// <param name="imageStride">distance between the samples of the images</param>
    /// <param name="dw">[maps x channels * kernel height * kernel width], added to</param>
    public void AddWeightGradient(int samples, ReadOnlySpan<float> dz, int dzStride, ReadOnlySpan<float> images, int imageStride, Span<float> dw)
    {
        int outputs = dw.Length / Fan;
        if (dz.Length < (samples - 1) * dzStride + outputs * Positions) throw new ArgumentException($"dz has {dz.Length} values, needs {(samples - 1) * dzStride + outputs * Positions}", nameof(dz));
        CheckPlanes(images[((samples - 1) * imageStride)..]);
        int done = 0;
        if (InstructionSet.Use512) done = AddWeightGradient<Lanes16>(done, samples, dz, dzStride, images, imageStride, dw);
        if (InstructionSet.Use256) done = AddWeightGradient<Lanes8>(done, samples, dz, dzStride, images, imageStride, dw);
        if (InstructionSet.Use128) done = AddWeightGradient<Lanes4>(done, samples, dz, dzStride, images, imageStride, dw);
        AddWeightGradient<Lanes1>(done, samples, dz, dzStride, images, imageStride, dw);
    }

    int AddWeightGradient<T>(int from, int samples, ReadOnlySpan<float> dz, int dzStride, ReadOnlySpan<float> images, int imageStride, Span<float> dw)
        where T : struct, ILanes<T>
    {
        int end = outputWidth - (outputWidth - from) % T.Count;
        if (end == from) return end;
        int outputs = dw.Length / Fan;
        ref float dz0 = ref Unsafe.Add(ref MemoryMarshal.GetReference(dz), from);
        ref float image0 = ref Unsafe.Add(ref MemoryMarshal.GetReference(images), from);
        for (int o = 0; o < outputs;)
        {
            int strip = outputs - o >= 4 ? 4 : 1;
            for (int k = 0; k < Fan;)
            {
                if (strip == 4 && Fan - k >= 4 && ProductLoop.Has32Registers)
                {
                    Tile4x4<T>(end - from, samples, ref Unsafe.Add(ref dz0, o * Positions), dzStride, ref Unsafe.Add(ref image0, OffsetOf(k)), OffsetOf(k + 1) - OffsetOf(k), OffsetOf(k + 2) - OffsetOf(k), OffsetOf(k + 3) - OffsetOf(k), imageStride, ref dw[o * Fan + k]);
                    k += 4;
                    continue;
                }

                int pair = k + 1 < Fan ? 1 : 0; // the second of two weights, or the first again
                ref float gradient = ref Unsafe.Add(ref dz0, o * Positions);
                if (strip == 4) Tile4x2<T>(end - from, samples, ref gradient, dzStride, ref Unsafe.Add(ref image0, OffsetOf(k)), ref Unsafe.Add(ref image0, OffsetOf(k + pair)), imageStride, ref dw[o * Fan + k], pair);
                else Tile1x2<T>(end - from, samples, ref gradient, dzStride, ref Unsafe.Add(ref image0, OffsetOf(k)), ref Unsafe.Add(ref image0, OffsetOf(k + pair)), imageStride, ref dw[o * Fan + k], pair);
                k += 1 + pair;
            }

            o += strip;
        }

        return end;
    }

    int OffsetOf(int k) => k / (kernelHeight * kernelWidth) * planeLength + k / kernelWidth % kernelHeight * width + k % kernelWidth;

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Tile4x4<T>(int columns, int samples, ref float dz, nint dzStride, ref float image, nint second, nint third, nint fourth, nint imageStride, ref float dw)
        where T : struct, ILanes<T>
    {
        T a0 = T.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
        nint positions = Positions;
        for (; samples > 0; samples--)
        {
            ref float g = ref dz;
            ref float row = ref image;
            for (int y = outputHeight; y > 0; y--)
            {
                for (nint x = 0; x < columns; x += T.Count)
                {
                    T va = T.Load(ref row, (nuint)x), vb = T.Load(ref row, (nuint)(x + second)), vc = T.Load(ref row, (nuint)(x + third)), vd = T.Load(ref row, (nuint)(x + fourth));
                    var g0 = T.Load(ref g, (nuint)x);
                    a0 = T.MultiplyAdd(g0, va, a0);
                    b0 = T.MultiplyAdd(g0, vb, b0);
                    c0 = T.MultiplyAdd(g0, vc, c0);
                    d0 = T.MultiplyAdd(g0, vd, d0);
                    var g1 = T.Load(ref g, (nuint)(x + positions));
                    a1 = T.MultiplyAdd(g1, va, a1);
                    b1 = T.MultiplyAdd(g1, vb, b1);
                    c1 = T.MultiplyAdd(g1, vc, c1);
                    d1 = T.MultiplyAdd(g1, vd, d1);
                    var g2 = T.Load(ref g, (nuint)(x + 2 * positions));
                    a2 = T.MultiplyAdd(g2, va, a2);
                    b2 = T.MultiplyAdd(g2, vb, b2);
                    c2 = T.MultiplyAdd(g2, vc, c2);
                    d2 = T.MultiplyAdd(g2, vd, d2);
                    var g3 = T.Load(ref g, (nuint)(x + 3 * positions));
                    a3 = T.MultiplyAdd(g3, va, a3);
                    b3 = T.MultiplyAdd(g3, vb, b3);
                    c3 = T.MultiplyAdd(g3, vc, c3);
                    d3 = T.MultiplyAdd(g3, vd, d3);
                }

                g = ref Unsafe.Add(ref g, outputWidth);
                row = ref Unsafe.Add(ref row, width);
            }

            dz = ref Unsafe.Add(ref dz, dzStride);
            image = ref Unsafe.Add(ref image, imageStride);
        }

        AddSums(ref dw, 0, a0, a1, a2, a3);
        AddSums(ref dw, 1, b0, b1, b2, b3);
        AddSums(ref dw, 2, c0, c1, c2, c3);
        AddSums(ref dw, 3, d0, d1, d2, d3);
    }

    // One weight of each of four maps.
    void AddSums<T>(ref float dw, nint k, T a, T b, T c, T d)
        where T : struct, ILanes<T>
    {
        nint fan = Fan;
        Unsafe.Add(ref dw, k) += T.Sum(a);
        Unsafe.Add(ref dw, k + fan) += T.Sum(b);
        Unsafe.Add(ref dw, k + 2 * fan) += T.Sum(c);
        Unsafe.Add(ref dw, k + 3 * fan) += T.Sum(d);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Tile4x2<T>(int columns, int samples, ref float dz, nint dzStride, ref float a, ref float b, nint imageStride, ref float dw, int pair)
        where T : struct, ILanes<T>
    {
        T a0 = T.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        nint positions = Positions;
        for (; samples > 0; samples--)
        {
            ref float g = ref dz;
            ref float rowA = ref a;
            ref float rowB = ref b;
            for (int y = outputHeight; y > 0; y--)
            {
                for (nint x = 0; x < columns; x += T.Count)
                {
                    T va = T.Load(ref rowA, (nuint)x), vb = T.Load(ref rowB, (nuint)x);
                    var g0 = T.Load(ref g, (nuint)x);
                    a0 = T.MultiplyAdd(g0, va, a0);
                    b0 = T.MultiplyAdd(g0, vb, b0);
                    var g1 = T.Load(ref g, (nuint)(x + positions));
                    a1 = T.MultiplyAdd(g1, va, a1);
                    b1 = T.MultiplyAdd(g1, vb, b1);
                    var g2 = T.Load(ref g, (nuint)(x + 2 * positions));
                    a2 = T.MultiplyAdd(g2, va, a2);
                    b2 = T.MultiplyAdd(g2, vb, b2);
                    var g3 = T.Load(ref g, (nuint)(x + 3 * positions));
                    a3 = T.MultiplyAdd(g3, va, a3);
                    b3 = T.MultiplyAdd(g3, vb, b3);
                }

                g = ref Unsafe.Add(ref g, outputWidth);
                rowA = ref Unsafe.Add(ref rowA, width);
                rowB = ref Unsafe.Add(ref rowB, width);
            }

            dz = ref Unsafe.Add(ref dz, dzStride);
            a = ref Unsafe.Add(ref a, imageStride);
            b = ref Unsafe.Add(ref b, imageStride);
        }

        AddSums(ref dw, 0, a0, a1, a2, a3);
        if (pair != 0) AddSums(ref dw, 1, b0, b1, b2, b3);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Tile1x2<T>(int columns, int samples, ref float dz, nint dzStride, ref float a, ref float b, nint imageStride, ref float dw, int pair)
        where T : struct, ILanes<T>
    {
        T sumA = T.Broadcast(0), sumB = sumA;
        for (; samples > 0; samples--)
        {
            for (int y = 0; y < outputHeight; y++)
            {
                for (nint x = 0; x < columns; x += T.Count)
                {
                    var g = T.Load(ref dz, (nuint)(y * outputWidth + x));
                    sumA = T.MultiplyAdd(g, T.Load(ref a, (nuint)(y * width + x)), sumA);
                    sumB = T.MultiplyAdd(g, T.Load(ref b, (nuint)(y * width + x)), sumB);
                }
            }

            dz = ref Unsafe.Add(ref dz, dzStride);
            a = ref Unsafe.Add(ref a, imageStride);
            b = ref Unsafe.Add(ref b, imageStride);
        }

        dw += T.Sum(sumA);
        if (pair != 0) Unsafe.Add(ref dw, 1) += T.Sum(sumB);
    }
}
