using Xunit;

namespace EdgeLearn.Tests;

public class PartitionTests
{
    static readonly int[] s_labels = [.. Enumerable.Range(0, 6000).Select(i => i * 7 % 10)];

    [Fact]
    public void Golden_parts_of_a_second_implementation()
    {
        // Printed by tests/Reference/data_order.py.
        int[] labels = [.. Enumerable.Range(0, 24).Select(i => i % 3)];
        Assert.Equal(
            [[2, 5, 8, 14, 16, 17, 19, 20, 21, 23], [4, 9, 12, 18], [0, 3], [1, 6, 7, 10, 11, 13, 15, 22]],
            Partition.Dirichlet(labels, 4, 0.5, 11));
        Assert.Equal(
            [[22], [2, 5, 11, 17, 20, 23], [1, 4, 7, 8, 10, 13, 14, 16, 19], [0, 3, 6, 9, 12, 15, 18, 21]],
            Partition.Dirichlet(labels, 4, 0.01, 5));
        int[][] parts = Partition.Dirichlet(s_labels, 4, 1, 1);
        Assert.Equal([1765, 1524, 1272, 1439], parts.Select(p => p.Length));
        Assert.Equal([5400344, 4585557, 3760963, 4250136], parts.Select(p => p.Sum()));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 0.5)]
    [InlineData(7, 1e-6)]
    [InlineData(100, 0.001)]
    [InlineData(6000, 0.1)]
    [InlineData(3, 1e12)]
    public void Dirichlet_covers_every_sample_once_and_leaves_no_part_empty(int parts, double alpha)
    {
        for (ulong seed = 0; seed < 5; seed++) CheckCover(Partition.Dirichlet(s_labels, parts, alpha, seed), s_labels.Length, parts);
    }

    [Fact]
    public void A_large_alpha_shares_equally_and_a_small_one_gives_each_class_to_one_device()
    {
        foreach (int[] part in Partition.Dirichlet(s_labels, 4, 1e9, 2))
        {
            for (int c = 0; c < 10; c++) Assert.InRange(part.Count(i => s_labels[i] == c), 149, 151);
        }

        int[][] skewed = Partition.Dirichlet(s_labels, 4, 1e-4, 2);

        // Fewer than 4 samples move to devices that got no class.
        for (int c = 0; c < 10; c++) Assert.InRange(skewed.Max(part => part.Count(i => s_labels[i] == c)), 597, 600);
    }

    [Fact]
    public void The_spread_of_shares_is_that_of_a_Dirichlet_distribution()
    {
        // A share p of Dirichlet(alpha) over k devices has mean 1/k and variance (1/k)(1 - 1/k) / (k alpha + 1).
        const int Devices = 4;
        const double Alpha = 0.7;
        const int Trials = 400;
        double sum = 0, squares = 0;
        for (ulong seed = 0; seed < Trials; seed++)
        {
            int[][] parts = Partition.Dirichlet(s_labels, Devices, Alpha, seed);
            for (int c = 0; c < 10; c++)
            {
                double share = parts[1].Count(i => s_labels[i] == c) / 600.0;
                sum += share;
                squares += share * share;
            }
        }

        const int Shares = Trials * 10;
        double variance = (squares / Shares) - (sum / Shares * (sum / Shares));
        double expected = 0.25 * 0.75 / ((Devices * Alpha) + 1);
        Assert.Equal(0.25, sum / Shares, 0.02);
        Assert.Equal(1, variance / expected, 0.1);
    }

    [Fact]
    public void Gamma_numbers_have_the_mean_and_variance_of_their_shape()
    {
        foreach (double shape in (double[])[0.2, 0.9, 1, 3.5])
        {
            var sampler = new GammaSampler(6);
            double sum = 0, squares = 0;
            const int Count = 200_000;
            for (int i = 0; i < Count; i++)
            {
                double g = Math.Exp(sampler.NextLog(shape));
                sum += g;
                squares += g * g;
            }

            double mean = sum / Count;
            Assert.Equal(1, mean / shape, 0.02);
            Assert.Equal(1, ((squares / Count) - (mean * mean)) / shape, 0.05);
        }
    }

    [Fact]
    public void Iid_parts_differ_in_size_by_at_most_one_and_mix_the_classes()
    {
        int[][] parts = Partition.Iid(6001, 7, 3);
        CheckCover(parts, 6001, 7);
        Assert.Equal(1, parts.Max(p => p.Length) - parts.Min(p => p.Length));
        int[][] halves = Partition.Iid(s_labels.Length, 2, 3);

        // Hypergeometric: 300 expected of 600, deviation 11.6.
        for (int c = 0; c < 10; c++) Assert.InRange(halves[0].Count(i => s_labels[i] == c), 240, 360);
        Assert.NotEqual(halves[0], Partition.Iid(s_labels.Length, 2, 4)[0]);
    }

    [Fact]
    public void A_group_is_never_torn()
    {
        int[] groups = [.. Enumerable.Range(0, 1000).Select(i => (i * 31 % 57) - 20)];
        int[][] parts = Partition.ByGroup(groups, 5, 1);
        CheckCover(parts, groups.Length, 5);
        var partOf = new Dictionary<int, int>();
        for (int part = 0; part < 5; part++)
        {
            foreach (int i in parts[part])
            {
                partOf.TryAdd(groups[i], part);
                Assert.Equal(part, partOf[groups[i]]);
            }
        }

        Assert.Equal([12, 12, 11, 11, 11], Enumerable.Range(0, 5).Select(p => partOf.Values.Count(v => v == p)));
    }

    [Fact]
    public void Impossible_shares_are_refused()
    {
        Assert.Contains("use at most 3", Assert.Throws<EdgeLearnException>(() => Partition.Iid(3, 4, 0)).Message);
        Assert.Throws<EdgeLearnException>(() => Partition.Iid(3, 0, 0));
        Assert.Throws<EdgeLearnException>(() => Partition.Dirichlet([0, 1], 2, 0, 0));
        Assert.Throws<EdgeLearnException>(() => Partition.Dirichlet([0, 1], 2, double.NaN, 0));
        Assert.Throws<EdgeLearnException>(() => Partition.Dirichlet([0, -1], 2, 1, 0));
        Assert.Contains("2 groups", Assert.Throws<EdgeLearnException>(() => Partition.ByGroup([5, 5, 9], 3, 0)).Message);
    }

    static void CheckCover(int[][] parts, int count, int partCount)
    {
        Assert.Equal(partCount, parts.Length);
        Assert.All(parts, part => Assert.NotEmpty(part));
        Assert.All(parts, part => Assert.Equal(part.Order(), part));
        Assert.Equal(Enumerable.Range(0, count), parts.SelectMany(p => p).Order());
    }
}
