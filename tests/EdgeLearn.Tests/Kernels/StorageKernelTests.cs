using Xunit;

namespace EdgeLearn.Tests;

public class StorageKernelTests
{
    static readonly ulong s_key = Noise.Key(5, Noise.TensorHash("w"));

    [Fact]
    public void Every_half_decodes_to_the_float_with_these_upper_bits()
    {
        ushort[] stored = new ushort[1 << 16];
        for (int i = 0; i < stored.Length; i++) stored[i] = (ushort)i;
        float[] values = new float[stored.Length];
        Kernels.DecodeBFloat16(stored, values);
        for (int i = 0; i < stored.Length; i++) Assert.Equal((uint)i << 16, BitConverter.SingleToUInt32Bits(values[i]));
        ushort[] back = new ushort[stored.Length];
        Kernels.EncodeBFloat16(values, back);
        for (int i = 0; i < stored.Length; i++) Assert.True(float.IsNaN(values[i]) || back[i] == stored[i], $"{i:x}");
    }

    // The reference is a search: the nearest of the two neighbours, the even one in the middle.
    [Fact]
    public void Halves_are_rounded_to_the_nearest()
    {
        float[] values = [.. Values.Random(2000, 1), 1.00390625f, 1.01171875f, 0, -0f, float.PositiveInfinity, 3.3895314e38f];
        ushort[] stored = new ushort[values.Length];
        Kernels.EncodeBFloat16(values, stored);
        for (int i = 0; i < values.Length; i++)
        {
            uint low = BitConverter.SingleToUInt32Bits(values[i]) >> 16;
            double a = BitConverter.UInt32BitsToSingle(low << 16), b = BitConverter.UInt32BitsToSingle((low + 1) << 16), x = values[i];
            uint expected = double.IsInfinity(x) || Math.Abs(x - a) < Math.Abs(b - x)
                || (Math.Abs(x - a) == Math.Abs(b - x) && low % 2 == 0) ? low : low + 1;
            Assert.Equal(expected, stored[i]);
        }
    }

    [Fact]
    public void Decoding_touches_only_its_values_at_every_length()
    {
        for (int length = 0; length <= 257; length++)
        {
            using GuardedMemory source = new(257), target = new(257);
            var halves = System.Runtime.InteropServices.MemoryMarshal.Cast<float, ushort>(source.Last((length + 1) / 2))[^length..];
            for (int i = 0; i < length; i++) halves[i] = (ushort)(i * 257);
            var values = target.Last(length);
            Kernels.DecodeBFloat16(halves, values);
            for (int i = 0; i < length; i++) Assert.Equal((uint)halves[i] << 16, BitConverter.SingleToUInt32Bits(values[i]));

            var codes = System.Runtime.InteropServices.MemoryMarshal.Cast<float, sbyte>(source.Last((length + 3) / 4))[^length..];
            for (int i = 0; i < length; i++) codes[i] = (sbyte)(i % 255 - 127);
            Kernels.DecodeInt8(codes, 0.37f, values);
            for (int i = 0; i < length; i++) Assert.Equal(0.37f * codes[i], values[i]);
        }
    }

    [Fact]
    public void Codes_are_rounded_to_the_nearest_and_clamped()
    {
        float[] values = [0, 0.1f, -0.26f, 0.249f, 31.75f, 40, -40, 31.7f];
        sbyte[] codes = new sbyte[values.Length];
        Kernels.EncodeInt8(values, 0.25f, codes);
        Assert.Equal<sbyte>([0, 0, -1, 1, 127, 127, -127, 127], codes);
        Assert.Equal(2f, Kernels.ScaleInt8([3, -254, 7]));
        Assert.Equal(1f, Kernels.ScaleInt8([0, 0]));
        Assert.Equal(1f, Kernels.ScaleInt8([]));
    }

    // 200,000 roundings of one value: the mean is the value within five standard errors of a coin with these odds.
    [Theory]
    [InlineData(0.7f)]
    [InlineData(-3.05f)]
    [InlineData(1e-3f)]
    public void Stochastic_rounding_keeps_the_mean(float value)
    {
        const int Count = 200_000;
        const float Scale = 0.04f;
        float[] values = new float[Count], decoded = new float[Count];
        Array.Fill(values, value);
        ushort[] halves = new ushort[Count];
        Kernels.RoundBFloat16(values, s_key, 0, halves);
        Kernels.DecodeBFloat16(halves, decoded);
        double step = Math.ScaleB(1, Math.ILogB(value) - 7);
        Assert.Equal(value, decoded.Average(x => (double)x), 5 * step / 2 / Math.Sqrt(Count));
        Assert.InRange(decoded.Distinct().Count(), 1, 2);

        sbyte[] codes = new sbyte[Count];
        Kernels.RoundInt8(values, Scale, s_key, 0, codes);
        Assert.Equal(value / Scale, codes.Average(x => (double)x), 5 * 0.5 / Math.Sqrt(Count));
        Assert.InRange(codes.Distinct().Count(), 1, 2);
    }

    [Fact]
    public void Rounding_depends_on_key_and_index_alone()
    {
        float[] values = Values.Random(500, 2);
        ushort[] whole = new ushort[500], part = new ushort[200];
        Kernels.RoundBFloat16(values, s_key, 1000, whole);
        Kernels.RoundBFloat16(values.AsSpan(300), s_key, 1300, part);
        Assert.Equal(whole[300..], part);
        sbyte[] codes = new sbyte[500], some = new sbyte[200];
        Kernels.RoundInt8(values, 0.01f, s_key, 1000, codes);
        Kernels.RoundInt8(values.AsSpan(300), 0.01f, s_key, 1300, some);
        Assert.Equal(codes[300..], some);
        Kernels.RoundInt8([float.NaN, float.PositiveInfinity, float.NegativeInfinity], 0.01f, s_key, 0, some.AsSpan(0, 3));
        Assert.Equal<sbyte>([0, 127, -127], some[..3]);
    }
}
