using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

readonly partial struct DirectConvolution
{
    // Weights whose sums share the loads of dz: as many as there are registers for their places in the image.
    const int MostTaps = 9;

    /// <summary>
    /// Maps with padding, so that they fill whole registers: the same on every CPU, so that every board plans the same memory.
    /// </summary>
    public static int PaddedMaps(int maps) => maps <= 4 ? 4 : (maps + 7) / 8 * 8;

    /// <summary>
    /// One sample's part of the gradient of the weights: sums[(c, ky, kx), o] += sum over y, x of planes[c, y + ky, x + kx] * dz[(y, x),
    /// o]. The sum over a sample is taken in the order of its positions with one fused multiply-add a term, then added: it has the same
    /// bits in every width.
    /// </summary>
    /// <param name="planes">of the sample</param>
    /// <param name="maps">columns of dz and of the sums, a result of <see cref="PaddedMaps"/></param>
    /// <param name="dz">[positions x maps]</param>
    /// <param name="sums">[channels * kernel height * kernel width x maps], added to</param>
    public void AddWeightGradient(ReadOnlySpan<float> planes, int maps, ReadOnlySpan<float> dz, Span<float> sums)
    {
        CheckPlanes(planes);
        Check.Length(dz, (long)Positions * maps);
        Check.Length(sums, (long)Fan * maps);
        int done = 0;
        // Two registers of maps for each value of the image that is broadcast, where there are registers for all the sums.
        if (InstructionSet.Use512 && ProductLoop.Has32Registers) done = AddWeightGradient<Pair<Lanes16>>(done, planes, maps, dz, sums);
        if (InstructionSet.Use256 && ProductLoop.Has32Registers) done = AddWeightGradient<Pair<Lanes8>>(done, planes, maps, dz, sums);
        if (InstructionSet.Use256) done = AddWeightGradient<Lanes8>(done, planes, maps, dz, sums);
        if (InstructionSet.Use128 && ProductLoop.Has32Registers) done = AddWeightGradient<Pair<Lanes4>>(done, planes, maps, dz, sums);
        if (InstructionSet.Use128) done = AddWeightGradient<Lanes4>(done, planes, maps, dz, sums);
        AddWeightGradient<Lanes1>(done, planes, maps, dz, sums);
    }

    int AddWeightGradient<T>(int from, ReadOnlySpan<float> planes, int maps, ReadOnlySpan<float> dz, Span<float> sums)
        where T : struct, ILanes<T>
    {
        int end = maps - (maps - from) % T.Count;
        if (end == from) return end;
        Span<nint> places = stackalloc nint[MostTaps];
        ref float image = ref MemoryMarshal.GetReference(planes);
        int ky = 0, kx = 0;
        for (int k = 0; k < Fan;)
        {
            int left = Fan - k, taps = left >= 9 && left % 4 != 0 ? 9 : left >= 8 ? 8 : left >= 4 ? 4 : 1;
            nint place = 0;
            for (int i = 0; i < taps; i++)
            {
                places[i] = place++;
                if (++kx < kernelWidth) continue;
                kx = 0;
                place += width - kernelWidth;
                if (++ky < kernelHeight) continue;
                ky = 0;
                place += planeLength - kernelHeight * width;
            }

            for (int o = from; o < end; o += T.Count)
            {
                ref float g = ref Unsafe.Add(ref MemoryMarshal.GetReference(dz), o);
                ref float sum = ref sums[k * maps + o];
                if (taps == 9) Taps9<T>(ref image, places, ref g, maps, ref sum);
                else if (taps == 8) Taps8<T>(ref image, places, ref g, maps, ref sum);
                else if (taps == 4) Taps4<T>(ref image, places, ref g, maps, ref sum);
                else Taps1<T>(ref image, ref g, maps, ref sum);
            }

            k += taps;
            image = ref Unsafe.Add(ref image, place);
        }

        return end;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Taps9<T>(ref float image, ReadOnlySpan<nint> places, ref float dz, nint maps, ref float sums)
        where T : struct, ILanes<T>
    {
        nint p1 = places[1], p2 = places[2], p3 = places[3], p4 = places[4], p5 = places[5], p6 = places[6], p7 = places[7], p8 = places[8];
        T c0 = T.Broadcast(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0, c8 = c0;
        for (int y = outputHeight; y > 0; y--, image = ref Unsafe.Add(ref image, width - outputWidth))
        {
            for (int x = outputWidth; x > 0; x--)
            {
                var g = T.Load(ref dz, 0);
                c0 = T.MultiplyAdd(T.Broadcast(image), g, c0);
                c1 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p1)), g, c1);
                c2 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p2)), g, c2);
                c3 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p3)), g, c3);
                c4 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p4)), g, c4);
                c5 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p5)), g, c5);
                c6 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p6)), g, c6);
                c7 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p7)), g, c7);
                c8 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p8)), g, c8);
                image = ref Unsafe.Add(ref image, 1);
                dz = ref Unsafe.Add(ref dz, maps);
            }
        }

        AddAt(ref sums, 0, c0);
        AddAt(ref sums, maps, c1);
        AddAt(ref sums, 2 * maps, c2);
        AddAt(ref sums, 3 * maps, c3);
        AddAt(ref sums, 4 * maps, c4);
        AddAt(ref sums, 5 * maps, c5);
        AddAt(ref sums, 6 * maps, c6);
        AddAt(ref sums, 7 * maps, c7);
        AddAt(ref sums, 8 * maps, c8);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Taps8<T>(ref float image, ReadOnlySpan<nint> places, ref float dz, nint maps, ref float sums)
        where T : struct, ILanes<T>
    {
        nint p1 = places[1], p2 = places[2], p3 = places[3], p4 = places[4], p5 = places[5], p6 = places[6], p7 = places[7];
        T c0 = T.Broadcast(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
        for (int y = outputHeight; y > 0; y--, image = ref Unsafe.Add(ref image, width - outputWidth))
        {
            for (int x = outputWidth; x > 0; x--)
            {
                var g = T.Load(ref dz, 0);
                c0 = T.MultiplyAdd(T.Broadcast(image), g, c0);
                c1 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p1)), g, c1);
                c2 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p2)), g, c2);
                c3 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p3)), g, c3);
                c4 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p4)), g, c4);
                c5 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p5)), g, c5);
                c6 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p6)), g, c6);
                c7 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p7)), g, c7);
                image = ref Unsafe.Add(ref image, 1);
                dz = ref Unsafe.Add(ref dz, maps);
            }
        }

        AddAt(ref sums, 0, c0);
        AddAt(ref sums, maps, c1);
        AddAt(ref sums, 2 * maps, c2);
        AddAt(ref sums, 3 * maps, c3);
        AddAt(ref sums, 4 * maps, c4);
        AddAt(ref sums, 5 * maps, c5);
        AddAt(ref sums, 6 * maps, c6);
        AddAt(ref sums, 7 * maps, c7);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Taps4<T>(ref float image, ReadOnlySpan<nint> places, ref float dz, nint maps, ref float sums)
        where T : struct, ILanes<T>
    {
        nint p1 = places[1], p2 = places[2], p3 = places[3];
        T c0 = T.Broadcast(0), c1 = c0, c2 = c0, c3 = c0;
        for (int y = outputHeight; y > 0; y--, image = ref Unsafe.Add(ref image, width - outputWidth))
        {
            for (int x = outputWidth; x > 0; x--)
            {
                var g = T.Load(ref dz, 0);
                c0 = T.MultiplyAdd(T.Broadcast(image), g, c0);
                c1 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p1)), g, c1);
                c2 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p2)), g, c2);
                c3 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref image, p3)), g, c3);
                image = ref Unsafe.Add(ref image, 1);
                dz = ref Unsafe.Add(ref dz, maps);
            }
        }

        AddAt(ref sums, 0, c0);
        AddAt(ref sums, maps, c1);
        AddAt(ref sums, 2 * maps, c2);
        AddAt(ref sums, 3 * maps, c3);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Taps1<T>(ref float image, ref float dz, nint maps, ref float sums)
        where T : struct, ILanes<T>
    {
        var sum = T.Broadcast(0);
        for (int y = outputHeight; y > 0; y--, image = ref Unsafe.Add(ref image, width - outputWidth))
        {
            for (int x = outputWidth; x > 0; x--)
            {
                sum = T.MultiplyAdd(T.Broadcast(image), T.Load(ref dz, 0), sum);
                image = ref Unsafe.Add(ref image, 1);
                dz = ref Unsafe.Add(ref dz, maps);
            }
        }

        AddAt(ref sums, 0, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AddAt<T>(ref float target, nint offset, T sums)
        where T : struct, ILanes<T> => T.Store(T.Load(ref target, (nuint)offset) + sums, ref target, (nuint)offset);
}
