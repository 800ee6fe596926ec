using Xunit;

namespace EdgeLearn.Tests;

public class EmbeddingLayerTests
{
    static readonly NetworkSpec s_spec =
        NetworkSpec.Parse("4-embed9x5-positions-attn1:causal:block-mlp8:block-layernorm-3", null, Loss.SoftmaxCrossEntropy);

    [Theory]
    [InlineData(9)]
    [InlineData(-1)]
    [InlineData(1.5f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_token_outside_the_vocabulary_is_refused(float token)
    {
        using var network = new Network(s_spec).Initialise(1);
        var error = Assert.Throws<EdgeLearnException>(() =>
            network.Layers[0].Forward(1, network.Parameters, ForwardMode.Evaluation, [0, 8, token, 3], new float[20], default, default));
        Assert.Contains("expected a whole number from 0 to 8", error.Message);
    }

    [Fact]
    public void A_word_that_comes_twice_gets_both_gradients()
    {
        using var network = new Network(s_spec).Initialise(1);
        var layer = network.Layers[0];
        float[] x = [3, 7, 3, 0], y = new float[20], dz = Values.Random(20, 1);
        layer.Forward(1, network.Parameters, ForwardMode.Evaluation, x, y, default, default);
        var recorder = new GradientRecorder();
        layer.ParameterGradient(new ForwardTrace(1, network.Parameters, ForwardMode.Evaluation, x, y, default), dz,
            new float[layer.Needs(1).ParameterScratch], recorder);
        float[] gradient = recorder["layers.0.weight"];
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(dz[i] + dz[10 + i], gradient[15 + i]);
            Assert.Equal(dz[5 + i], gradient[35 + i]);
            Assert.Equal(dz[15 + i], gradient[i]);
            Assert.Equal(0, gradient[40 + i]);
        }
    }

    // The class is the token that the sequence begins with: nothing but attention brings it to the last step.
    [Fact]
    public void A_small_decoder_learns_to_look_back()
    {
        var spec = NetworkSpec.Parse("5-embed4x16-positions-attn2:causal:block-mlp32:block-layernorm-4", null, Loss.SoftmaxCrossEntropy);
        using var network = new Network(spec).Initialise(3);
        using var run = new RuleRun(network.Parameters, new Backprop(network), new Adam(new()), 32);
        var random = new Random(5);
        double loss = 0;
        for (int step = 0; step < 300; step++)
        {
            float[] x = [.. Enumerable.Range(0, 32 * 5).Select(_ => (float)random.Next(4))];
            int[] labels = [.. Enumerable.Range(0, 32).Select(b => (int)x[b * 5])];
            loss = run.Step(new Batch(32, x, labels), 0.01f).Loss;
        }

        Assert.InRange(loss, 0, 0.1);
    }
}
