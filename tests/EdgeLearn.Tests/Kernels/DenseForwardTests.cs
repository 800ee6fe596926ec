using Xunit;

namespace EdgeLearn.Tests;

public class DenseForwardTests
{
    // Whole strips and tiles and every remainder of them; each batch as it lies and packed.
    static readonly (int Batch, int Rows)[] s_shapes = [(1, 1), (1, 9), (2, 3), (3, 8), (15, 5), (16, 12), (17, 6), (33, 29)];

    [Fact]
    public void Every_length_equals_the_double_sum()
    {
        using GuardedMemory wMemory = new(29 * 257), xMemory = new(33 * 257), yMemory = new(33 * 32), biasMemory = new(29);
        foreach (bool packs in new[] { false, true })
        {
            foreach (var (batch, rows) in s_shapes)
            {
                for (int length = 0; length <= 257; length += batch > 15 && length > 40 ? 31 : 1)
                {
                    var w = wMemory.Random(rows * length, length);
                    var x = xMemory.Random(batch * length, length + 1000);
                    var bias = biasMemory.Random(rows, length + 2000);
                    int stride = rows + length % 3;
                    var y = yMemory.Last((batch - 1) * stride + rows);
                    y.Fill(float.NaN);
                    Run(packs, batch, length, w, bias, x, y, stride);
                    Verify(batch, rows, length, w, bias, x, y, stride, $"batch {batch}, packed {packs}");
                }
            }
        }
    }

    static void Run(bool packs, int batch, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x,
        Span<float> y, int yStride)
    {
        if (!packs)
        {
            Kernels.DenseForward(batch, length, w, bias, x, y, yStride);
            return;
        }

        using GuardedMemory packedMemory = new((int)Kernels.PackedBatchLength(batch, length) + 1);
        var packed = packedMemory.Last((int)Kernels.PackedBatchLength(batch, length));
        Kernels.PackBatch(batch, length, x, packed);
        Kernels.DenseForwardPacked(batch, length, w, bias, packed, y, yStride);
    }

    static void Verify(int batch, int rows, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x,
        ReadOnlySpan<float> y, int stride, string name)
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_output_does_not_depend_on_its_place_in_the_batch_or_the_block(bool packs)
    {
        const int Rows = 31, Length = 61, Batch = 21;
        float[] w = Values.Random(Rows * Length, 1), bias = Values.Random(Rows, 2), x = Values.Random(Batch * Length, 3),
            whole = new float[Batch * Rows];
        Run(packs, Batch, Length, w, bias, x, whole, Rows);
        for (int r = 0; r < Rows; r++)
        {
            // One row alone, with the samples turned round.
            float[] turned = new float[Batch * Length], one = new float[Batch];
            for (int b = 0; b < Batch; b++) x.AsSpan(b * Length, Length).CopyTo(turned.AsSpan((Batch - 1 - b) * Length));
            Run(packs, Batch, Length, w.AsSpan(r * Length, Length), bias.AsSpan(r, 1), turned, one, 1);
            for (int b = 0; b < Batch; b++)
                Values.AssertSameBits(one.AsSpan(Batch - 1 - b, 1), whole.AsSpan(b * Rows + r, 1), $"row {r}, sample {b}");
        }
    }

    [Fact]
    public void Packed_weights_give_the_bits_of_a_packed_batch()
    {
        const int MostRows = 77, MostLength = 67, MostBatch = 33;
        using GuardedMemory wMemory = new(MostRows * MostLength), packedMemory = new(MostRows * MostLength),
            xMemory = new(MostBatch * MostLength), yMemory = new(MostBatch * MostRows), biasMemory = new(MostRows);
        foreach (var (batch, rows) in new[] { (1, 1), (4, 16), (13, 33), (29, 61), (MostBatch, MostRows) })
        {
            for (int length = 0; length <= MostLength; length++)
            {
                Span<float> w = wMemory.Random(rows * length, length), x = xMemory.Random(batch * length, length + 1000),
                    bias = biasMemory.Random(rows, length + 2000), packed = packedMemory.Last(rows * length),
                    y = yMemory.Last(batch * rows);
                for (int r = 0; r < rows; r += 32)
                {
                    int part = Math.Min(32, rows - r);
                    Kernels.PackWeights(part, length, w.Slice(r * length, part * length), packed.Slice(r * length, part * length));
                }

                y.Fill(float.NaN);
                Kernels.DenseForwardByRows(batch, length, packed, bias, x, y);
                float[] expected = new float[batch * rows];
                Run(packs: true, batch, length, w, bias, x, expected, rows);
                Values.AssertSameBits(expected, y, $"batch {batch}, {rows} rows, length {length}");
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
