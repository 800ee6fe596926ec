using EdgeLearn.Device;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class DataShareTests
{
    static readonly MemoryDataset s_data = new(
        [.. Enumerable.Range(0, 500).Select(i => (float)i)], [.. Enumerable.Range(0, 500).Select(i => i % 5)], Shape.Vector(1));

    [Theory]
    [InlineData(null)]
    [InlineData(0.5)]
    public void Parts_with_what_they_hold_out_cover_the_set_once(double? alpha)
    {
        var seen = new List<int>();
        for (int part = 1; part <= 4; part++)
        {
            var (training, heldOut) = new DataShare
            {
                Part = part,
                PartCount = 4,
                Alpha = alpha,
                Seed = 3,
                HeldOutFraction = 0.2
            }.Split(s_data);
            Assert.Equal((training.Count + heldOut!.Count) / 5, heldOut.Count);
            for (int i = 0; i < training.Count; i++) seen.Add(training.SourceRow(i));
            for (int i = 0; i < heldOut.Count; i++) seen.Add(heldOut.SourceRow(i));
        }

        Assert.Equal(Enumerable.Range(0, 500), seen.Order());
    }

    [Fact]
    public void A_group_stays_on_one_board()
    {
        int[] groups = [.. Enumerable.Range(0, 500).Select(i => i * 7 % 10)];
        var boardOf = new Dictionary<int, int>();
        int count = 0;
        for (int part = 1; part <= 4; part++)
        {
            var (training, heldOut) = new DataShare
            {
                Part = part,
                PartCount = 4,
                Groups = groups,
                Seed = 3,
                HeldOutFraction = 0.2
            }.Split(s_data);
            foreach (var view in (DatasetView[])[training, heldOut!])
            {
                for (int i = 0; i < view.Count; i++) Assert.Equal(part, boardOf.GetValueOrDefault(groups[view.SourceRow(i)], part));
                for (int i = 0; i < view.Count; i++) boardOf[groups[view.SourceRow(i)]] = part;
                count += view.Count;
            }
        }

        // Ten groups, dealt out in turn.
        Assert.Equal([2, 2, 3, 3], boardOf.Values.CountBy(part => part).Select(pair => pair.Value).Order());
        Assert.Equal(500, count);
    }

    [Fact]
    public void Groups_that_do_not_fit_are_one_clear_line()
    {
        var share = new DataShare { Part = 1, PartCount = 4, Groups = [.. Enumerable.Range(0, 500)] };
        Assert.Contains("by label and by group", Assert.Throws<EdgeLearnException>(() => (share with { Alpha = 1 }).Split(s_data)).Message,
            StringComparison.Ordinal);
        Assert.Contains("one group an example",
            Assert.Throws<EdgeLearnException>(() => (share with { Groups = [1, 2, 3, 4] }).Split(s_data)).Message,
            StringComparison.Ordinal);
        Assert.Contains("2 groups",
            Assert.Throws<EdgeLearnException>(() =>
            (share with { Groups = [.. Enumerable.Range(0, 500).Select(i => i % 2)] }).Split(s_data)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_held_out_part_everything_is_trained_on()
    {
        var (training, heldOut) = new DataShare { HeldOutFraction = 0 }.Split(s_data);
        Assert.Null(heldOut);
        Assert.Equal(500, training.Count);
    }

    [Theory]
    [InlineData(0, 4, 0.1, "part 0/4")]
    [InlineData(5, 4, 0.1, "part 5/4")]
    [InlineData(1, 1, -0.1, "held-out fraction")]
    [InlineData(1, 1, 1.0, "held-out fraction")]
    [InlineData(1, 1, double.NaN, "held-out fraction")]
    public void A_share_that_does_not_exist_is_one_clear_line(int part, int count, double fraction, string expected)
    {
        var e = Assert.Throws<EdgeLearnException>(() =>
            new DataShare { Part = part, PartCount = count, HeldOutFraction = fraction }.Split(s_data));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    public void Of_several_groups_whole_ones_are_held_out(int part, int parts)
    {
        for (ulong seed = 0; seed < 10; seed++)
        {
            int[] groups = [.. Enumerable.Range(0, s_data.Count).Select(i => i * 31 % 97 % 12)];
            var share = new DataShare { Part = part, PartCount = parts, Groups = groups, HeldOutFraction = 0.2, Seed = seed };
            var (training, heldOut) = share.Split(s_data);
            HashSet<int> Of(DatasetView view) => [.. Enumerable.Range(0, view.Count).Select(i => groups[view.SourceRow(i)])];
            HashSet<int> learned = Of(training), scored = Of(heldOut!);
            Assert.Empty(learned.Intersect(scored));
            Assert.InRange(heldOut!.Count / (double)(heldOut.Count + training.Count), 0.05, 0.4);
        }

        var single = new DataShare { Groups = new int[s_data.Count], HeldOutFraction = 0.2 };
        Assert.Equal((int)(s_data.Count * 0.2), single.Split(s_data).HeldOut!.Count); // one person's board is judged by samples
    }
}
