using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Blocks of a transformer pack their weights when there are many steps; a small last batch of an epoch goes another way through the same
/// buffers.
/// </summary>
public class StepwiseLayerTests
{
    public static TheoryData<string> Specs => ["attn2:causal:block", "attn2", "mlp24:block", "mlp40"];

    static Layer Build(string spec, ParameterSet parameters)
    {
        var layer = LayerText.ParseAll(spec, [spec], "")[0].Build("layer", Shape.Sequence(24, 16), parameters);
        parameters.Allocate();
        layer.Initialise(parameters, 1);
        return layer;
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void Scratch_for_a_batch_is_enough_for_every_smaller_one(string spec)
    {
        using var parameters = new ParameterSet();
        var layer = Build(spec, parameters);
        for (int batch = 1; batch <= 9; batch++)
        {
            foreach (bool flag in new[] { false, true })
            {
                Assert.True(layer.Needs(batch + 1, new PassKind(flag, Saves: true)).ForwardScratch
                    >= layer.Needs(batch, new PassKind(flag, Saves: true)).ForwardScratch);
                Assert.True(layer.Needs(batch + 1, new PassKind(flag, Saves: false)).ForwardScratch
                    >= layer.Needs(batch, new PassKind(flag, Saves: false)).ForwardScratch);
            }

            Assert.True(layer.Needs(batch + 1).InnerScratch >= layer.Needs(batch).InnerScratch);
        }
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void A_sample_has_the_same_bits_in_a_batch_of_any_size(string spec)
    {
        const int Batch = 5;
        using var parameters = new ParameterSet();
        var layer = Build(spec, parameters);
        float[] x = Values.Random(Batch * layer.InputLength, 3);
        foreach (var probe in new[] { Probe.None, new Probe(NoiseKind.Sign, 7, 0.01f) })
        {
            bool probed = !probe.IsNone;
            float[] scratch = new float[layer.Needs(Batch, new PassKind(probed, Saves: false)).ForwardScratch],
                all = new float[Batch * layer.OutputLength], one = new float[layer.OutputLength];
            layer.Forward(Batch, parameters, ForwardMode.Probed(probe), x, all, default, scratch);
            for (int b = 0; b < Batch; b++)
            {
                layer.Forward(1, parameters, ForwardMode.Probed(probe), x.AsSpan(b * layer.InputLength, layer.InputLength), one, default,
                    scratch);
                Values.AssertSameBits(one, all.AsSpan(b * layer.OutputLength, layer.OutputLength), $"sample {b}");
            }
        }
    }
}
