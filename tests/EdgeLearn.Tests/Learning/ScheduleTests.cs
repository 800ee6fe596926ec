using Xunit;

namespace EdgeLearn.Tests;

public class ScheduleTests
{
    static float[] Factors(Schedule schedule, int count) => [.. Enumerable.Range(0, count).Select(step => schedule.FactorAt(step))];

    [Fact]
    public void Constant_is_one() => Assert.Equal([1f, 1f, 1f, 1f], Factors(new Schedule(ScheduleKind.Constant, 4), 4));

    [Fact]
    public void Linear_falls_from_one_and_would_reach_zero_one_step_after_the_last()
    => Assert.Equal([1f, 0.75f, 0.5f, 0.25f, 0f, 0f], Factors(new Schedule(ScheduleKind.Linear, 4), 6));

    [Fact]
    public void Cosine_falls_through_a_half_in_the_middle()
    {
        float[] factors = Factors(new Schedule(ScheduleKind.Cosine, 4), 5);
        double[] expected = [1, (1 + Math.Sqrt(0.5)) / 2, 0.5, (1 - Math.Sqrt(0.5)) / 2, 0];
        for (int i = 0; i < 5; i++) Assert.Equal(expected[i], factors[i], 1e-7);
    }

    [Fact]
    public void Warm_up_rises_to_one_and_the_shape_follows_in_what_is_left()
        => Assert.Equal([0.25f, 0.5f, 0.75f, 1f, 0.75f, 0.5f, 0.25f], Factors(new Schedule(ScheduleKind.Linear, 7, 3), 7));

    [Theory]
    [InlineData(ScheduleKind.Linear)]
    [InlineData(ScheduleKind.Cosine)]
    public void No_step_within_the_run_is_wasted_and_none_is_larger_than_the_one_before(ScheduleKind kind)
    {
        var schedule = new Schedule(kind, 100_000);
        float last = 2;
        for (long step = 0; step < 100_000; step++)
        {
            float factor = schedule.FactorAt(step);
            Assert.True(factor > 0 && factor <= last);
            last = factor;
        }
    }

    [Fact]
    public void The_mean_of_the_linear_schedule_is_half_a_step_above_one_half()
        => Assert.Equal(0.5 * 1001 / 1000, Factors(new Schedule(ScheduleKind.Linear, 1000), 1000).Average(f => (double)f), 1e-6);

    [Fact]
    public void A_run_that_is_all_warm_up_divides_by_no_zero() => Assert.Equal(0, new Schedule(ScheduleKind.Linear, 3, 3).FactorAt(4));
}
