using Xunit;

namespace EdgeLearn.Tests;

public class LayerStackTests
{
    // A stack learns from batches of one and two where its layers' parts lie in a batch of any size.
    [Theory]
    [InlineData("6x6x2-conv3x3x4:same-batchnorm-relu-pool2-local2x2x3-globalavg-dropout0.5-5@3-4")]
    [InlineData("6x6x2-residual(conv3x3x2:same-batchnorm|conv1x1x2)-residual(conv3x3x2:same-residual(conv3x3x2:same))-4")]
    [InlineData("7x4-conv3x6:same-layernorm-gru5:sequence-lstm4:sequence-rnn3:sequence:truncate2-lstm4:truncate3-4")]
    [InlineData("7x4-positions-sinusoids-attn2:block-mlp6-stepwise8-gru5:truncate2-3")]
    [InlineData("5-embed9x4-rnn4:sequence-rnn3-2")]
    [InlineData("8-lora2(6:tanh)-scale(5:relu)-bottleneck3(6)-2")]
    [InlineData("6x3-lora2(gru5:sequence)-lora2(attn5)-bottleneck3(stepwise4)-2")]
    public void What_layers_save_and_their_dz_are_so_many_floats_and_so_many_a_sample(string layers)
    {
        using var network = new Network(NetworkSpec.Parse(layers, null, Loss.MeanSquareError));
        foreach (var layer in network.Layers)
        {
            LayerNeeds one = layer.Needs(1), two = layer.Needs(2);
            for (int batch = 3; batch < 70; batch++)
            {
                var needs = layer.Needs(batch);
                Assert.Equal(one.Saved + (batch - 1) * (two.Saved - one.Saved), needs.Saved);
                Assert.Equal(one.InnerGradient + (batch - 1) * (two.InnerGradient - one.InnerGradient), needs.InnerGradient);
            }
        }
    }
}
