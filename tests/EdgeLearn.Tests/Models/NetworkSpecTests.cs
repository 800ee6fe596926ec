using Xunit;

namespace EdgeLearn.Tests;

public class NetworkSpecTests
{
    static NetworkSpec Parse(string text, Shape? data = null) => NetworkSpec.Parse(text, data, Loss.SoftmaxCrossEntropy);

    [Theory]
    [InlineData("784-10")]
    [InlineData("784-1000-10")]
    [InlineData("28x28-1000@10x10-10")]
    [InlineData("32x32x3-64@5x5:relu-100@20-10")]
    [InlineData("64-128:relu-64:identity-10:tanh")]
    [InlineData("784-1000@100-10")]
    [InlineData("1-1")]
    [InlineData("1x6-3")]
    [InlineData("64-128-relu-64:relu-tanh-10-sigmoid")]
    [InlineData("8-5-leakyrelu-5-leakyrelu0.2-5-hardtanh-5-silu-5-gelu-5-gelutanh-2")]
    [InlineData("16-8-reshape4x2-flatten-reshape2x2x2-3")]
    [InlineData("28x28-conv5x5x8-pool2-conv5x5x16:relu-pool2-128-10")]
    [InlineData("32x32x3-conv3x3x16:same:nobias-batchnorm-relu-depthwise3x3:stride2:pad1-conv1x1x32-globalavg-10")]
    [InlineData("16x16-conv3x3x4-residual(conv3x3x4:same-relu-conv3x3x4:same)-relu-conv1x1x10-globalavg")]
    [InlineData("128x6-conv5x32:stride2-batchnorm:frozen-relu-pool2-layernorm-globalmax-dropout0.25-12")]
    [InlineData("128x9-gru64-6")]
    [InlineData("128x9-gru64:sequence-lstm32:sequence-rnn16:sequence:relu-rnn8-6")]
    [InlineData("64-embed8192x128-positions-attn4:causal:block-mlp512:block-attn4-mlp64-layernorm-10")]
    [InlineData("64-embed128-attn4-globalavg-10")]
    [InlineData("64-embed128-sinusoids-attn4:block-stepwise32:relu-stepwise16-globalmax-10")]
    public void The_shorthand_is_written_as_it_was_read(string text) => Assert.Equal(text, Parse(text).ToString());

    [Fact]
    public void The_parts_of_the_shorthand_arrive_where_they_belong()
    {
        var spec = Parse("28x30x2-1000@10x9:relu-20@100-10");
        Assert.Equal(new Shape(28, 30, 2), spec.Input);
        Assert.Equal(
            [new ReceptiveFieldSpec(1000, Activation.Relu) { WindowHeight = 10, WindowWidth = 9 },
            new ReceptiveFieldSpec(20, Activation.Tanh) { Fan = 100 }, new DenseSpec(10, Activation.Identity)],
            spec.Layers);
        Assert.Equal(10, spec.OutputLength);
    }

    [Fact]
    public void A_plain_width_takes_its_image_from_the_data()
    {
        var spec = Parse("784-1000@10x10-10", new Shape(28, 28));
        Assert.Equal(new Shape(28, 28), spec.Input);
        Assert.Equal("28x28-1000@10x10-10", spec.ToString());
        Assert.Equal(new Shape(14, 56), Parse("14x56-10", new Shape(28, 28)).Input);
    }

