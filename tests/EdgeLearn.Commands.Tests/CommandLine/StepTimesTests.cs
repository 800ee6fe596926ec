using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

public class StepTimesTests
{
    [Fact]
    public void Quantiles_are_within_a_bin_of_the_sorted_times()
    {
        var random = new Random(7);
        var times = new StepTimes();
        double[] all = [.. Enumerable.Range(0, 5001).Select(_ => Math.Exp(4 * random.NextDouble()) / 10)];
        foreach (double ms in all) times.Add(ms);
        Array.Sort(all);
        foreach (double fraction in new[] { 0, 0.5, 0.99, 0.999 })
            Assert.InRange(times.Quantile(fraction) / all[(int)(fraction * all.Length)], 0.988, 1.012);
    }

    [Fact]
    public void Extremes_stay_in_the_first_and_last_bin()
    {
        var times = new StepTimes();
        Assert.Equal(0, times.Quantile(0.5));
        times.Add(0);
        Assert.InRange(times.Quantile(1), 1e-3, 1.02e-3);
        times.Add(1e12);
        Assert.InRange(times.Quantile(1), 1e8, 2e8);
        Assert.Equal(2, times.Count);
    }

    [Fact]
    public void Adding_allocates_nothing()
    {
        var times = new StepTimes();
        times.Add(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) times.Add(i * 0.1);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
