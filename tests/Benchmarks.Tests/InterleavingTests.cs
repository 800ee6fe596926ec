using System.Diagnostics;
using EdgeLearn.Benchmarks;
using Xunit;

namespace EdgeLearn.Tests;

public class InterleavingTests
{
    sealed class Scripted(string name, List<string> log, params double[] times) : Contender(name)
    {
        int _turn;

        public override void BeginRound() => log.Add($"{Name}!");

        public override double MedianMicroseconds(double blockMs)
        {
            log.Add(Name);
            return times[_turn++];
        }
    }

    [Fact]
    public void Contenders_take_turns_within_every_cycle_of_every_round()
    {
        List<string> log = [];
        Contender a = new Scripted("a", log, new double[5]), b = new Scripted("b", log, new double[5]);
        Interleaving.Measure([a, b], new Pace(Rounds: 2, Cycles: 2, BlockMs: 1), TestContext.Current.CancellationToken);
        Assert.Equal("a! b! a b | a! b! a b a b | a! b! a b a b".Replace(" |", ""), string.Join(' ', log));
    }

    [Fact]
    public void A_value_is_the_median_of_the_turns_of_its_round_and_the_warm_up_is_dropped()
    {
        var a = new Scripted("a", [], 100, 1, 9, 3, 4, 6, 5);
        double[][] values = Interleaving.Measure([a], new Pace(Rounds: 2, Cycles: 3, BlockMs: 1), TestContext.Current.CancellationToken);
        Assert.Equal([3.0, 5.0], values[0]);
    }

    [Fact]
    public void A_stop_ends_the_measurement()
    => Assert.Throws<OperationCanceledException>(() =>
        Interleaving.Measure([new Scripted("a", [], 1)], new Pace(1, 1, 1), new CancellationToken(canceled: true)));

    [Fact]
    public void A_loop_times_steps_and_not_slices()
    {
        long steps = 0;
        var loop = new LoopContender("steps", count =>
        {
            steps += count;
            Thread.SpinWait(count * 10);
        });
        long begin = Stopwatch.GetTimestamp();
        double microseconds = loop.MedianMicroseconds(2);
        // Half of the slices took the median or more, and finding their length takes three of them and a step: all steps at the median take
        // at most ten times what all took, whatever the machine did between. The time of a slice would be that of hundreds of steps.
        Assert.InRange(microseconds * steps, 1e-6, 10 * Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
    }
}
