using EdgeLearn.Device;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class ModelScoreTests
{
    // Two standard errors of a difference of two shares of 0.8 and 0.7 on 1000: 2 sqrt(.16/1000 + .21/1000) = 0.0385.
    [Theory]
    [InlineData(0.80, 0.80, 1000, false)]
    [InlineData(0.80, 0.72, 1000, false)]
    [InlineData(0.80, 0.70, 1000, true)]
    [InlineData(0.80, 0.70, 50, false)]
    [InlineData(0.10, 0.95, 1000, false)]
    public void Accuracy_must_fall_by_more_than_the_margin_and_chance(double before, double after, int count, bool worse)
    {
        var old = new ModelScore(before, 1, count);
        Assert.Equal(worse, new ModelScore(after, 9, count).IsWorseThan(old, 0.05));
    }

    [Theory]
    [InlineData(1.4, false)]
    [InlineData(1.6, true)]
    [InlineData(double.NaN, true)]
    [InlineData(double.PositiveInfinity, true)]
    public void Without_classes_the_loss_decides(double after, bool worse) =>
        Assert.Equal(worse, new ModelScore(null, after, 10).IsWorseThan(new ModelScore(null, 1, 10), 0.05));

    [Fact]
    public void A_first_model_is_worse_only_when_its_loss_is_not_finite()
    {
        Assert.False(new ModelScore(0.1, 3, 10).IsWorseThan(default, 0.05));
        Assert.True(new ModelScore(0.1, double.NaN, 10).IsWorseThan(default, 0.05));
    }
}
