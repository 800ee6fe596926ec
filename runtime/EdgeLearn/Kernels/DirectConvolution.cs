using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// A convolution of stride 1 over planes where they lie, padded already, without laying out windows: forward pass and both gradients.
/// Forward and for the gradient of the input, neighbouring columns of one row fill a register, and what is left of a row is its last whole
/// register, partly computed again; for the gradient of the weights neighbouring maps do.
/// </summary>
/// <param name="channels">planes that are read</param>
/// <param name="planeLength">distance between them</param>
/// <param name="width">distance between their rows</param>
/// <param name="kernelHeight">rows of the kernel</param>
/// <param name="kernelWidth">columns of the kernel</param>
/// <param name="outputHeight">rows of a map</param>
/// <param name="outputWidth">columns of a map</param>
readonly partial struct DirectConvolution(int channels, int planeLength, int width, int kernelHeight, int kernelWidth, int outputHeight,
    int outputWidth)
{
    int Fan => channels * kernelHeight * kernelWidth;

    int Positions => outputHeight * outputWidth;

    /// <summary>
    /// maps[o, y, x] = bias[o] + sum over c, ky, kx of w[o, (c, ky, kx)] * planes[c, y + ky, x + kx]: in this order with one fused
    /// multiply-add a term, the bias last.
    /// </summary>
    /// <param name="w">[maps x channels * kernel height * kernel width]</param>
    /// <param name="bias">[maps]</param>
    /// <param name="planes">from the first value that is read</param>
    /// <param name="maps">[maps x output height * output width], written</param>
    public void Forward(ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> planes, Span<float> maps)
    {
        Check.Length(w, (long)bias.Length * Fan);
        Check.Length(maps, (long)bias.Length * Positions);
        CheckPlanes(planes);
        int done = 0;
        if (InstructionSet.Use512) done = Forward<Lanes16>(done, Lanes8.Count, w, bias, planes, maps);
        if (InstructionSet.Use256) done = Forward<Lanes8>(done, Lanes4.Count, w, bias, planes, maps);
        if (InstructionSet.Use128) done = Forward<Lanes4>(done, 0, w, bias, planes, maps);
        Forward<Lanes1>(done, 0, w, bias, planes, maps);
    }

    void CheckPlanes(ReadOnlySpan<float> planes)
    {
        int needed = (channels - 1) * planeLength + (outputHeight + kernelHeight - 2) * width + outputWidth + kernelWidth - 1;
        if (planes.Length < needed) throw new ArgumentException($"the planes have {planes.Length} values, needs {needed}", nameof(planes));
    }

    // Columns from..outputWidth - 1 of all maps; what is left of a row, if it is more than a narrower register takes, is the last whole
    // register of the row, part of it once more.
    int Forward<T>(int from, int narrower, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> planes, Span<float> maps)
        where T : struct, ILanes<T>
    {
        int rest = (outputWidth - from) % T.Count, end = outputWidth - rest;
        if (outputWidth < T.Count || from == outputWidth) return from;
        if (rest > narrower) end = outputWidth;
        ShiftedSums walk = new(channels, planeLength, kernelHeight * kernelWidth, kernelHeight, width, kernelWidth, kernelWidth, 1, 1);
        ref float planes0 = ref MemoryMarshal.GetReference(planes);
        for (int o = 0; o < bias.Length;)
        {
            int strip = ShiftedSums.StripOf(bias.Length - o);
            ref float weights = ref Unsafe.Add(ref MemoryMarshal.GetReference(w), (nint)o * Fan);
            for (int y = 0; y < outputHeight; y += 2)
            {
                // Two rows share the weights; the last of an odd number is paired with itself.
                int below = y + 1 < outputHeight ? 1 : 0;
                for (int x = from; x < end; x += T.Count)
                {
                    int column = Math.Min(x, outputWidth - T.Count);
                    var target = new MapTarget(ref maps[o * Positions + y * outputWidth + column], Positions, below * outputWidth,
                        ref Unsafe.AsRef(in bias[o]));
                    walk.Run<T, MapTarget>(strip, ref weights, Fan, ref Unsafe.Add(ref planes0, y * width + column), below * width, target);
                }
            }

            o += strip;
        }

        return end;
    }
}
