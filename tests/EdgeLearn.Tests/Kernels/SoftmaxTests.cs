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
            Kernels.SoftmaxRowsGradient(Rows, columns, Scale, z, gradient);
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
    public void Large_scores_do_not_overflow()
    {
        float[] z = [3000, 1000, -3000, 3000];
        Kernels.SoftmaxRows(1, 4, 10, false, z);
        Assert.Equal([0.5f, 0, 0, 0.5f], z);
    }
}
