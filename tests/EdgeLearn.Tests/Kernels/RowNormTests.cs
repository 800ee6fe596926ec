using Xunit;

namespace EdgeLearn.Tests;

public class RowNormTests
{
    const int Rows = 3, Most = 257;
    const float Epsilon = 1e-5f;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rows_and_their_gradients_equal_the_double_formulas(bool isCentred)
    {
        using GuardedMemory xMemory = new(Rows * Most), yMemory = new(Rows * Most), dyMemory = new(Rows * Most),
            dxMemory = new(Rows * Most), weightMemory = new(Most), biasMemory = new(Most), dWeightMemory = new(Most),
            dBiasMemory = new(Most);
        for (int width = 1; width <= Most; width++)
        {
            Span<float> x = xMemory.Random(Rows * width, width), dy = dyMemory.Random(Rows * width, width + 1),
                weight = weightMemory.Random(width, 2), bias = biasMemory.Random(width, 3);
            Span<float> y = yMemory.Last(Rows * width), dx = dxMemory.Random(Rows * width, 4), dWeight = dWeightMemory.Random(width, 5),
                dBias = dBiasMemory.Random(width, 6);
            float[] before = dx.ToArray();
            double[] expectedWeight = [.. dWeight.ToArray()], expectedBias = [.. dBias.ToArray()];
            y.Fill(float.NaN);
            Kernels.NormRows(isCentred, Epsilon, x, weight, isCentred ? bias : default, y);
            Kernels.NormRowsGradient(isCentred, Epsilon, x, weight, dy, dx, dWeight, dBias);
            for (int r = 0; r < Rows; r++)
            {
                double[] row = [.. x.Slice(r * width, width).ToArray()], gradient = [.. dy.Slice(r * width, width).ToArray()];
                double mean = isCentred ? row.Average() : 0,
                    scale = 1 / Math.Sqrt(row.Average(value => (value - mean) * (value - mean)) + Epsilon);
                double level = 0, slope = 0;
                for (int i = 0; i < width; i++)
                {
                    level += gradient[i] * weight[i] / width;
                    slope += gradient[i] * weight[i] * (row[i] - mean) * scale / width;
                }

                for (int i = 0; i < width; i++)
                {
                    double n = (row[i] - mean) * scale, g = gradient[i] * weight[i];
                    Assert.Equal(n * weight[i] + (isCentred ? bias[i] : 0), y[r * width + i], 2e-5);
                    // A row of one value is all rounding where it is centred: its scale is 1 / sqrt(epsilon).
                    double bound = 1e-5 * Math.Max(1, scale);
                    Assert.Equal(before[r * width + i] + scale * (g - (isCentred ? level : 0) - n * slope), dx[r * width + i], bound);
                    expectedWeight[i] += n * gradient[i];
                    expectedBias[i] += gradient[i];
                }
            }

            for (int i = 0; i < width; i++)
            {
                Assert.Equal(expectedWeight[i], dWeight[i], 3e-5);
                Assert.Equal(expectedBias[i], dBias[i], 2e-6);
            }
        }
    }

    [Fact]
    public void Gradients_that_nobody_wants_are_left_out()
    {
        float[] x = Values.Random(4 * 21, 1), weight = Values.Random(21, 2), dy = Values.Random(4 * 21, 3), dx = new float[4 * 21],
            dWeight = new float[21], dBias = new float[21], alone = new float[4 * 21], aloneWeight = new float[21],
            aloneBias = new float[21];
        Kernels.NormRowsGradient(true, Epsilon, x, weight, dy, dx, dWeight, dBias);
        Kernels.NormRowsGradient(true, Epsilon, x, weight, dy, alone, default, default);
        Kernels.NormRowsGradient(true, Epsilon, x, weight, dy, default, aloneWeight, aloneBias);
        Values.AssertSameBits(dx, alone, "dx");
        Values.AssertSameBits(dWeight, aloneWeight, "weights");
        Values.AssertSameBits(dBias, aloneBias, "biases");
    }
}
