using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Xunit;

namespace EdgeLearn.Tests;

public class Int8KernelTests
{
    delegate void Forward(int batch, int length, ReadOnlySpan<sbyte> wCodes, ReadOnlySpan<float> wScales, ReadOnlySpan<float> bias,
        ReadOnlySpan<sbyte> xCodes, ReadOnlySpan<float> xScales, Span<float> y, int yStride);

    static IEnumerable<(string Name, Forward Run)> Forms()
    {
        yield return ("chosen by the machine", Kernels.DenseForwardInt8);
        yield return ("scalar", Kernels.DenseForwardInt8<Int8Dot1, int, int>);
        if (Avx2.IsSupported) yield return ("AVX2", Kernels.DenseForwardInt8<Int8Dot256, Vector256<int>, Vector256<short>>);
        if (Avx512BW.IsSupported) yield return ("AVX-512", Kernels.DenseForwardInt8<Int8Dot512, Vector512<int>, Vector512<short>>);
        if (AvxVnni.IsSupported) yield return ("AVX-VNNI", Kernels.DenseForwardInt8<Int8DotVnni, Vector256<int>, Vector256<sbyte>>);
        if (Dp.IsSupported) yield return ("ARM dot product", Kernels.DenseForwardInt8<Int8DotArm, Vector128<int>, Vector128<sbyte>>);
    }

    static Span<sbyte> Codes(GuardedMemory memory, int length, int salt)
    {
        var codes = MemoryMarshal.Cast<float, sbyte>(memory.Last((length + 3) / 4))[^length..];
        var random = new Random(salt);
        foreach (ref sbyte code in codes) code = (sbyte)random.Next(-127, 128);
        if (length > 1) (codes[0], codes[1]) = (127, -127);
        return codes;
    }

    [Fact]
    public void Every_length_and_form_gives_the_integer_sums()
    {
        foreach (var (batch, rows) in new[] { (1, 1), (2, 4), (3, 7), (4, 2) })
        {
            for (int length = 0; length <= 257; length++)
            {
                using GuardedMemory wMemory = new(rows * 65), xMemory = new(batch * 65), yMemory = new(64);
                var w = Codes(wMemory, rows * length, length);
                var x = Codes(xMemory, batch * length, length + 1);
                float[] wScales = Values.Random(rows, 1), xScales = Values.Random(batch, 2), bias = Values.Random(rows, 3);
                int stride = rows + length % 2;
                foreach (var (name, run) in Forms())
                {
                    var y = yMemory.Last((batch - 1) * stride + rows);
                    y.Fill(float.NaN);
                    run(batch, length, w, wScales, bias, x, xScales, y, stride);
                    for (int b = 0; b < batch; b++)
                    {
                        for (int r = 0; r < rows; r++)
                        {
                            long sum = 0;
                            for (int k = 0; k < length; k++) sum += x[b * length + k] * w[r * length + k];
                            Assert.Equal(bias[r] + xScales[b] * wScales[r] * (int)sum, y[b * stride + r]);
                        }
                    }
                }
            }
        }
    }

    delegate void PackedForward(int batch, int length, ReadOnlySpan<sbyte> wCodes, ReadOnlySpan<float> wScales, ReadOnlySpan<float> bias,
        ReadOnlySpan<float> x, Span<float> y, int yStride, Span<float> scratch);

    static IEnumerable<(string Name, PackedForward Run)> PackedForms()
    {
        yield return ("chosen by the machine", Kernels.DenseForwardInt8);
        yield return ("two codes a lane, scalar", Kernels.DenseForwardCells<ScalarCells2, int>);
        yield return ("four codes a lane, scalar", Kernels.DenseForwardCells<ScalarCells4, int>);
        if (Avx2.IsSupported) yield return ("AVX2", Kernels.DenseForwardCells<Int8Cells256, Vector256<int>>);
        if (Avx512BW.IsSupported) yield return ("AVX-512", Kernels.DenseForwardCells<Int8Cells512, Vector512<int>>);
        if (AvxVnni.IsSupported) yield return ("AVX-VNNI", Kernels.DenseForwardCells<Int8CellsVnni, Vector256<int>>);
        if (Dp.IsSupported) yield return ("ARM dot product", Kernels.DenseForwardCells<Int8CellsArm, Vector128<int>>);
    }

