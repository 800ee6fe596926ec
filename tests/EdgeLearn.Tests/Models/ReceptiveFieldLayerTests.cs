using Xunit;

namespace EdgeLearn.Tests;

public class ReceptiveFieldLayerTests
{
    static Network Build(string spec, ulong seed = 1)
        => new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Initialise(seed);

    [Fact]
    public void Windows_lie_inside_the_image_and_reach_every_place()
    {
        int[,] counts = new int[3, 5];
        for (ulong seed = 0; seed < 10; seed++)
        {
            using var network = Build("7x9-150@5x5-2", seed);
            var window = network.Layers[0].Integers[0];
            Assert.Equal(("layers.0.window", 150, 2), (window.Name, window.Shape[0], window.Shape[1]));
            for (int u = 0; u < 150; u++) counts[window.Values[2 * u], window.Values[2 * u + 1]]++;
        }

        // 1500 windows on 15 places: 100 +- 5 deviations of 10.
        foreach (int count in counts) Assert.InRange(count, 50, 150);
    }

    [Fact]
    public void A_window_as_large_as_the_image_has_one_place()
    {
        using var network = Build("4x3-20@4x3-2");
        Assert.All(network.Layers[0].Integers[0].Values, place => Assert.Equal(0, place));
    }

    [Fact]
    public void Choices_are_different_ascending_and_reach_every_input_equally()
    {
        using var network = Build("30-900@10-2");
        var inputs = network.Layers[0].Integers[0];
        Assert.Equal(("layers.0.inputs", 900, 10), (inputs.Name, inputs.Shape[0], inputs.Shape[1]));
        int[] counts = new int[30];
        for (int u = 0; u < 900; u++)
        {
            for (int k = 0; k < 10; k++)
            {
                counts[inputs.Values[u * 10 + k]]++;
                if (k > 0) Assert.True(inputs.Values[u * 10 + k] > inputs.Values[u * 10 + k - 1]);
            }
        }

        // 300 +- 5 deviations of sqrt(900 / 3 * 2 / 3).
        Assert.All(counts, count => Assert.InRange(count, 230, 370));
    }

    [Fact]
    public void Another_seed_looks_elsewhere_and_the_same_seed_at_the_same_places()
    {
        using Network a = Build("8x8-50@3x3-2", 1), b = Build("8x8-50@3x3-2", 1), c = Build("8x8-50@3x3-2", 2);
        Assert.Equal(a.Layers[0].Integers[0].Values, b.Layers[0].Integers[0].Values);
        Assert.NotEqual(a.Layers[0].Integers[0].Values, c.Layers[0].Integers[0].Values);
    }

    [Theory]
    [InlineData("6x6-4@3x3-2", 4, "the window of unit 0 at (4, 0) of size 3x3 leaves the 6x6 image")]
    [InlineData("6x6-4@3x3-2", -1, "the window of unit 0 at (-1, 0)")]
    [InlineData("6-4@3-2", 6, "unit 0 reads input 6, expected 0..5")]
    [InlineData("6-4@3-2", int.MinValue, "unit 0 reads input")]
    public void Places_outside_of_the_input_are_refused(string spec, int place, string expected)
    {
        using Network network = Build(spec), bad = Build(spec);
        Array.Clear(bad.Layers[0].Integers[0].Values);
        bad.Layers[0].Integers[0].Values[0] = place;
        var refusal = Assert.Throws<EdgeLearnException>(() => network.Layers[0].TakeIntegers(bad.Layers[0]));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_seen_inputs_have_weights()
    {
        using var network = Build("28x28-1000@10x10-10");
        Assert.Equal(1000 * 100 + 1000 + 10 * 1000 + 10, network.Parameters.Length);
        Assert.Equal(4 * (network.Parameters.Length + 2000), network.ParameterBytes);
        Assert.Equal([1000, 100], network.Parameters.Find("layers.0.weight")!.Shape.ToArray());
    }
}
