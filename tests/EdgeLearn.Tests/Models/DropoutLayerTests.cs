using Xunit;

namespace EdgeLearn.Tests;

public class DropoutLayerTests
{
    static ForwardMode Step(long step, ulong seed = 3) => ForwardMode.Training(new StepClock(step, 0.1f, seed));

    [Fact]
    public void Evaluation_and_probes_drop_nothing()
    {
        using var layer = new LayerCase("200 dropout0.4");
        Values.AssertSameBits(layer.X, layer.Forward(null, ForwardMode.Evaluation), "evaluation");
        Values.AssertSameBits(layer.X, layer.Forward(null, ForwardMode.Probed(new Probe(NoiseKind.Sign, 1, 0.1f))), "probe");
    }

    [Fact]
    public void Training_drops_the_fraction_and_scales_what_stays()
    {
        using var layer = new LayerCase("5000 dropout0.4");
        float[] y = layer.Forward(null, Step(0));
        int dropped = 0;
        for (int i = 0; i < y.Length; i++)
        {
            if (y[i] == 0) dropped++;
            else Assert.Equal(layer.X[i] / 0.6f, y[i], 1e-6f);
        }

        Assert.InRange(dropped / (double)y.Length, 0.38, 0.42); // 5 standard deviations of 15,000 draws are 0.02
    }

    [Fact]
    public void Seed_and_step_decide_the_mask()
    {
        using var layer = new LayerCase("100 dropout0.5");
        float[] first = layer.Forward(null, Step(4));
        Values.AssertSameBits(first, layer.Forward(null, Step(4)), "again");
        Assert.NotEqual(first, layer.Forward(null, Step(5)));
        Assert.NotEqual(first, layer.Forward(null, Step(4, seed: 8)));
    }
}
