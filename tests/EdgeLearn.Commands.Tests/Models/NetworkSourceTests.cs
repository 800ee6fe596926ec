using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

public class NetworkSourceTests
{
    [Theory]
    [InlineData("28x28", 10, "28x28-conv5x5x16:relu-pool2-conv5x5x32:relu-pool2-128:relu-10")]
    [InlineData("8x8", 10, "8x8-conv3x3x16:same:relu-conv3x3x32:same:relu-pool2-128:relu-10")]
    [InlineData("32x32x3", 100,
        "32x32x3-conv3x3x32:same-batchnorm-relu-pool2-conv3x3x48:same-batchnorm-relu-pool2-"
            + "conv3x3x64:same-batchnorm-relu-pool2-128:relu-100")]
    [InlineData("128x6", 3, "128x6-conv9x32:same-batchnorm-relu-pool2-conv9x64:same-batchnorm-relu-globalmax-3")]
    [InlineData("1024x1", 9, "1024x1-conv16x32:stride4-batchnorm-relu-pool2-conv9x64:same-batchnorm-relu-globalmax-9")]
    [InlineData("13", 4, "13-256-4")]
    public void The_default_suits_the_data(string input, int outputs, string expected)
    {
        Assert.True(Shape.TryParse(input, out var shape));
        var spec = NetworkSource.Read(null).SpecFor(shape, outputs, Loss.SoftmaxCrossEntropy);
        Assert.Equal(expected, spec.ToString());
        using var network = new Network(spec);
        Assert.Equal(outputs, network.OutputLength);
    }

    [Fact]
    public void A_plain_width_takes_the_image_of_the_data()
        => Assert.Equal("28x28-1000@10x10-10",
            NetworkSource.Read("784-1000@10x10-10").SpecFor(new Shape(28, 28), 10, Loss.SoftmaxCrossEntropy).ToString());

    [Fact]
    public void A_path_that_is_nothing_is_not_taken_for_a_shorthand()
    {
        var error = Assert.Throws<EdgeLearnException>(() => NetworkSource.Read("./model.safetensors"));
        Assert.Contains("there is no such file", error.Message);
    }
}
