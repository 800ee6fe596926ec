using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Xunit;

namespace EdgeLearn.Tests;

public class Int8KernelTests
{
    delegate void Forward(int batch, int length, ReadOnlySpan<sbyte> wCodes, ReadOnlySpan<float> wScales, ReadOnlySpan<float> bias, ReadOnlySpan<sbyte> xCodes, ReadOnlySpan<float> xScales, Span<float> y, int yStride);

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

    [Fact]
    public void Rows_are_rounded_to_the_nearest_code_of_their_scale()
    {
        float[] x = [.. Values.Random(300, 1), .. Values.Random(300, 2, 1e-3f), .. new float[300]];
        var codes = new sbyte[900];
        var scales = new float[3];
        Kernels.QuantiseRows(3, 300, x, codes, scales);
        for (int i = 0; i < x.Length; i++) Assert.True(Math.Abs(x[i] - scales[i / 300] * codes[i]) <= 0.5001f * scales[i / 300], $"value {i}");
        Assert.Equal(127, codes[..300].Max(code => Math.Abs((int)code)));
        Assert.Equal(127, codes[300..600].Max(code => Math.Abs((int)code)));
    }
}
