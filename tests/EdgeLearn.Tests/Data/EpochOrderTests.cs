using Xunit;

namespace EdgeLearn.Tests;

public class EpochOrderTests
{
    [Fact]
    public void Golden_orders_of_a_second_implementation()
    {
        // Printed by tests/Reference/data_order.py.
        Assert.Equal([7, 3, 2, 1, 8, 9, 4, 6, 0, 5], Take(7, 0, 10, 10));
        Assert.Equal([9, 1, 0, 7, 8, 4, 3, 6, 2, 5], Take(7, 1, 10, 10));
        Assert.Equal([81, 36, 4, 32, 48, 7, 0, 64], Take(1, 0, 100, 8));
        Assert.Equal([45715, 7776, 7789, 54094, 10688, 9395, 48668, 36398], Take(42, 3, 60_000, 8));
    }

    [Fact]
    public void It_is_a_bijection_for_every_small_count_and_some_large()
    {
        foreach (int count in Enumerable.Range(1, 300).Concat([1023, 1024, 1025, 60_000, 65_536, 65_537, 100_000]))
        {
            bool[] seen = new bool[count];
            foreach (int index in Take(5, (ulong)count, count, count))
            {
                Assert.False(seen[index]);
                seen[index] = true;
            }
        }
    }

    [Fact]
    public void The_largest_count_has_an_order()
    {
        var order = new EpochOrder(1, 2, int.MaxValue);
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(i => order[int.MaxValue - 1 - i]).Distinct().Count());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void All_orders_of_few_samples_come_equally_often(int count)
    {
        var seen = new Dictionary<int, int>();
        const int Seeds = 48_000;
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            int key = Take(seed, 0, count, count).Aggregate(0, (k, index) => (k * 8) + index);
            seen[key] = seen.GetValueOrDefault(key) + 1;
        }

        int orders = Enumerable.Range(1, count).Aggregate(1, (product, i) => product * i);
        double expected = (double)Seeds / orders;
        double chiSquared = seen.Values.Sum(n => (n - expected) * (n - expected) / expected) + ((orders - seen.Count) * expected);

        // Mean is orders - 1, variance twice that; five deviations.
        Assert.InRange(chiSquared, 0, orders - 1 + (5 * Math.Sqrt(2.0 * (orders - 1))));
    }

    [Theory]
    [InlineData(70)]
    [InlineData(1000)]
    [InlineData(60_000)]
    public void Neighbours_and_epochs_are_uncorrelated(int count)
    {
        // The correlation of n independent pairs has deviation 1/sqrt(n).
        double bound = 5 / Math.Sqrt(count);
        double[] first = Ranks(0);
        double[] second = Ranks(1);
        double[] positions = [.. Enumerable.Range(0, count).Select(i => (double)i)];
        Assert.InRange(Correlation(first, positions), -bound, bound);
        Assert.InRange(Correlation(first, second), -bound, bound);
        Assert.InRange(Correlation(first[1..], first[..^1]), -bound, bound);

        double[] Ranks(ulong epoch) => [.. Take(9, epoch, count, count).Select(i => (double)i)];
    }

    [Fact]
    public void A_position_outside_is_refused()
    {
        var order = new EpochOrder(0, 0, 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => order[5]);
        Assert.Throws<ArgumentOutOfRangeException>(() => order[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new EpochOrder(0, 0, 0));
    }

    static double Correlation(double[] a, double[] b)
    {
        double meanA = a.Average(), meanB = b.Average();
        double ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Length; i++)
        {
            ab += (a[i] - meanA) * (b[i] - meanB);
            aa += (a[i] - meanA) * (a[i] - meanA);
            bb += (b[i] - meanB) * (b[i] - meanB);
        }

        return ab / Math.Sqrt(aa * bb);
    }

    static int[] Take(ulong seed, ulong epoch, int count, int take)
    {
        var order = new EpochOrder(seed, epoch, count);
        int[] taken = new int[take];
        for (int i = 0; i < take; i++) taken[i] = order[i];
        return taken;
    }
}
