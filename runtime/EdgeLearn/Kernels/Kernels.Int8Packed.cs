using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeLearn;

static partial class Kernels
{
    // Rows and samples that are multiplied at a time. The same for every CPU, so that every board plans the same memory.
    const int Int8Rows = 6, Int8Samples = 32;

    /// <summary>Floats of scratch for the forward pass of bytes.</summary>
    public static long Int8ScratchLength(int batch, int length)
    {
        long codes = batch + ((long)batch * length + 3) / 4, cells = (length + 1) / 2;
        return batch < PackedSamples ? codes : Math.Max(codes, (2 * Int8Samples + Int8Rows) * cells + (length + 3) / 4 + Int8Samples);
    }

    /// <summary>
    /// y[b, r] = bias[r] + (scale of x[b] * wScale[r]) * sum over k of code of x[b, k] * wCodes[r, k]: each sample is rounded as by
    /// <see cref="QuantiseRows"/>, the sums are exact. From 16 samples on, neighbouring samples fill a register and the codes of the
    /// weights are broadcast.
    /// </summary>
    /// <param name="batch">rows of x</param>
    /// <param name="length">values in a row; at most 2^17, so that no sum overflows</param>
    /// <param name="wCodes">[rows x length]</param>
    /// <param name="wScales">[rows]</param>
    /// <param name="bias">[rows]</param>
    /// <param name="x">[batch x length], finite</param>
    /// <param name="y">row b begins at b * yStride; [rows] values of each are written</param>
    /// <param name="yStride">distance between the rows of y</param>
    /// <param name="scratch">[<see cref="Int8ScratchLength"/>]</param>
    public static void DenseForwardInt8(int batch, int length, ReadOnlySpan<sbyte> wCodes, ReadOnlySpan<float> wScales,
        ReadOnlySpan<float> bias, ReadOnlySpan<float> x, Span<float> y, int yStride, Span<float> scratch)
    {
        Check.Length(x, (long)batch * length);
        CheckInt8(batch, length, bias.Length, wCodes.Length, wScales.Length, y.Length, yStride);
        if (scratch.Length < Int8ScratchLength(batch, length))
        {
            throw new ArgumentException($"the scratch has {scratch.Length} values, needs {Int8ScratchLength(batch, length)}",
                nameof(scratch));
        }
        bool packs = batch >= PackedSamples && length > 0;
        if (packs && AvxVnni.IsSupported && InstructionSet.Use256)
        {
            DenseForwardCells<Int8CellsVnni, Vector256<int>>(batch, length, wCodes, wScales, bias, x, y, yStride, scratch);
        }
        else if (packs && Avx512BW.IsSupported && InstructionSet.Use512)
        {
            DenseForwardCells<Int8Cells512, Vector512<int>>(batch, length, wCodes, wScales, bias, x, y, yStride, scratch);
        }
        else if (packs && Avx2.IsSupported && InstructionSet.Use256)
        {
            DenseForwardCells<Int8Cells256, Vector256<int>>(batch, length, wCodes, wScales, bias, x, y, yStride, scratch);
        }
        else if (packs && Dp.IsSupported && InstructionSet.Use128)
        {
            DenseForwardCells<Int8CellsArm, Vector128<int>>(batch, length, wCodes, wScales, bias, x, y, yStride, scratch);
        }
        else
        {
            var codes = MemoryMarshal.Cast<float, sbyte>(scratch[batch..])[..(batch * length)];
            QuantiseRows(batch, length, x, codes, scratch[..batch]);
            DenseForwardInt8(batch, length, wCodes, wScales, bias, codes, scratch[..batch], y, yStride);
        }
    }

