using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public class MelFeaturesTests
{
    // Python 3, its math and cmath modules alone, with N = 200 samples, M = 256, B = 10 bands, C = 6 coefficients, at 8,000 Hz:
    //   w = [0.5 - 0.5*cos(2*pi*n/N) for n in range(N)]
    //   P = [abs(sum(w[n]*x[n]*cmath.exp(-2j*pi*k*n/M) for n in range(N)))**2 for k in range(M//2 + 1)]
    //   top = 2595*log10(1 + 4000/700);  f = [700*(10**(top*i/(B + 1)/2595) - 1) for i in range(B + 2)]
    //   t = lambda b, h: max(0, min((h - f[b])/(f[b+1] - f[b]), (f[b+2] - h)/(f[b+2] - f[b+1])))
    //   y = [log(sum(t(b, k*8000/M)*P[k] for k in range(M//2 + 1)) + 1e-6) for b in range(B)]
    //   c = [sqrt((1 if i == 0 else 2)/B)*sum(y[b]*cos(pi*i*(b + .5)/B) for b in range(B)) for i in range(C)]
    static readonly float[] s_bands
        = [-5.60103f, 5.46973f, 6.86689f, 0.69143f, -4.51247f, -3.08336f, 5.29915f, 4.60769f, -4.20211f, -1.77454f];
    static readonly float[] s_coefficients = [1.18945f, 1.84268f, -1.14782f, 0.76289f, -11.55136f, -6.89198f];

    // x = [0.5*sin(2*pi*440*n/8000) + 0.25*sin(2*pi*1800*n/8000 + 1) + 0.01*((n*37 % 64)/32 - 1) for n in range(N)]
    static float[] Frame() => [.. Enumerable.Range(0, 200).Select(n => (float)((0.5 * Math.Sin(2 * Math.PI * 440 * n / 8000))
        + (0.25 * Math.Sin((2 * Math.PI * 1800 * n / 8000) + 1)) + (0.01 * ((n * 37 % 64 / 32.0) - 1))))];

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    public void Bands_and_coefficients_are_those_of_the_definition(int coefficients)
    {
        var mel = new MelFeatures(new MelSettings(8000, 200, 10, coefficients));
        float[] values = new float[mel.Settings.Width];
        // A second frame is not touched by the first.
        mel.Compute(new float[200], values);
        mel.Compute(Frame(), values);
        float[] expected = coefficients == 0 ? s_bands : s_coefficients;
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++) Assert.Equal(expected[i], values[i], 2e-4);
    }

    [Fact]
    public void Silence_is_the_logarithm_of_the_floor_in_all_bands_narrow_ones_too()
    {
        // 40 bands of 4,000 Hz in frames of 5 ms: the lowest are narrower than a bin of the smallest transform.
        var mel = new MelFeatures(new MelSettings(8000, 40, 40, 0));
        float[] values = new float[40], tone = new float[40];
        mel.Compute(new float[40], values);
        Assert.All(values, value => Assert.Equal(-13.81551f, value, 1e-4));
        mel.Compute([.. Enumerable.Range(0, 40).Select(n => (float)Math.Sin(2 * Math.PI * 100 * n / 8000))], tone);
        Assert.All(tone[..10], value => Assert.True(value > -5));
    }

    [Fact]
    public void A_frame_allocates_nothing()
    {
        var mel = new MelFeatures(new MelSettings(16000, 640, 40, 10));
        float[] frame = new float[640], values = new float[10];
        mel.Compute(frame, values);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++) mel.Compute(frame, values);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(256)]
    public void The_transform_is_the_sum_that_defines_it(int length)
    {
        var random = new Random(length);
        float[] x = [.. Enumerable.Range(0, length).Select(_ => (float)((random.NextDouble() * 2) - 1))], values = [.. x, 0, 0];
        new RealFourier(length).Transform(values);
        for (int k = 0; k <= length / 2; k++)
        {
            double real = 0, imaginary = 0;
            for (int n = 0; n < length; n++)
            {
                real += x[n] * Math.Cos(2 * Math.PI * k * n / length);
                imaginary -= x[n] * Math.Sin(2 * Math.PI * k * n / length);
            }

            Assert.Equal(real, values[2 * k], 1e-4);
            Assert.Equal(imaginary, values[(2 * k) + 1], 1e-4);
        }
    }

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MelFeatures(new MelSettings(8000, 2, 40, 0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MelFeatures(new MelSettings(8000, 200, 10, 11)));
        Assert.Throws<ArgumentException>(() => new MelFeatures(new MelSettings(8000, 200, 10, 0)).Compute(new float[199], new float[10]));
    }
}
