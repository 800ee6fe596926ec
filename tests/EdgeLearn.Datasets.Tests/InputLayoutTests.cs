using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Images and sequences whose channels come first, as PyTorch has them. The value of every place tells where it belongs.</summary>
public sealed class InputLayoutTests : IDisposable
{
    const int Count = 5;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // [n x C x H x W] with the value that [n x H x W x C] has at the same place: n, h, w, c as digits.
    static double[] Planes(int channels, int height, int width)
        => [.. from n in Enumerable.Range(0, Count)
            from c in Enumerable.Range(0, channels)
            from h in Enumerable.Range(0, height)
            from w in Enumerable.Range(0, width)
            select (double)Value(n, h, w, c)];

    static int Value(int n, int h, int w, int c) => (((((n * 10) + h) * 10) + w) * 10) + c;

    DataSplit Open(string descriptor, string shape, double[] values, DataOptions options)
    {
        _folder.Write("X.npy", ArrayBytes.Npy(descriptor, shape, values));
        _folder.Write("y.npy", ArrayBytes.Npy("|u1", $"({Count},)", [.. Enumerable.Range(0, Count).Select(i => i % 2.0)]));
        return DataCatalog.Open(_folder.Path, options with { CacheFolder = _folder["cache"], TakesWhole = true });
    }

    static void AssertInnermost(Dataset data, Shape shape)
    {
        Assert.Equal(shape, data.InputShape);
        float[] values = new float[data.InputLength];
        for (int n = 0; n < Count; n++)
        {
            data.ReadInput(n, values);
            int at = 0;
            int height = shape.Rank == 3 ? shape.Height : 1, width = shape.Rank == 3 ? shape.Width : shape.Height;
            for (int h = 0; h < height; h++)
            {
                for (int w = 0; w < width; w++)
                {
                    for (int c = 0; c < shape.Length / height / width; c++) Assert.Equal(Value(n, h, w, c), values[at++]);
                }
            }
        }
    }

    [Theory]
    [InlineData("<f4")]
    [InlineData(">i2")]
    [InlineData("<f8")]
    public void Planes_become_channels(string descriptor)
    {
        var options = new DataOptions { Layout = InputLayout.ChannelsFirst };
        using var image = Open(descriptor, "(5, 3, 6, 7)", Planes(3, 6, 7), options);
        AssertInnermost(image.Train, new Shape(6, 7, 3));
    }

    [Fact]
    public void Flat_planes_and_sequences_too()
    {
        var options = new DataOptions { Layout = InputLayout.ChannelsFirst };
        using (var flat = Open("<f4", "(5, 126)", Planes(3, 6, 7), options with { InputShape = new Shape(6, 7, 3) }))
            AssertInnermost(flat.Train, new Shape(6, 7, 3));
        using var sequence = Open("<f4", "(5, 4, 9)", Planes(4, 1, 9), options);
        AssertInnermost(sequence.Train, new Shape(9, 4));
    }

    [Fact]
    public void A_shape_that_can_be_meant_either_way_is_refused_unless_a_model_tells()
    {
        string error = Assert.Throws<EdgeLearnException>(() => Open("<f4", "(5, 3, 6, 7)", Planes(3, 6, 7), new DataOptions())).Message;
        Assert.Contains("--input-layout channels-first or channels-last", error, StringComparison.Ordinal);
        using (var model = Open("<f4", "(5, 3, 6, 7)", Planes(3, 6, 7), new DataOptions { ModelInput = new Shape(6, 7, 3) }))
            AssertInnermost(model.Train, new Shape(6, 7, 3));
        using (var strip = Open("<f4", "(5, 3, 6, 7)", Planes(3, 6, 7), new DataOptions { Layout = InputLayout.ChannelsLast }))
            Assert.Equal(new Shape(3, 6, 7), strip.Train.InputShape);
        using var last = Open("<f4", "(5, 6, 7, 3)", new double[5 * 126], new DataOptions());
        Assert.Equal(new Shape(6, 7, 3), last.Train.InputShape);
    }

    [Fact]
    public void A_vector_has_no_planes()
        => Assert.Contains("expected channels, height and width", Assert.Throws<EdgeLearnException>(() => Open("<f4", "(5, 6)",
            new double[30], new DataOptions { Layout = InputLayout.ChannelsFirst })).Message, StringComparison.Ordinal);
}
