using System.Numerics;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Statistics of fixed streams, so a result never changes from run to run. The bounds are about five standard deviations of true
/// randomness.
/// </summary>
public class NoiseQualityTests
{
    const int Words = 1 << 14, Bits = 32 * Words;

    static ulong Key(ulong seed, string name = "layers.0.weight") => Noise.Key(seed, Noise.TensorHash(name));

    [Fact]
    public void Half_of_the_signs_are_positive_in_every_bit_of_a_word()
    {
        foreach (ulong seed in new ulong[] { 0, 1, 2, 1000, 1UL << 32, ulong.MaxValue })
        {
            int[] ones = new int[32];
            for (int i = 0; i < Words; i++)
            {
                for (int bit = 0; bit < 32; bit++) ones[bit] += (int)(Noise.Word(Key(seed), (ulong)i) >> bit & 1);
            }

            Assert.True(Math.Abs(ones.Sum() - Bits / 2) < 2.5 * Math.Sqrt(Bits), $"seed {seed}: {ones.Sum()} of {Bits} bits are set");
            Assert.All(ones,
                count => Assert.True(Math.Abs(count - Words / 2) < 2.5 * Math.Sqrt(Words),
                $"seed {seed}: a bit is set in {count} of {Words} words"));
        }
    }

    [Fact]
    public void Streams_of_other_seeds_and_tensors_are_uncorrelated()
    {
        ulong[] keys =
        [
            Key(0), Key(1), Key(2), Key(3), Key(1UL << 32), Key(1UL << 63), Key(ulong.MaxValue),
            Key(0, "layers.1.weight"), Key(0, "layers.0.bias"), Key(0, "layers.0.weights"), Key(Noise.Derive(0, 0)),
                Key(Noise.Derive(0, 1)), Key(Noise.Derive(0, 0, 1)), 0, 1, 1UL << 32,
        ];
        for (int a = 0; a < keys.Length; a++)
        {
            for (int b = 0; b < a; b++) AssertUncorrelated(i => Noise.Word(keys[a], i), i => Noise.Word(keys[b], i), $"keys {a} and {b}");
        }
    }

    [Fact]
    public void A_stream_is_uncorrelated_with_itself_at_other_places()
    {
        ulong key = Key(5);
        foreach (ulong lag in new ulong[] { 1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 64, 100, 128, 784, 1000, 1024, 4096, 65536, 1 << 24, 1UL << 32,
            1UL << 40 })
        {
            AssertUncorrelated(i => Noise.Word(key, i), i => Noise.Word(key, i + lag), $"lag {lag} words");
        }

        for (int shift = 1; shift < 32; shift++)
        {
            int turn = shift;
            AssertUncorrelated(i => Noise.Word(key, i), i => BitOperations.RotateLeft(Noise.Word(key, i), turn), $"lag {shift} bits");
        }
    }

    static void AssertUncorrelated(Func<ulong, uint> a, Func<ulong, uint> b, string what)
    {
        int different = 0;
        for (ulong i = 0; i < Words; i++) different += BitOperations.PopCount(a(i) ^ b(i));
        double correlation = 1 - 2.0 * different / Bits;
        Assert.True(Math.Abs(correlation) < 5 / Math.Sqrt(Bits), $"{what}: correlation {correlation:F5}");
    }

    [Fact]
    public void One_changed_bit_of_index_or_key_changes_every_bit_of_the_word_half_of_the_time()
    {
        const int Samples = 4096;
        for (int input = 0; input < 24 + 64; input++)
        {
            int[] flips = new int[32];
            for (int s = 0; s < Samples; s++)
            {
                ulong key = Noise.Derive(9, (ulong)s), index = (ulong)(s * 7);
                uint before = Noise.Word(key, index);
                uint after = input < 24 ? Noise.Word(key, index ^ (1UL << input)) : Noise.Word(key ^ (1UL << (input - 24)), index);
                for (int bit = 0; bit < 32; bit++) flips[bit] += (int)((before ^ after) >> bit & 1);
            }

            Assert.All(flips,
                count => Assert.True(Math.Abs(count - Samples / 2) < 2.5 * Math.Sqrt(Samples),
                $"input bit {input} flips an output bit in {count} of {Samples}"));
        }
    }

    [Fact]
    public void Bytes_of_neighbouring_words_are_uniform()
    {
        int[][] counts = new int[4][];
        for (int k = 0; k < 4; k++) counts[k] = new int[256];
        for (ulong i = 0; i < 4 * Words; i++)
        {
            uint word = Noise.Word(Key(11), i);
            for (int k = 0; k < 4; k++) counts[k][word >> (8 * k) & 255]++;
        }

        foreach (int[] bins in counts)
        {
            double expected = 4.0 * Words / 256, chi = bins.Sum(count => (count - expected) * (count - expected) / expected);
            Assert.InRange(chi, 255 - 5 * Math.Sqrt(510), 255 + 5 * Math.Sqrt(510));
        }
    }
}
