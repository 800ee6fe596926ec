using EdgeLearn.Benchmarks;
using Xunit;

namespace EdgeLearn.Tests;

public class RivalTests
{
    static RivalEntry Entry(params double[] result) => new(new LoopContender("rival", _ => { }), result);

    [Fact]
    public void Numbers_that_agree_to_a_ten_thousandth_are_the_same_work() => Assert.Null(Entry(2.0, 1e-3).Disagreement([2.00019, 1.1e-3]));

    [Fact]
    public void Numbers_that_differ_get_no_ratio()
    => Assert.StartsWith("no ratio: its numbers differ from ours by 0.0002", Entry(1.0).Disagreement([1.0002]));

    [Fact]
    public void Another_count_of_numbers_gets_no_ratio()
    => Assert.StartsWith("no ratio: it gave 1 numbers, we gave 2", Entry(1.0).Disagreement([1.0, 2.0]));

    [Fact]
    public void A_loss_that_is_no_number_gets_no_ratio() => Assert.NotNull(Entry(double.NaN).Disagreement([1.0]));

    [Fact]
    public void A_rival_with_other_work_is_not_compared() => Assert.Null(Entry().Disagreement([1.0]));
}
