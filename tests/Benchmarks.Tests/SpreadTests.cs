using EdgeLearn.Benchmarks;
using Xunit;

namespace EdgeLearn.Tests;

public class SpreadTests
{
    [Fact]
    public void An_odd_number_of_values_has_the_middle_one_as_median() => Assert.Equal(new Spread(3, 1, 9), Spread.Of([9, 1, 3]));

    [Fact]
    public void An_even_number_of_values_has_the_mean_of_the_middle_two() => Assert.Equal(new Spread(2.5, 1, 9), Spread.Of([9, 2, 1, 3]));

    [Fact]
    public void One_value_is_its_own_spread() => Assert.Equal(new Spread(7, 7, 7), Spread.Of([7]));

    [Fact]
    public void A_ratio_is_taken_inside_each_round_before_it_is_summarised()
    {
        // The machine was twice as slow in the second round for both: the ratio of the medians would be 3, that of each round is 2.
        var ratio = Spread.OfRatio([2, 40, 6], [1, 20, 3]);
        Assert.Equal(new Spread(2, 2, 2), ratio);
    }

    [Fact]
    public void Ratios_of_different_lengths_are_refused() => Assert.Throws<ArgumentException>(() => Spread.OfRatio([1, 2], [1]));

    [Fact]
    public void A_quantile_is_the_value_that_the_fraction_stays_below()
    {
        double[] sorted = [.. Enumerable.Range(0, 1000).Select(i => (double)i)];
        Assert.Equal((500.0, 990.0, 999.0), (Spread.Quantile(sorted, 0.5), Spread.Quantile(sorted, 0.99), Spread.Quantile(sorted, 1)));
    }
}
