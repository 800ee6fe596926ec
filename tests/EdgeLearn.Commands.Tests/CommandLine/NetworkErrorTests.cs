using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Networks whose shapes do not fit: one line that names the layer and the shapes, and that ends at once.</summary>
public sealed class NetworkErrorTests
{
    [Theory]
    [InlineData("28x28-conv30x3x4-10", "layer 1 (conv30x3x4) has a window of 30x3, larger than its input of 28x28")]
    [InlineData("28x28-conv5x5x8-conv30x30x4-10", "layer 2 (conv30x30x4) has a window of 30x30, larger than its input of 24x24")]
    [InlineData("28x28-conv5x5x0-10", "layer 1 is 'conv5x5x0', expected sizes of 1 or more")]
    [InlineData("28x28-conv3x3x99999999-10", "layer 1 (conv3x3x99999999) has 99999999 channels, expected 1 to")]
    [InlineData("28x28-conv5x5x8:groups3-10",
        "layer 1 (conv5x5x8:groups3) has 3 groups, which do not divide both the 1 channels coming in and the 8 going out")]
    [InlineData("28x28-conv5x5x8:stride0-10", "layer 1 (conv5x5x8:stride0) has a window of 5x5 and stride 0")]
    [InlineData("28x28-conv3x3x4:pad99-10", "layer 1 (conv3x3x4:pad99) has a padding of 99, expected less than the window's 3")]
    [InlineData("28x28-local40x2x3-10", "layer 1 (local40x2x3) has a window of 40x2, larger than its input of 28x28")]
    [InlineData("28x28-depthwise40x3-10", "layer 1 (depthwise40x3) has a window of 40x3, larger than its input of 28x28")]
    [InlineData("28x28-10@30x2-10", "layer 1 (10@30x2) has windows larger than its 28x28 image")]
    [InlineData("784-10@800-10", "layer 1 (10@800) looks at 800 inputs, but there are only 784")]
    [InlineData("784-conv3x3x4-10", "layer 1 (conv3x3x4) needs an image, but its input is a vector of 784 values")]
    [InlineData("784-pool2-10", "layer 1 (pool2) needs an image or a sequence, but its input is a vector of 784 values")]
    [InlineData("28x28-pool40-10", "layer 1 (pool40) has a window of 40 steps, larger than its input of 28x28")]
    [InlineData("128x6-conv200x4-10", "layer 1 (conv200x4) has a kernel of 200 steps, longer than its sequence of 128 (128x6)")]
    [InlineData("10x6-pool11-3", "layer 1 (pool11) has a window of 11 steps, larger than its input of 10x6")]
    [InlineData("784-gru8-10", "layer 1 (gru8) needs a sequence of steps x features, but its input is 784")]
    [InlineData("128x6-gru8-gru8-3", "layer 2 (gru8) needs a sequence of steps x features, but its input is 8: write :sequence")]
    [InlineData("128x6-gru0-3", "layer 1 is 'gru0', expected sizes of 1 or more")]
    [InlineData("128x6-attn4-3", "layer 1 (attn4) has 4 heads, which do not divide the 6 features of 128x6")]
    [InlineData("784-attn1-3", "layer 1 (attn1) needs a sequence of steps x features, but its input is 784")]
    [InlineData("64-10-embed10x4-3", "layer 2 (embed10x4) reads tokens, but stands behind layer 1 (10:tanh): put it first")]
    [InlineData("28x28-residual(conv3x3x4)-10", "layer 1 (residual(conv3x3x4)) adds 28x28 to 26x26x4, which its body makes of 28x28")]
    [InlineData("28x28-conv3x3x4:same-residual(conv3x3x8:same)-10", "layer 2 (residual(conv3x3x8:same)) adds 28x28x4 to 28x28x8")]
    [InlineData("28x28-reshape7x7x5-10", "layer 1 (reshape7x7x5) makes 245 values of 28x28 = 784")]
    [InlineData("28x28-dropout1-10", "layer 1 (dropout1) drops a fraction of 1, expected 0 to below 1")]
    [InlineData("0x28-10", "the input '0x28' is neither a width nor HxW nor HxWxC")]
    [InlineData("28x28-tanh", "has no layer with weights, so that nothing could learn")]
    [InlineData("4x4-residual()-3", "layer 1.1 is ''")]
    public void Name_layer_and_shapes(string network, string expected)
    => Assert.Contains(expected, ErrorOf(network), StringComparison.Ordinal);

    [Fact]
    public void A_network_without_end_is_refused_at_once()
    {
        Assert.Equal("error: the network has blocks in blocks, 9,000 deep, at most 16 are supported: put them one behind the other",
            ErrorOf($"4-{string.Concat(Enumerable.Repeat("residual(", 9000))}4{new string(')', 9000)}-2"));
        Assert.Equal("error: the network has 20,000 layers, at most 1,000 are supported",
            ErrorOf($"4{string.Concat(Enumerable.Repeat("-4", 20000))}"));
    }

    static string ErrorOf(string network)
    {
        var run = Invoked.Run("plan", "--network", network);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        string line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line);
        return line;
    }
}
