using Xunit;

namespace EdgeLearn.Tests;

public class SoftmaxTests
{
    const int Rows = 3, Most = 257;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rows_and_their_gradient_equal_the_double_formulas(bool isCausal)
    {
        using GuardedMemory memory = new(Rows * Most), gradientMemory = new(Rows * Most);
        foreach (int columns in Enumerable.Range(1, Most))
        {
            const float Scale = 3;
            Span<float> z = memory.Random(Rows * columns, columns), gradient = gradientMemory.Random(Rows * columns, columns + 1);
            float[] scores = z.ToArray(), dp = gradient.ToArray();
            Kernels.SoftmaxRows(Rows, columns, Scale, isCausal, z);
            Kernels.SoftmaxRowsGradient(Rows, columns, Scale, isCausal, z, gradient);
            for (int i = 0; i < Rows; i++)
            {
                int seen = isCausal ? Math.Min(i + 1, columns) : columns;
                double[] powers = [.. Enumerable.Range(0, columns).Select(j => j < seen ? Math.Exp(Scale * scores[i * columns + j]) : 0)];
                double sum = powers.Sum(), mean = powers.Select((power, j) => power / sum * dp[i * columns + j]).Sum();
                for (int j = 0; j < columns; j++)
                {
                    double p = powers[j] / sum;
                    Assert.Equal(p, z[i * columns + j], 1e-6);
                    Assert.Equal(Scale * p * (dp[i * columns + j] - mean), gradient[i * columns + j], 5e-6);
                }
            }
        }
    }

    [Fact]
    public void Columns_equal_the_double_formulas_however_their_rows_are_divided()
    {
        const int Classes = 11;
        using GuardedMemory memory = new(Classes * Most), maximaMemory = new(Most), sumsMemory = new(Most),
            powersMemory = new(Classes * Most), beforeMemory = new(Most);
        foreach (int columns in Enumerable.Range(1, Most))
        {
            Span<float> z = memory.Random(Classes * columns, columns), maxima = maximaMemory.Random(columns, 1),
                sums = sumsMemory.Random(columns, 2);
            System.Numerics.Tensors.TensorPrimitives.Multiply(z, 4, z);
            float[] logits = z.ToArray();
            foreach (int first in new[] { 1, 5, Classes })
            {
                Span<float> powers = powersMemory.Last(Classes * columns), before = beforeMemory.Last(columns);
                z.CopyTo(powers);
                maxima.Fill(float.NegativeInfinity);
                sums.Clear();
                Kernels.AddExpColumns(first, columns, powers[..(first * columns)], maxima, sums, stores: true);
                maxima.CopyTo(before);
                Kernels.AddExpColumns(Classes - first, columns, powers[(first * columns)..], maxima, sums, stores: false);
                for (int j = 0; j < columns; j++)
                {
                    Assert.Equal(Math.Log(Enumerable.Range(0, Classes).Sum(i => Math.Exp(logits[i * columns + j]))),
                        maxima[j] + Math.Log(sums[j]), 2e-6);
                }

                Kernels.ShareColumns(first, columns, powers[..(first * columns)], before, maxima, sums, 0.5f);
                for (int j = 0; j < columns; j++)
                {
                    double whole = Enumerable.Range(0, Classes).Sum(i => Math.Exp(logits[i * columns + j]));
                    for (int i = 0; i < Classes; i++)
                    {
                        Assert.Equal(i < first ? 0.5 * Math.Exp(logits[i * columns + j]) / whole : logits[i * columns + j],
                            powers[i * columns + j], 1e-6);
                    }
                }
            }
        }
    }

    [Fact]
    public void A_causal_row_does_not_read_what_it_does_not_see()
    {
        const int Steps = 37;
        float[] z = Values.Random(Steps * Steps, 1), gradient = Values.Random(Steps * Steps, 2);
        for (int i = 0; i < Steps; i++)
        {
            z.AsSpan(i * Steps + i + 1, Steps - i - 1).Fill(float.NaN);
            gradient.AsSpan(i * Steps + i + 1, Steps - i - 1).Fill(float.NaN);
        }

        Kernels.SoftmaxRows(Steps, Steps, 0.5f, true, z);
        Kernels.SoftmaxRowsGradient(Steps, Steps, 0.5f, true, z, gradient);
        for (int i = 0; i < Steps; i++)
        {
            Assert.Equal(1, z.AsSpan(i * Steps, Steps).ToArray().Sum(), 1e-6);
            Assert.All(z[(i * Steps + i + 1)..((i + 1) * Steps)], value => Assert.Equal(0, value));
            Assert.All(gradient[(i * Steps + i + 1)..((i + 1) * Steps)], value => Assert.Equal(0, value));
            Assert.Equal(0, gradient.AsSpan(i * Steps, Steps).ToArray().Sum(), 1e-6);
        }
    }

    [Fact]
    public void A_score_that_is_not_a_number_shows_in_its_row()
    {
        for (int at = 0; at < 19; at++)
        {
            float[] z = new float[19];
            z[at] = float.NaN;
            Kernels.SoftmaxRows(1, 19, 1, false, z);
            Assert.All(z, value => Assert.True(float.IsNaN(value)));
        }
    }

    [Fact]
    public void Large_scores_do_not_overflow()
    {
        float[] z = [3000, 1000, -3000, 3000];
        Kernels.SoftmaxRows(1, 4, 10, false, z);
        Assert.Equal([0.5f, 0, 0, 0.5f], z);
    }
}