    [Fact]
    public void A_packed_batch_gives_the_same_bits_as_its_codes_in_every_form()
    {
        foreach (var (batch, rows) in new[] { (16, 1), (17, 4), (32, 7), (37, 12), (65, 2) })
        {
            for (int length = 1; length <= 257; length += length < 40 ? 1 : 31)
            {
                using GuardedMemory wMemory = new(rows * 65), xMemory = new(batch * length), yMemory = new(batch * (rows + 1)),
                    scratchMemory = new((int)Kernels.Int8ScratchLength(batch, length));
                var w = Codes(wMemory, rows * length, length);
                var x = xMemory.Random(batch * length, length + 1);
                float[] wScales = Values.Random(rows, 1), bias = Values.Random(rows, 3), xScales = new float[batch],
                    expected = new float[batch * rows];
                sbyte[] codes = new sbyte[batch * length];
                Kernels.QuantiseRows(batch, length, x, codes, xScales);
                Kernels.DenseForwardInt8<Int8Dot1, int, int>(batch, length, w, wScales, bias, codes, xScales, expected, rows);
                int stride = rows + length % 2;
                foreach (var (name, run) in PackedForms())
                {
                    var y = yMemory.Last((batch - 1) * stride + rows);
                    y.Fill(float.NaN);
                    run(batch, length, w, wScales, bias, x, y, stride, scratchMemory.Last((int)Kernels.Int8ScratchLength(batch, length)));
                    for (int b = 0; b < batch; b++)
                    {
                        Values.AssertSameBits(expected.AsSpan(b * rows, rows), y.Slice(b * stride, rows),
                            $"{name}: batch {batch}, {rows} rows of {length}, sample {b}");
                    }
                }
            }
        }
    }

    // What the instructions do, for the layouts of CPUs that the tests do not stand on.
    readonly struct ScalarCells2 : IInt8Cells<int>
    {
        public static int Codes => 2;

        public static int Lanes => 1;

        public static int Load(ref int source) => source;

        public static int Broadcast(int cell) => cell;

        public static int MultiplyAdd(int sum, int x, int w) => sum + (short)x * (short)w + (x >> 16) * (w >> 16);

        public static void StoreScaled(int sums, ref float scales, float scale, ref float destination)
            => destination = scales * scale * sums;
    }

    readonly struct ScalarCells4 : IInt8Cells<int>
    {
        public static int Codes => 4;

        public static int Lanes => 1;

        public static int Load(ref int source) => source;

        public static int Broadcast(int cell) => cell;

        public static int MultiplyAdd(int sum, int x, int w)
        {
            for (int i = 0; i < 4; i++) sum += (sbyte)(x >> 8 * i) * (sbyte)(w >> 8 * i);
            return sum;
        }

        public static void StoreScaled(int sums, ref float scales, float scale, ref float destination)
            => ScalarCells2.StoreScaled(sums, ref scales, scale, ref destination);
    }

    [Fact]
    public void Rows_are_rounded_to_the_nearest_code_of_their_scale()
    {
        float[] x = [.. Values.Random(300, 1), .. Values.Random(300, 2, 1e-3f), .. new float[300]];
        sbyte[] codes = new sbyte[900];
        float[] scales = new float[3];
        Kernels.QuantiseRows(3, 300, x, codes, scales);
        for (int i = 0; i < x.Length; i++)
            Assert.True(Math.Abs(x[i] - scales[i / 300] * codes[i]) <= 0.5001f * scales[i / 300], $"value {i}");
        Assert.Equal(127, codes[..300].Max(code => Math.Abs((int)code)));
        Assert.Equal(127, codes[300..600].Max(code => Math.Abs((int)code)));
    }
}
