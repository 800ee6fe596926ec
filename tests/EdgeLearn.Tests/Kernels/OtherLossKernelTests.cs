using Xunit;

namespace EdgeLearn.Tests;

public class OtherLossKernelTests
{
    const int Batch = 3;

    [Theory]
    [InlineData(0f, true)]
    [InlineData(0.1f, false)]
    [InlineData(0.4f, true)]
    public void Smoothed_cross_entropy_equals_the_double_formula_at_every_number_of_classes(float smoothing, bool weighted)
    {
        using GuardedMemory zMemory = new(Batch * 257), weightMemory = new(257);
        for (int classes = 1; classes <= 257; classes++)
        {
            var z = zMemory.Last(Batch * classes);
            Values.Fill(z, classes, 5);
            float[] logits = z.ToArray();
            var weights = weighted ? weightMemory.Random(classes, classes + 1) : [];
            foreach (ref float weight in weights) weight += 1;
            int[] labels = Values.Labels(Batch, classes, classes);
            double loss = Kernels.SmoothedCrossEntropy(Batch, z, labels, smoothing, weights, gradient: true), expected = 0;
            float[] copy = [.. logits];
            Assert.Equal(loss, Kernels.SmoothedCrossEntropy(Batch, copy, labels, smoothing, weights, gradient: false));
            for (int b = 0; b < Batch; b++)
            {
                var row = logits.AsSpan(b * classes, classes);
                double all = 0, factor = 0;
                foreach (float value in row) all += Math.Exp(value);
                double Share(int c, ReadOnlySpan<float> w)
                    => (w.Length > 0 ? w[c] : 1.0) * (smoothing / (double)classes + (c == labels[b] ? 1 - (double)smoothing : 0));
                for (int c = 0; c < classes; c++)
                {
                    expected += Share(c, weights) * (Math.Log(all) - row[c]);
                    factor += Share(c, weights);
                }

                for (int c = 0; c < classes; c++)
                    Assert.Equal((factor * Math.Exp(row[c]) / all - Share(c, weights)) / Batch, z[b * classes + c], 1e-6);
            }

            Assert.Equal(expected, loss, 3e-6 * (1 + Math.Abs(expected)));
        }
    }

    [Fact]
    public void Without_smoothing_and_weights_it_is_the_plain_cross_entropy()
    {
        float[] z = Values.Random(3 * 21, 1, 4), other = [.. z];
        int[] labels = [4, 20, 0];
        Assert.Equal(Kernels.SoftmaxCrossEntropy(3, z, labels, gradient: true),
            Kernels.SmoothedCrossEntropy(3, other, labels, 0, [], gradient: true), 1e-12);
        for (int i = 0; i < z.Length; i++) Assert.Equal(z[i], other[i], 1e-7);
    }

    [Fact]
    public void Every_width_gives_the_bits_of_every_other()
    {
        foreach (int classes in (int[])[1, 5, 16, 37, 257])
        {
            float[] z = Values.Random(2 * classes, classes, 6), weights = [.. Values.Random(classes, 9).Select(Math.Abs)],
                targets = [.. Values.Random(2 * classes, 8).Select(Math.Abs)];
            int[] labels = [0, classes - 1];
            float[] wide = [.. z], narrow = [.. z], one = [.. z];
            double loss = Kernels.SmoothedCrossEntropy<Pair<Lanes8>>(2, wide, labels, 0.1f, weights, true);
            Assert.Equal(loss, Kernels.SmoothedCrossEntropy<Pair<Pair<Lanes4>>>(2, narrow, labels, 0.1f, weights, true));
            Assert.Equal(loss, Kernels.SmoothedCrossEntropy<Pair<Pair<Pair<Pair<Lanes1>>>>>(2, one, labels, 0.1f, weights, true));
            Values.AssertSameBits(wide, narrow, "4 lanes");
            Values.AssertSameBits(wide, one, "1 lane");
            float[] binaryWide = [.. z], binaryOne = [.. z];
            Assert.Equal(Kernels.BinaryCrossEntropy<Lanes8>(binaryWide, targets, 0.1f, true),
                Kernels.BinaryCrossEntropy<Lanes1>(binaryOne, targets, 0.1f, true));
            Values.AssertSameBits(binaryWide, binaryOne, "binary, 1 lane");
        }
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(60f)]
    [InlineData(3e4f)]
    public void Binary_cross_entropy_equals_the_double_formula_at_every_length(float scale)
    {
        using GuardedMemory zMemory = new(257), targetMemory = new(257);
        for (int length = 1; length <= 257; length++)
        {
            var z = zMemory.Last(length);
            Values.Fill(z, length, scale);
            var targets = targetMemory.Random(length, length + 1);
            foreach (ref float target in targets) target = MathF.Abs(target);
            float[] before = z.ToArray();
            double lossOnly = Kernels.BinaryCrossEntropy(z, targets, 0.5f, gradient: false), expected = 0;
            Values.AssertSameBits(before, z, "logits without a gradient");
            Assert.Equal(lossOnly, Kernels.BinaryCrossEntropy(z, targets, 0.5f, gradient: true));
            for (int i = 0; i < length; i++)
            {
                double logit = before[i];
                expected += Math.Max(logit, 0) - logit * targets[i] + Math.Log(1 + Math.Exp(-Math.Abs(logit)));
                Assert.Equal(0.5 * (1 / (1 + Math.Exp(-logit)) - targets[i]), z[i], 2e-7);
            }

            Assert.Equal(expected, lossOnly, 1e-6 * (1 + expected));
        }
    }

    [Fact]
    public void Huber_equals_the_double_formula_at_every_length()
    {
        using GuardedMemory zMemory = new(2 * 257), targetMemory = new(2 * 257);
        for (int outputs = 1; outputs <= 257; outputs++)
        {
            Span<float> z = zMemory.Random(2 * outputs, outputs), targets = targetMemory.Random(2 * outputs, outputs + 1);
            float[] before = z.ToArray();
            double lossOnly = Kernels.Huber(2, 0.5f, z, targets, gradient: false), expected = 0;
            Values.AssertSameBits(before, z, "outputs without a gradient");
            Assert.Equal(lossOnly, Kernels.Huber(2, 0.5f, z, targets, gradient: true));
            for (int i = 0; i < z.Length; i++)
            {
                double d = (double)before[i] - targets[i];
                expected += (Math.Abs(d) <= 0.5 ? d * d / 2 : 0.5 * (Math.Abs(d) - 0.25)) / outputs;
                Assert.Equal(Math.Clamp(d, -0.5, 0.5) / (2 * outputs), z[i], 2e-7 / outputs);
            }

            Assert.Equal(expected, lossOnly, 1e-6 * (1 + expected));
        }
    }

    [Fact]
    public void An_output_that_is_not_a_number_makes_every_loss_one_too()
    {
        Assert.False(double.IsFinite(Kernels.SmoothedCrossEntropy(1, [0, float.NaN, 0], [0], 0.1f, [], gradient: true)));
        Assert.False(double.IsFinite(Kernels.BinaryCrossEntropy([float.NaN], [1], 1, gradient: true)));
        Assert.False(double.IsFinite(Kernels.Huber(1, 1, [float.NaN], [1], gradient: true)));
    }
}