    internal static void DenseForwardCells<TCells,
        T>(int batch, int length, ReadOnlySpan<sbyte> wCodes, ReadOnlySpan<float> wScales, ReadOnlySpan<float> bias, ReadOnlySpan<float> x,
        Span<float> y, int yStride, Span<float> scratch)
        where TCells : struct, IInt8Cells<T>
        where T : struct
    {
        int cells = (length + TCells.Codes - 1) / TCells.Codes, taken = Int8Samples;
        var scales = scratch[..taken];
        var row = MemoryMarshal.Cast<float, sbyte>(scratch.Slice(taken, (length + 3) / 4))[..length];
        taken += (length + 3) / 4;
        var lying = scratch.Slice(taken, Int8Samples * cells);
        var packed = scratch.Slice(taken + lying.Length, Int8Samples * cells);
        var strip = MemoryMarshal.Cast<float, int>(scratch.Slice(taken + 2 * lying.Length, Int8Rows * cells));
        for (int b = 0; b < batch; b += Int8Samples)
        {
            int samples = Math.Min(Int8Samples, batch - b);
            lying[(samples * cells)..].Clear();
            scales[samples..].Clear();
            for (int s = 0; s < samples; s++)
            {
                QuantiseRows(1, length, x.Slice((b + s) * length, length), row, scales.Slice(s, 1));
                ToCells(TCells.Codes, row, MemoryMarshal.Cast<float, int>(lying.Slice(s * cells, cells)));
            }

            Transpose(Int8Samples, cells, lying, packed);
            MultiplyCells<TCells,
                T>(samples, length, wCodes, wScales, bias, MemoryMarshal.Cast<float, int>(packed), scales, y[(b * yStride)..], yStride,
                strip);
        }
    }

    // Codes in cells of 32 bits, 0 behind the last: as two 16-bit numbers, or four bytes.
    static void ToCells(int codesOfCell, ReadOnlySpan<sbyte> codes, Span<int> cells)
    {
        cells[^1] = 0;
        if (codesOfCell == 4)
        {
            codes.CopyTo(MemoryMarshal.Cast<int, sbyte>(cells));
            return;
        }

        var wide = MemoryMarshal.Cast<int, short>(cells);
        ref sbyte source = ref MemoryMarshal.GetReference(codes);
        int k = 0;
        for (; Avx2.IsSupported && k + 16 <= codes.Length; k += 16)
            Avx2.ConvertToVector256Int16(Vector128.LoadUnsafe(ref source, (nuint)k)).StoreUnsafe(ref wide[k]);
        for (; k < codes.Length; k++) wide[k] = codes[k];
    }

    static void MultiplyCells<TCells,
        T>(int samples, int length, ReadOnlySpan<sbyte> wCodes, ReadOnlySpan<float> wScales, ReadOnlySpan<float> bias, ReadOnlySpan<int> x,
        ReadOnlySpan<float> scales, Span<float> y, int yStride, Span<int> strip)
        where TCells : struct, IInt8Cells<T>
        where T : struct
    {
        int rows = bias.Length, cells = strip.Length / Int8Rows;
        Span<float> tile = stackalloc float[Int8Rows * Int8Samples], rowScales = stackalloc float[Int8Rows];
        for (int r = 0; r < rows; r += Int8Rows)
        {
            int height = Math.Min(Int8Rows, rows - r);
            strip[(height * cells)..].Clear();
            rowScales.Clear();
            for (int i = 0; i < height; i++)
            {
                ToCells(TCells.Codes, wCodes.Slice((r + i) * length, length), strip.Slice(i * cells, cells));
                rowScales[i] = wScales[r + i];
            }

            for (int s = 0; s < samples; s += 2 * TCells.Lanes)
            {
                CellTile<TCells,
                    T>(cells, ref strip[0], ref MemoryMarshal.GetReference(rowScales), ref Unsafe.AsRef(in x[s]),
                    ref Unsafe.AsRef(in scales[s]), ref tile[s]);
            }
            TransposeTile(height, Int8Samples, ref tile[0], bias.Slice(r, height), ref y[r], yStride, samples);
        }
    }

