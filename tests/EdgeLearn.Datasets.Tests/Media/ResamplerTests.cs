using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public class ResamplerTests
{
    // A tone that both rates carry is the same tone at the other rate.
    [Theory]
    [InlineData(44100, 16000, 1000)]
    [InlineData(44100, 16000, 6500)]
    [InlineData(8000, 16000, 440)]
    [InlineData(8000, 11025, 3000)]
    [InlineData(48000, 7999, 1234)]
    public void A_tone_keeps_its_place_and_strength(int from, int to, double hertz)
    {
        float[] tone = Tone(from, from / 4, hertz), results = new float[Resampler.Count(tone.Length, from, to)];
        new Resampler(from, to).Run(tone, results);
        // At the ends the silence outside is heard.
        for (int i = results.Length / 4; i < results.Length * 3 / 4; i++)
            Assert.Equal(Math.Sin(2 * Math.PI * hertz * i / to), results[i], 1e-3);
    }

    [Theory]
    [InlineData(44100, 16000, 8050)]
    [InlineData(44100, 16000, 12000)]
    [InlineData(48000, 8000, 20000)]
    public void A_tone_that_the_lower_rate_does_not_carry_is_gone(int from, int to, double hertz)
    {
        float[] tone = Tone(from, from / 4, hertz), results = new float[Resampler.Count(tone.Length, from, to)];
        new Resampler(from, to).Run(tone, results);
        for (int i = results.Length / 4; i < results.Length * 3 / 4; i++) Assert.InRange(results[i], -1e-3, 1e-3);
    }

    [Fact]
    public void The_first_results_need_the_first_samples_alone()
    {
        float[] tone = Tone(44100, 20000, 700), all = new float[1000], part = new float[1000];
        var resampler = new Resampler(44100, 16000);
        resampler.Run(tone, all);
        resampler.Run(tone.AsSpan(0, (int)resampler.Needed(1000)), part);
        Assert.Equal(all, part);
    }

    static float[] Tone(int rate, int count, double hertz)
        => [.. Enumerable.Range(0, count).Select(n => (float)Math.Sin(2 * Math.PI * hertz * n / rate))];
}