    [Theory]
    [InlineData("", "expected input-units-...-outputs")]
    [InlineData("784", "expected input-units-...-outputs")]
    [InlineData("784--10", "layer 1 is ''")]
    [InlineData("784-10-", "layer 2 is ''")]
    [InlineData("-10", "the input '' is neither")]
    [InlineData("0-10", "the input '0' is neither")]
    [InlineData("28x-10", "the input '28x' is neither")]
    [InlineData("28x28x3x3-10", "the input '28x28x3x3' is neither")]
    [InlineData("5000x5000-10", "the input '5000x5000' is neither")]
    [InlineData("99999999999-10", "the input '99999999999' is neither")]
    [InlineData("abc-10", "the input 'abc' is neither")]
    [InlineData("784-0-10", "layer 1 is '0'")]
    [InlineData("784-+5-10", "layer 1 is '+5'")]
    [InlineData("784-1e3-10", "layer 1 is '1e3'")]
    [InlineData("784- 5-10", "layer 1 is ' 5'")]
    [InlineData("784-99999999999-10", "layer 1 is '99999999999'")]
    [InlineData("784-5@3@4-10", "layer 1 is '5@3@4'")]
    [InlineData("784-5@-10", "layer 1 looks at ''")]
    [InlineData("784-5@0-10", "layer 1 looks at '0'")]
    [InlineData("784-5@0x3-10", "layer 1 looks at '0x3'")]
    [InlineData("28x28-5@3x3x2-10", "layer 1 looks at '3x3x2'")]
    [InlineData("784-5@785-10", "looks at 785 inputs, but there are only 784")]
    [InlineData("28x28-5@29x5-10", "windows larger than its 28x28 image")]
    [InlineData("28x28-5@5x29-10", "windows larger than its 28x28 image")]
    [InlineData("784-5@5x5-10", "its input is a vector of 784 values")]
    [InlineData("28x28-50-5@5x5-10", "its input is a vector of 50 values")]
    [InlineData("784-5:sigmoid-10", "unknown activation 'sigmoid' of layer 1: expected tanh, relu or identity")]
    [InlineData("784-5:-10", "unknown activation '' of layer 1")]
    [InlineData("784-conv5x5x8-10", "layer 1 (conv5x5x8) needs an image, but its input is a vector of 784 values")]
    [InlineData("28x28-conv29x5x8-10", "layer 1 (conv29x5x8) has a window of 29x5, larger than its input of 28x28")]
    [InlineData("128x9-gru64-gru64-6",
        "layer 2 (gru64) needs a sequence of steps x features, but its input is 64: "
            + "write :sequence behind a recurrent layer before it, or put reshapeTxF between")]
    [InlineData("64-attn4-6", "layer 1 (attn4) needs a sequence of steps x features, but its input is 64")]
    [InlineData("64-embed100x30-attn4-6",
        "layer 2 (attn4) has 4 heads, which do not divide the 30 features of 64x30: choose a divisor of 30")]
    [InlineData("64-mlp128-6", "layer 1 (mlp128) needs a sequence")]
    [InlineData("40000x2-attn1-6", "whose attention weights are 1,600,000,000 values")]
    [InlineData("64-stepwise8-6", "layer 1 (stepwise8) needs a sequence")]
    [InlineData("64-sinusoids-6", "layer 1 (sinusoids) needs a sequence")]
    [InlineData("64-positions-6", "layer 1 (positions) needs a sequence")]
    [InlineData("4000-embed100x9999-6", "makes 39,996,000 values of 4000 tokens")]
    [InlineData("128x9-lstm64:reversed-6", "unknown option 'reversed' of layer 1: expected sequence, truncateN")]
    [InlineData("28x28-conv5x5x8-pool2-conv5x5x8-pool2-conv5x5x8-10",
        "layer 5 (conv5x5x8) has a window of 5x5, larger than its input of 4x4 (4x4x8): use a smaller window, same, or fewer pools")]
    [InlineData("28x28-conv5x5x0-10", "layer 1 is 'conv5x5x0', expected sizes of 1 or more behind conv")]
    [InlineData("28x28-conv4x4x8:same-10", "'same', which needs a window of odd sides")]
    [InlineData("28x28-conv3x3x8:pad3-10", "has a padding of 3, expected less than the window's 3")]
    [InlineData("28x28-conv3x3x8:groups3-10", "has 3 groups")]
    [InlineData("28x28-conv3x3x8:stride0-10", "stride 0, expected 1 or more")]
    [InlineData("28x28-conv3x3x8:stride-10",
        "unknown option 'stride' of layer 1: expected tanh, relu or identity, strideN, padN, same, groupsN, nobias")]
    [InlineData("3000x3000-conv3x3x2-10", "layer 1 (conv3x3x2) makes")]
    [InlineData("28x28-conv5-10", "layer 1 is 'conv5', expected one of")]
    [InlineData("28x28x3-conv5x8-10",
        "layer 1 (conv5x8) needs a sequence of steps x features, but its input is 28x28x3: use conv5x5x8 for an image")]
    [InlineData("4x6-conv5x8-10", "layer 1 (conv5x8) has a kernel of 5 steps, longer than its sequence of 4 (4x6)")]
    [InlineData("784-pool2-10", "layer 1 (pool2) needs an image or a sequence")]
    [InlineData("28x28-pool2x29-10", "layer 1 (pool2x29) has a window of 2x29, larger than its input of 28x28")]
    [InlineData("128x6-pool129-10", "layer 1 (pool129) has a window of 129 steps, larger than its input of 128x6")]
    [InlineData("128x6-pool2:pad2-10", "has a padding of 2, expected at most half the window")]
    [InlineData("784-globalavg-10", "layer 1 (globalavg) needs an image or a sequence")]
    [InlineData("784-dropout1-10", "layer 1 (dropout1) drops a fraction of 1, expected 0 to below 1")]
    [InlineData("784-local3x3x3-10", "layer 1 (local3x3x3) needs an image")]
    [InlineData("784-residual(5)-10", "layer 1 (residual(5)) adds 784 to 5")]
    [InlineData("28x28-residual(conv3x3x4)-10", "layer 1 (residual(conv3x3x4)) adds 28x28 to 26x26x4")]
    [InlineData("28x28-residual(conv29x3x4)-10",
        "layer 1 (residual(conv29x3x4)), body 1 (conv29x3x4) has a window of 29x3, larger than its input")]
    [InlineData("28x28-residual(conv3x3x4:foo)-10", "unknown option 'foo' of layer 1.1")]
    [InlineData("28x28-residual()-10", "layer 1.1 is ''")]
    [InlineData("32x32x3-conv5x5x4-50@3x3-10", "layer 2 (50@3x3) has windows, but its input are 4 maps of 28x28: use conv or local there")]
    [InlineData("784-5:relu:x-10", "unknown activation 'x' of layer 1")]
    [InlineData("784-gelu3-10", "layer 1 is 'gelu3', expected gelu")]
    [InlineData("784-leakyrelux-10", "layer 1 is 'leakyrelux', expected one of 128:relu, 1000@10x10")]
    [InlineData("784-leakyrelu0-10", "layer 1 (leakyrelu0) has the slope 0, expected a number above 0")]
    [InlineData("784-gelu:fast-10", "unknown option 'fast' of layer 1: expected none")]
    [InlineData("784-reshape7-10", "layer 1 (reshape7) makes 7 values of 784 = 784")]
    [InlineData("784-reshape7x-10", "layer 1 is 'reshape7x', expected reshape with one to three sizes")]
    [InlineData("784-frobnicate5-10", "layer 1 is 'frobnicate5', expected one of 128:relu")]
    [InlineData("784-(10-10", "1 opening and 0 closing parentheses")]
    [InlineData("784-2000000000-10", "has 2000000000 units, expected 1 to 16777215")]
    public void What_is_no_network_is_refused_in_one_line(string text, string expected)
    {
        var refusal = Assert.Throws<EdgeLearnException>(() => Parse(text));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Theory]
    [InlineData("16777215-16777215-10")]
    [InlineData("4000x4000-16777215@1000x1000-10")]
    [InlineData("16000000-16000000@1000-10")]
    public void A_network_of_more_weights_than_a_block_can_hold_is_refused_before_anything_is_allocated(string text)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Assert.Throws<EdgeLearnException>(() => new Network(Parse(text)));
        Assert.Contains("choose narrower layers", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void Data_of_another_width_is_refused()
    {
        var refusal = Assert.Throws<EdgeLearnException>(() => Parse("784-10", new Shape(8, 8)));
        Assert.Contains("its input has 784 values, the data's samples have 64 (8x8): begin the network with 8x8", refusal.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_without_layers_is_refused()
    => Assert.Throws<EdgeLearnException>(() => new NetworkSpec(new Shape(1, 4), [], Loss.MeanSquareError));
}
