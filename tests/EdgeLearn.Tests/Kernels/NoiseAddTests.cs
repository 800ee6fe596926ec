using Xunit;

namespace EdgeLearn.Tests;

public class NoiseAddTests
{
    static readonly ulong s_key = Noise.Key(7, Noise.TensorHash("layers.0.weight"));

    [Theory]
    [InlineData(NoiseKind.Sign, 0.37f)]
    [InlineData(NoiseKind.Sign, -1e-3f)]
    [InlineData(NoiseKind.Gaussian, 0.37f)]
    public void Every_offset_and_length_is_the_source_plus_scaled_noise_to_the_bit(NoiseKind kind, float scale)
    {
        using GuardedMemory sourceMemory = new(257), targetMemory = new(257);
        float[] z = new float[32 + 257];
        const long Base = (1L << 33) + 64;
        for (int i = 0; i < z.Length; i++)
            z[i] = kind == NoiseKind.Sign ? Noise.SignAt(s_key, Base + i) : Noise.GaussianAt(s_key, Base + i);
        for (int offset = 0; offset < 32; offset++)
        {
            for (int length = 0; length <= 257; length += 1 + offset % 3)
            {
                var source = sourceMemory.Random(length, length);
                float[] before = source.ToArray();
                var target = targetMemory.Last(length);
                target.Fill(float.NaN);
                Noise.Add(kind, s_key, Base + offset, scale, source, target);
                for (int i = 0; i < length; i++)
                {
                    float expected = before[i] + scale * z[offset + i];
                    if (BitConverter.SingleToInt32Bits(expected) != BitConverter.SingleToInt32Bits(target[i]))
                        Assert.Fail($"{kind}, offset {offset}, length {length}, value {i}: {target[i]:R}, expected {expected:R}");
                }

                Values.AssertSameBits(before, source, "the source");
                Noise.Add(kind, s_key, Base + offset, scale, source, source);
                Values.AssertSameBits(target, source, "in place");
            }
        }
    }

    [Fact]
    public void Every_register_width_turns_the_same_signs()
    {
        float[] source = Values.Random(64, 1);
        source[3] = 0;
        source[4] = -0f;
        source[5] = float.NaN;
        source[6] = 1e-42f;
        Span<uint> words = stackalloc uint[4];
        foreach (long first in new[] { 0L, 13, 31, 1L << 40 })
        {
            var signs = new SignBits(s_key, first, source.Length, words);
            float[] scalar = new float[source.Length];
            Noise.AddSigns<Lanes1>(0, source.Length, signs, 0.5f, ref source[0], ref scalar[0]);
            CheckSigns<Lanes4>(signs, source, scalar);
            CheckSigns<Lanes8>(signs, source, scalar);
            CheckSigns<Lanes16>(signs, source, scalar);
            CheckSigns<Pair<Lanes16>>(signs, source, scalar);
        }
    }

    static void CheckSigns<T>(SignBits signs, float[] source, float[] expected)
        where T : struct, ILanes<T>
    {
        float[] result = new float[source.Length];
        Assert.Equal(source.Length, Noise.AddSigns<T>(0, source.Length, signs, 0.5f, ref source[0], ref result[0]));
        Values.AssertSameBits(expected, result, typeof(T).Name);
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(uint.MaxValue - 5ul)]
    [InlineData(1ul << 40)]
    public void Words_are_made_in_runs_as_one_by_one(ulong first)
    {
        for (int count = 0; count <= 40; count++)
        {
            uint[] words = new uint[count];
            Noise.FillWords(s_key, first, words);
            for (int i = 0; i < count; i++) Assert.Equal(Noise.Word(s_key, first + (ulong)i), words[i]);
        }
    }

    [Fact]
    public void A_source_of_another_length_is_refused()
    => Assert.Throws<ArgumentException>(() => Noise.Add(NoiseKind.Sign, 1, 0, 1, new float[3], new float[4]));
}
