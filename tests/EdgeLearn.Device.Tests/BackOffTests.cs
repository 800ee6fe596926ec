using EdgeLearn.Device;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class BackOffTests
{
    [Fact]
    public void Waits_are_uniform_below_a_limit_that_doubles_up_to_the_cap()
    {
        double[] sums = new double[8];
        for (int run = 0; run < 2000; run++)
        {
            var backOff = new BackOff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
            for (int i = 0; i < sums.Length; i++)
            {
                double limit = Math.Min(10, 1 << i), wait = backOff.Next().TotalSeconds;
                Assert.InRange(wait, 0, limit);
                sums[i] += wait / limit;
            }
        }

        // The mean of 2000 uniform numbers is 0.5 with a standard error of 0.0065.
        Assert.All(sums, sum => Assert.InRange(sum / 2000, 0.46, 0.54));
    }
}
