using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>
    /// Rounds each row to codes in -127..127 with a scale of its own, row[k] = scale * codes[k], the largest magnitude at 127.
    /// </summary>
    /// <param name="rows">rows of x</param>
    /// <param name="length">values in a row</param>
    /// <param name="x">[rows x length], finite</param>
    /// <param name="codes">[rows x length], written</param>
    /// <param name="scales">[rows], written</param>
    public static void QuantiseRows(int rows, int length, ReadOnlySpan<float> x, Span<sbyte> codes, Span<float> scales)
    {
        Check.Length(x, (long)rows * length);
        for (int r = 0; r < rows; r++)
        {
            var row = x.Slice(r * length, length);
            scales[r] = ScaleInt8(row);
            Quantise(row, 1 / scales[r], codes.Slice(r * length, length));
        }
    }

    static void Quantise(ReadOnlySpan<float> row, float inverse, Span<sbyte> codes)
    {
        const float Rounding = 12582912f; // 1.5 * 2^23: adding it rounds to an integer and leaves that in the low bits
        ref float x = ref MemoryMarshal.GetReference(row);
        ref sbyte c = ref MemoryMarshal.GetReference(codes);
        var factor = Vector256.Create(inverse);
        int k = 0;
        for (; InstructionSet.Use256 && k + 32 <= row.Length; k += 32)
        {
            var low = Vector256.Narrow(Rounded(ref x, k, factor), Rounded(ref x, k + 8, factor));
            var high = Vector256.Narrow(Rounded(ref x, k + 16, factor), Rounded(ref x, k + 24, factor));
            Vector256.Narrow(low, high).StoreUnsafe(ref c, (nuint)k);
        }

        for (; k < row.Length; k++) codes[k] = (sbyte)BitConverter.SingleToInt32Bits(row[k] * inverse + Rounding);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<int> Rounded(ref float x, int k, Vector256<float> factor)
        => (Vector256.LoadUnsafe(ref x, (nuint)k) * factor + Vector256.Create(Rounding)).AsInt32();
    }

    /// <summary>
    /// y[b, r] = bias[r] + xScale[b] * wScale[r] * sum over k of xCodes[b, k] * wCodes[r, k]: products of bytes with exact 32-bit sums, by
    /// the dot-product instructions where the CPU has them (AVX-VNNI, ARM dot product), else by pairs of 16-bit products.
    /// </summary>
    /// <param name="batch">rows of x</param>
    /// <param name="length">values in a row; at most 2^17, so that no sum overflows</param>
    /// <param name="wCodes">[rows x length]</param>
    /// <param name="wScales">[rows]</param>
    /// <param name="bias">[rows]</param>
    /// <param name="xCodes">[batch x length]</param>
    /// <param name="xScales">[batch]</param>
    /// <param name="y">row b begins at b * yStride; [rows] values of each are written</param>
    /// <param name="yStride">distance between the rows of y</param>
    public static void DenseForwardInt8(int batch, int length, ReadOnlySpan<sbyte> wCodes, ReadOnlySpan<float> wScales,
        ReadOnlySpan<float> bias, ReadOnlySpan<sbyte> xCodes, ReadOnlySpan<float> xScales, Span<float> y, int yStride)
    {
        CheckInt8(batch, length, bias.Length, wCodes.Length, wScales.Length, y.Length, yStride);
        if (xCodes.Length != (long)batch * length || xScales.Length != batch)
        {
            throw new ArgumentException($"{batch} samples of length {length} do not fit {xCodes.Length} codes and {xScales.Length} scales",
                nameof(xCodes));
        }
        if (AvxVnni.IsSupported && InstructionSet.Use256)
        {
            DenseForwardInt8<Int8DotVnni, Vector256<int>,
                Vector256<sbyte>>(batch, length, wCodes, wScales, bias, xCodes, xScales, y, yStride);
        }
        else if (Dp.IsSupported && InstructionSet.Use128)
        {
            DenseForwardInt8<Int8DotArm, Vector128<int>,
                Vector128<sbyte>>(batch, length, wCodes, wScales, bias, xCodes, xScales, y, yStride);
        }
        else if (Avx512BW.IsSupported && InstructionSet.Use512)
        {
            DenseForwardInt8<Int8Dot512, Vector512<int>,
                Vector512<short>>(batch, length, wCodes, wScales, bias, xCodes, xScales, y, yStride);
        }
        else if (Avx2.IsSupported && InstructionSet.Use256)
        {
            DenseForwardInt8<Int8Dot256, Vector256<int>,
                Vector256<short>>(batch, length, wCodes, wScales, bias, xCodes, xScales, y, yStride);
        }
        else
        {
            DenseForwardInt8<Int8Dot1, int, int>(batch, length, wCodes, wScales, bias, xCodes, xScales, y, yStride);
        }
    }

    static void CheckInt8(int batch, int length, int rows, int codes, int scales, int outputs, int yStride)
    {
        if (length > 1 << 17)
            throw new ArgumentOutOfRangeException(nameof(length), length, "sums of more than 131,072 products can overflow");
        if (codes != (long)rows * length || scales != rows)
            throw new ArgumentException($"{rows} rows of length {length} do not fit {codes} codes and {scales} scales");
        if (batch > 0 && outputs < (batch - 1) * yStride + rows)
            throw new ArgumentException($"y has {outputs} values, needs {(batch - 1) * yStride + rows}");
    }

    // Tiles of 4 rows and 2 samples: 8 sums in registers, 6 loads for 8 multiplications.
    internal static void DenseForwardInt8<TDot, TSum,
        TCodes>(int batch, int length, ReadOnlySpan<sbyte> wCodes, ReadOnlySpan<float> wScales, ReadOnlySpan<float> bias,
        ReadOnlySpan<sbyte> xCodes, ReadOnlySpan<float> xScales, Span<float> y, int yStride)
        where TDot : struct, IInt8Dot<TSum, TCodes>
        where TSum : struct
        where TCodes : struct
    {
        ref sbyte w0 = ref MemoryMarshal.GetReference(wCodes);
        ref sbyte x0 = ref MemoryMarshal.GetReference(xCodes);
        Span<int> sums = stackalloc int[8];
        int rows = bias.Length;
        for (int r = 0; r < rows; r += 4)
        {
            int height = Math.Min(4, rows - r);
            for (int b = 0; b < batch; b += 2)
            {
                int samples = Math.Min(2, batch - b);
                ref sbyte w = ref Unsafe.Add(ref w0, (nint)r * length);
                ref sbyte x = ref Unsafe.Add(ref x0, (nint)b * length);
                // Where rows or samples are missing, the last one is computed again.
                Int8Tile<TDot, TSum,
                    TCodes>(length, ref w, length * Math.Min(1, height - 1), length * Math.Min(2, height - 1), length * (height - 1), ref x,
                    ref Unsafe.Add(ref x, length * (samples - 1)), sums);
                for (int s = 0; s < samples; s++)
                {
                    for (int i = 0; i < height; i++)
                        y[(b + s) * yStride + r + i] = bias[r + i] + xScales[b + s] * wScales[r + i] * sums[4 * s + i];
                }
            }
        }
    }

    static void Int8Tile<TDot, TSum,
        TCodes>(int length, ref sbyte w0, nint w1, nint w2, nint w3, ref sbyte xa, ref sbyte xb, Span<int> sums)
        where TDot : struct, IInt8Dot<TSum, TCodes>
        where TSum : struct
        where TCodes : struct
    {
        TSum a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        int k = 0;
        for (; k + TDot.Count <= length; k += TDot.Count)
        {
            TCodes va = TDot.Load(ref xa, (nuint)k), vb = TDot.Load(ref xb, (nuint)k);
            var w = TDot.Load(ref w0, (nuint)k);
            a0 = TDot.MultiplyAdd(a0, w, va);
            b0 = TDot.MultiplyAdd(b0, w, vb);
            w = TDot.Load(ref w0, (nuint)(w1 + k));
            a1 = TDot.MultiplyAdd(a1, w, va);
            b1 = TDot.MultiplyAdd(b1, w, vb);
            w = TDot.Load(ref w0, (nuint)(w2 + k));
            a2 = TDot.MultiplyAdd(a2, w, va);
            b2 = TDot.MultiplyAdd(b2, w, vb);
            w = TDot.Load(ref w0, (nuint)(w3 + k));
            a3 = TDot.MultiplyAdd(a3, w, va);
            b3 = TDot.MultiplyAdd(b3, w, vb);
        }

        sums[0] = TDot.Sum(a0);
        sums[1] = TDot.Sum(a1);
        sums[2] = TDot.Sum(a2);
        sums[3] = TDot.Sum(a3);
        sums[4] = TDot.Sum(b0);
        sums[5] = TDot.Sum(b1);
        sums[6] = TDot.Sum(b2);
        sums[7] = TDot.Sum(b3);
        for (; k < length; k++)
        {
            int a = Unsafe.Add(ref xa, k), b = Unsafe.Add(ref xb, k);
            sums[0] += a * Unsafe.Add(ref w0, k);
            sums[1] += a * Unsafe.Add(ref w0, w1 + k);
            sums[2] += a * Unsafe.Add(ref w0, w2 + k);
            sums[3] += a * Unsafe.Add(ref w0, w3 + k);
            sums[4] += b * Unsafe.Add(ref w0, k);
            sums[5] += b * Unsafe.Add(ref w0, w1 + k);
            sums[6] += b * Unsafe.Add(ref w0, w2 + k);
            sums[7] += b * Unsafe.Add(ref w0, w3 + k);
        }
    }
}
