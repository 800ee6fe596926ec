using Xunit;

namespace EdgeLearn.Tests;

public class DenseForwardTests
{
    delegate void Forward(int batch, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x, Span<float> y, int yStride);

    static readonly (string Name, Forward Run)[] s_forms =
    [
        ("chosen by the machine", Kernels.DenseForward),
        ("1 lane", Kernels.DenseForward<Lanes1>),
        ("4 lanes", Kernels.DenseForward<Lanes4>),
        ("8 lanes", Kernels.DenseForward<Lanes8>),
        ("16 lanes", Kernels.DenseForward<Lanes16>),
    ];

    // Whole tiles (4 rows, 2 samples) and every remainder of them.
    static readonly (int Batch, int Rows)[] s_shapes = [(1, 1), (1, 4), (2, 3), (2, 4), (3, 5), (2, 9)];

    [Fact]
    public void Every_length_and_width_equals_the_double_sum()
    {
        using GuardedMemory wMemory = new(9 * 257), xMemory = new(3 * 257), yMemory = new(64), biasMemory = new(9);
        foreach (var (batch, rows) in s_shapes)
        {
            for (int length = 0; length <= 257; length++)
            {
                var w = wMemory.Random(rows * length, length);
                var x = xMemory.Random(batch * length, length + 1000);
                var bias = biasMemory.Random(rows, length + 2000);
                int stride = rows + length % 3;
                foreach (var (name, run) in s_forms)
                {
                    var y = yMemory.Last((batch - 1) * stride + rows);
                    y.Fill(float.NaN);
                    run(batch, length, w, bias, x, y, stride);
                    Verify(batch, rows, length, w, bias, x, y, stride, name);
                }
            }
        }
    }

    static void Verify(int batch, int rows, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x, ReadOnlySpan<float> y, int stride, string name)
    {
        for (int i = 0; i < y.Length; i++)
        {
            int b = i / stride, r = i % stride;
            if (r >= rows)
            {
                Assert.True(float.IsNaN(y[i]), $"{name}: wrote between the rows of y");
                continue;
            }

            double sum = bias[r], magnitudes = Math.Abs(sum);
            for (int k = 0; k < length; k++)
            {
                double term = (double)w[r * length + k] * x[b * length + k];
                sum += term;
                magnitudes += Math.Abs(term);
            }

            Values.AssertSum(sum, magnitudes, length + 1, y[i], () => $"{name}, length {length}, row {r}, sample {b}");
        }
    }

    [Fact]
    public void An_output_does_not_depend_on_its_place_in_the_batch_or_the_block()
    {
        const int Batch = 5, Rows = 11, Length = 61;
        float[] w = Values.Random(Rows * Length, 1), bias = Values.Random(Rows, 2), x = Values.Random(Batch * Length, 3);
        foreach (var (name, run) in s_forms)
        {
            var whole = new float[Batch * Rows];
            run(Batch, Length, w, bias, x, whole, Rows);
            for (int b = 0; b < Batch; b++)
            {
                for (int r = 0; r < Rows; r++)
                {
                    var one = new float[1];
                    run(1, Length, w.AsSpan(r * Length, Length), bias.AsSpan(r, 1), x.AsSpan(b * Length, Length), one, 1);
                    Values.AssertSameBits(one, whole.AsSpan(b * Rows + r, 1), name);
                }
            }
        }
    }

    [Fact]
    public void Spans_of_wrong_length_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Kernels.DenseForward(2, 3, new float[5], new float[2], new float[6], new float[4], 2));
        Assert.Throws<ArgumentException>(() => Kernels.DenseForward(2, 3, new float[6], new float[2], new float[5], new float[4], 2));
        Assert.Throws<ArgumentException>(() => Kernels.DenseForward(2, 3, new float[6], new float[2], new float[6], new float[3], 2));
    }
}
