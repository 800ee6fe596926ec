using Xunit;

namespace EdgeLearn.Tests;

public class PortableMathTests
{
    [Fact]
    public void Log_and_Exp_follow_the_library_within_rounding()
    {
        var random = new SplitMix64(8);
        for (int i = 0; i < 100_000; i++)
        {
            double u = random.NextDouble();
            double x = u * Math.Pow(10, (random.NextDouble() * 40) - 20);
            Assert.Equal(0, RelativeError(PortableMath.Log(x), Math.Log(x)), 4e-16);
            double y = -u * 700;
            Assert.Equal(0, RelativeError(PortableMath.Exp(y), Math.Exp(y)), 6e-16);
        }
    }

    [Fact]
    public void Special_points_are_exact()
    {
        Assert.Equal(0, PortableMath.Log(1));
        Assert.Equal(1, PortableMath.Exp(0));
        Assert.Equal(0, PortableMath.Exp(-1000));
        Assert.Equal(0, PortableMath.Exp(double.NegativeInfinity));
    }

    static double RelativeError(double actual, double expected) => (actual - expected) / Math.Max(Math.Abs(expected), 1e-300);
}
