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
        // A tenth of a microsecond a step, by a clock that nothing but steps puts forward.
        var clock = new ManualClock();
        var loop = new LoopContender("steps", count => clock.Nanoseconds += count * 100, clock: clock);
        Assert.Equal(0.1, loop.MedianMicroseconds(2), 1e-12);
        Assert.InRange(clock.Nanoseconds, 2_000_000, 3_000_000);
    }

    sealed class ManualClock : TimeProvider
    {
        public long Nanoseconds { get; set; }

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => Nanoseconds;
    }
}
