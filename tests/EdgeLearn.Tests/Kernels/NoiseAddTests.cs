using System.Runtime.InteropServices;
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
        var z = new float[32 + 257];
        const long Base = (1L << 33) + 64;
        for (int i = 0; i < z.Length; i++) z[i] = kind == NoiseKind.Sign ? Noise.SignAt(s_key, Base + i) : Noise.GaussianAt(s_key, Base + i);
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
                    if (BitConverter.SingleToInt32Bits(expected) != BitConverter.SingleToInt32Bits(target[i])) Assert.Fail($"{kind}, offset {offset}, length {length}, value {i}: {target[i]:R}, expected {expected:R}");
                }

                Values.AssertSameBits(before, source, "the source");
                Noise.Add(kind, s_key, Base + offset, scale, source, source);
                Values.AssertSameBits(target, source, "in place");
            }
        }
    }

    [Fact]
    public void Vector_and_scalar_form_of_32_signs_have_the_same_bits()
    {
        float[] source = Values.Random(32, 1);
        source[3] = 0;
        source[4] = -0f;
        source[5] = float.NaN;
        source[6] = 1e-42f;
        float[] vector = new float[32], scalar = new float[32];
        foreach (uint word in new[] { 0u, uint.MaxValue, 1u, 0x80000000u, 0xDEADBEEFu, 0x0F0F3355u })
        {
            foreach (float scale in new[] { 1e-3f, -2f, 0f })
            {
                Noise.AddSignsVector(word, scale, ref MemoryMarshal.GetArrayDataReference(source), ref MemoryMarshal.GetArrayDataReference(vector));
                Noise.AddSignsScalar(word, scale, ref MemoryMarshal.GetArrayDataReference(source), ref MemoryMarshal.GetArrayDataReference(scalar));
                Values.AssertSameBits(scalar, vector, $"word {word:x}");
            }
        }
    }

    [Fact]
    public void A_source_of_another_length_is_refused() => Assert.Throws<ArgumentException>(() => Noise.Add(NoiseKind.Sign, 1, 0, 1, new float[3], new float[4]));
}
