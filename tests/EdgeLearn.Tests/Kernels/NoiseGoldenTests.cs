using System.Globalization;
using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// The noise is part of the file format: these values come from a second implementation (tests/Reference/make_noise_golden.py) and never
/// change within a version.
/// </summary>
public class NoiseGoldenTests
{
    static readonly JsonElement s_golden = Golden.Read("noise.json");

    [Fact]
    public void The_version_is_that_of_the_golden_values() => Assert.Equal(Noise.Version, s_golden.GetProperty("version").GetInt32());

    [Fact]
    public void Tensor_hashes_are_those_of_the_second_implementation()
    {
        foreach (var item in s_golden.Items("tensorHashes")) Assert.Equal(item.Hex("hash"), Noise.TensorHash(item.Text("name")));
    }

    [Fact]
    public void Keys_are_those_of_the_second_implementation()
    {
        foreach (var item in s_golden.Items("keys"))
            Assert.Equal(item.Hex("key"), Noise.Key(item.Hex("seed"), Noise.TensorHash(item.Text("name"))));
    }

    [Fact]
    public void Derived_seeds_are_those_of_the_second_implementation()
    {
        foreach (var item in s_golden.Items("derived"))
        {
            Assert.Equal(item.Hex("value"),
                Noise.Derive(item.Hex("seed"), (ulong)item.GetProperty("a").GetInt64(), (ulong)item.GetProperty("b").GetInt64()));
        }
    }

    [Fact]
    public void Words_and_what_is_read_from_them_are_those_of_the_second_implementation()
    {
        int count = 0;
        foreach (var item in s_golden.Items("words"))
        {
            ulong key = item.Hex("key"), index = item.Hex("index"), word = item.Hex("word");
            Assert.Equal(word, Noise.Word(key, index));
            Assert.Equal((word >> 8) / 16777216f, Noise.UniformAt(key, (long)index));
            for (int bit = 0; bit < 32; bit++) Assert.Equal((word >> bit & 1) == 0 ? 1 : -1, Noise.SignAt(key, (long)index * 32 + bit));
            count++;
        }

        Assert.True(count > 100);
    }

    [Fact]
    public void Gaussian_values_have_the_bits_of_the_second_implementation()
    {
        int count = 0;
        foreach (var item in s_golden.Items("gaussians"))
        {
            long index = (long)item.Hex("first");
            foreach (var bits in item.Items("bits"))
            {
                Assert.Equal(int.Parse(bits.GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    BitConverter.SingleToInt32Bits(Noise.GaussianAt(item.Hex("key"), index++)));
                count++;
            }
        }

        Assert.True(count > 100);
    }
}
