using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

readonly partial struct DirectConvolution
{
    /// <summary>
    /// planes[c, y, x] += sum over o, ky, kx of w[o, (c, ky, kx)] * dz[o, y - ky, x - kx], of one sample or of two that share the loads of
    /// the weights. Column by column of the kernel; the sum of a column is taken in the order of its rows and, for each, of the maps, with
    /// one fused multiply-add a term.
    /// </summary>
    /// <param name="w">[maps x channels * kernel height * kernel width]</param>
    /// <param name="dz">[maps x output height * output width], and dzBelow behind it those of the second sample</param>
    /// <param name="dzBelow">0 = one sample</param>
    /// <param name="planes">added to; planesBelow behind them those of the second sample</param>
    /// <param name="planesBelow">0 = one sample</param>
    public void AddInputGradient(ReadOnlySpan<float> w, ReadOnlySpan<float> dz, int dzBelow, Span<float> planes, int planesBelow)
    {
        int maps = w.Length / Fan;
        Check.Length(w, (long)maps * Fan);
        Check.Length(dz, dzBelow + (long)maps * Positions);
        CheckPlanes(planes);
        CheckPlanes(planes[planesBelow..]);
        int done = 0;
        if (InstructionSet.Use512) done = AddInputGradient<Lanes16>(done, Lanes8.Count, maps, w, dz, dzBelow, planes, planesBelow);
        if (InstructionSet.Use256) done = AddInputGradient<Lanes8>(done, Lanes4.Count, maps, w, dz, dzBelow, planes, planesBelow);
        if (InstructionSet.Use128) done = AddInputGradient<Lanes4>(done, 0, maps, w, dz, dzBelow, planes, planesBelow);
        AddInputGradient<Lanes1>(done, 0, maps, w, dz, dzBelow, planes, planesBelow);
    }

    // Columns from..outputWidth - 1 of dz; what is left of a row, if it is more than a narrower register takes, is the last whole register
    // of the row, with 0 for what has been added already.
    int AddInputGradient<T>(int from, int narrower, int maps, ReadOnlySpan<float> w, ReadOnlySpan<float> dz, int dzBelow,
        Span<float> planes, int planesBelow)
        where T : struct, ILanes<T>
    {
        int rest = (outputWidth - from) % T.Count, end = outputWidth - rest;
        if (outputWidth < T.Count || from == outputWidth) return from;
        bool hasLast = rest > narrower;
        int kernelLength = kernelHeight * kernelWidth;
        ref float dz0 = ref MemoryMarshal.GetReference(dz);
        ref float planes0 = ref MemoryMarshal.GetReference(planes);
        for (int c = 0; c < channels;)
        {
            int strip = ShiftedSums.StripOf(channels - c);
            for (int y = 0; y < outputHeight + kernelHeight - 1; y++)
            {
                // The rows of the kernel that reach this row from a row of dz.
                int ky = Math.Max(0, y - outputHeight + 1), rows = Math.Min(kernelHeight - 1, y) - ky + 1;
                ShiftedSums walk = new(1, 0, 0, rows, -outputWidth, kernelWidth, maps, Positions, Fan);
                for (int kx = 0; kx < kernelWidth; kx++)
                {
                    ref float weights = ref Unsafe.Add(ref MemoryMarshal.GetReference(w), (nint)c * kernelLength + ky * kernelWidth + kx);
                    ref float gradients = ref Unsafe.Add(ref dz0, (y - ky) * outputWidth);
                    ref float row = ref Unsafe.Add(ref planes0, (nint)c * planeLength + y * width + kx);
                    for (int x = from; x < end; x += T.Count)
                    {
                        walk.Run<T, PlaneTarget>(strip, ref weights, kernelLength, ref Unsafe.Add(ref gradients, x), dzBelow,
                            new PlaneTarget(ref Unsafe.Add(ref row, x), planeLength, planesBelow));
                    }
                    if (!hasLast) continue;
                    int last = outputWidth - T.Count;
                    walk.Run<T, LastPlaneTarget>(strip, ref weights, kernelLength, ref Unsafe.Add(ref gradients, last), dzBelow,
                        new LastPlaneTarget(ref Unsafe.Add(ref row, last), planeLength, planesBelow, ref Kernels.LastLanesOf<T>(rest)));
                }
            }

            c += strip;
        }

        return hasLast ? outputWidth : end;
    }
}
