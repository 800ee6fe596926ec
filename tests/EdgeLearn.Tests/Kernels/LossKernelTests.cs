using Xunit;

namespace EdgeLearn.Tests;

public class LossKernelTests
{
    [Theory]
    [InlineData(1f)]
    [InlineData(50f)]
    [InlineData(1e4f)]
    public void Cross_entropy_and_its_gradient_equal_the_double_formula_at_every_number_of_classes(float scale)
    {
        const int Batch = 3;
        using GuardedMemory zMemory = new(Batch * 257), lossOnlyMemory = new(Batch * 257);
        for (int classes = 1; classes <= 257; classes++)
        {
            var z = zMemory.Last(Batch * classes);
            Values.Fill(z, classes, scale);
            float[] logits = z.ToArray();
            int[] labels = Values.Labels(Batch, classes, classes);
            var copy = lossOnlyMemory.Last(z.Length);
            z.CopyTo(copy);
            double loss = Kernels.SoftmaxCrossEntropy(Batch, z, labels, gradient: true);
            Assert.Equal(loss, Kernels.SoftmaxCrossEntropy(Batch, copy, labels, gradient: false));

            double expected = 0;
            for (int b = 0; b < Batch; b++)
            {
                var row = logits.AsSpan(b * classes, classes);
                double max = double.NegativeInfinity, sum = 0;
                foreach (float value in row) max = Math.Max(max, value);
                foreach (float value in row) sum += Math.Exp(value - max);
                expected += Math.Log(sum) + max - row[labels[b]];
                for (int c = 0; c < classes; c++)
                {
                    double gradient = (Math.Exp(row[c] - max) / sum - (c == labels[b] ? 1 : 0)) / Batch;
                    // Float logits below the largest carry an error of half a unit in the last place of their difference.
                    Assert.True(Math.Abs(z[b * classes + c] - gradient) <= (1e-6 + scale * 1.2e-7) / Batch,
                        $"{classes} classes, scale {scale}: {z[b * classes + c]:R}, expected {gradient:R}");
                }
            }

            Assert.Equal(expected, loss, 1e-5 * (1 + Math.Abs(expected)));
        }
    }

    [Fact]
    public void A_logit_far_below_the_others_gives_its_distance_and_not_infinity()
    {
        float[] z = [0, -30000, 0];
        Assert.Equal(30000 + Math.Log(2), Kernels.SoftmaxCrossEntropy(1, z, [1], gradient: true), 1e-6);
        Assert.Equal([0.5f, -1f, 0.5f], z);
    }

    [Fact]
    public void A_logit_that_is_not_a_number_makes_the_loss_one_too()
    {
        float[] z = [0, float.NaN, 0];
        Assert.False(double.IsFinite(Kernels.SoftmaxCrossEntropy(1, z, [0], gradient: false)));
    }

    [Fact]
    public void Mean_square_and_its_gradient_equal_the_double_formula_at_every_length()
    {
        using GuardedMemory zMemory = new(2 * 257), targetMemory = new(2 * 257);
        for (int outputs = 1; outputs <= 257; outputs++)
        {
            var z = zMemory.Random(2 * outputs, outputs);
            var targets = targetMemory.Random(2 * outputs, outputs + 1);
            float[] before = z.ToArray();
            double lossOnly = Kernels.MeanSquareError(2, z, targets, gradient: false);
            Values.AssertSameBits(before, z, "outputs without a gradient");
            double loss = Kernels.MeanSquareError(2, z, targets, gradient: true);
            Assert.Equal(lossOnly, loss);
            double expected = 0;
            for (int i = 0; i < z.Length; i++)
            {
                double difference = (double)before[i] - targets[i];
                expected += difference * difference / (2.0 * outputs);
                Assert.Equal(difference / (2 * outputs), z[i], 2e-7 / (2 * outputs) * 2);
            }

            Assert.Equal(expected, loss, 1e-6 * expected);
        }
    }
}