    // Six rows of weights times two registers of samples.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static void CellTile<TCells, T>(nint cells, ref int w, ref float wScales, ref int x, ref float xScales, ref float tile)
        where TCells : struct, IInt8Cells<T>
        where T : struct
    {
        T a0 = default, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0;
        ref int w3 = ref Unsafe.Add(ref w, 3 * cells);
        for (nint k = cells; k > 0; k--)
        {
            T va = TCells.Load(ref x), vb = TCells.Load(ref Unsafe.Add(ref x, TCells.Lanes));
            var s0 = TCells.Broadcast(w);
            a0 = TCells.MultiplyAdd(a0, va, s0);
            b0 = TCells.MultiplyAdd(b0, vb, s0);
            var s1 = TCells.Broadcast(Unsafe.Add(ref w, cells));
            a1 = TCells.MultiplyAdd(a1, va, s1);
            b1 = TCells.MultiplyAdd(b1, vb, s1);
            var s2 = TCells.Broadcast(Unsafe.Add(ref w, 2 * cells));
            a2 = TCells.MultiplyAdd(a2, va, s2);
            b2 = TCells.MultiplyAdd(b2, vb, s2);
            var s3 = TCells.Broadcast(w3);
            a3 = TCells.MultiplyAdd(a3, va, s3);
            b3 = TCells.MultiplyAdd(b3, vb, s3);
            var s4 = TCells.Broadcast(Unsafe.Add(ref w3, cells));
            a4 = TCells.MultiplyAdd(a4, va, s4);
            b4 = TCells.MultiplyAdd(b4, vb, s4);
            var s5 = TCells.Broadcast(Unsafe.Add(ref w3, 2 * cells));
            a5 = TCells.MultiplyAdd(a5, va, s5);
            b5 = TCells.MultiplyAdd(b5, vb, s5);
            w = ref Unsafe.Add(ref w, 1);
            w3 = ref Unsafe.Add(ref w3, 1);
            x = ref Unsafe.Add(ref x, Int8Samples);
        }

        ref float right = ref Unsafe.Add(ref tile, TCells.Lanes);
        ref float rightScales = ref Unsafe.Add(ref xScales, TCells.Lanes);
        TCells.StoreScaled(a0, ref xScales, wScales, ref tile);
        TCells.StoreScaled(b0, ref rightScales, wScales, ref right);
        TCells.StoreScaled(a1, ref xScales, Unsafe.Add(ref wScales, 1), ref Unsafe.Add(ref tile, Int8Samples));
        TCells.StoreScaled(b1, ref rightScales, Unsafe.Add(ref wScales, 1), ref Unsafe.Add(ref right, Int8Samples));
        TCells.StoreScaled(a2, ref xScales, Unsafe.Add(ref wScales, 2), ref Unsafe.Add(ref tile, 2 * Int8Samples));
        TCells.StoreScaled(b2, ref rightScales, Unsafe.Add(ref wScales, 2), ref Unsafe.Add(ref right, 2 * Int8Samples));
        TCells.StoreScaled(a3, ref xScales, Unsafe.Add(ref wScales, 3), ref Unsafe.Add(ref tile, 3 * Int8Samples));
        TCells.StoreScaled(b3, ref rightScales, Unsafe.Add(ref wScales, 3), ref Unsafe.Add(ref right, 3 * Int8Samples));
        TCells.StoreScaled(a4, ref xScales, Unsafe.Add(ref wScales, 4), ref Unsafe.Add(ref tile, 4 * Int8Samples));
        TCells.StoreScaled(b4, ref rightScales, Unsafe.Add(ref wScales, 4), ref Unsafe.Add(ref right, 4 * Int8Samples));
        TCells.StoreScaled(a5, ref xScales, Unsafe.Add(ref wScales, 5), ref Unsafe.Add(ref tile, 5 * Int8Samples));
        TCells.StoreScaled(b5, ref rightScales, Unsafe.Add(ref wScales, 5), ref Unsafe.Add(ref right, 5 * Int8Samples));
    }
}
