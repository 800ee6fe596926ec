using Xunit;

namespace EdgeLearn.Tests;

public class LocalUnitTests
{
    static string Units(string network)
        => string.Join(' ',
            NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy).Units.Select(unit => $"{unit.First}<{unit.Learner}<{unit.End}"));

    [Theory]
    [InlineData("6-5-4-3", "0<0<1 1<1<2 2<2<3")]
    [InlineData("6-5-relu-4-silu-3", "0<0<2 2<2<4 4<4<5")]
    [InlineData("6x4-flatten-5-tanh-reshape5x1-flatten-4-3", "0<1<3 3<5<6 6<6<7")]
    [InlineData("6-5-3-sigmoid-flatten", "0<0<1 1<1<4")]
    [InlineData("6-relu-3", "0<1<2")]
    [InlineData("28x28-conv5x5x8-pool2-conv5x5x16-batchnorm-relu-pool2-128-10", "0<0<1 1<2<5 5<6<7 7<7<8")]
    [InlineData("8x8-conv3x3x4-residual(conv3x3x4:same-relu-conv3x3x4:same)-relu-dropout0.1-conv1x1x3-globalavg", "0<0<1 1<1<3 3<4<6")]
    public void Every_layer_belongs_to_the_unit_that_learns_from_it(string network, string expected)
    => Assert.Equal(expected, Units(network));

    [Fact]
    public void A_network_without_weights_is_refused()
    {
        var refusal = Assert.Throws<EdgeLearnException>(() => Units("6-relu-flatten"));
        Assert.Contains("network '6-relu-flatten' has no layer with weights", refusal.Message, StringComparison.Ordinal);
    }
}
