using System.Diagnostics;
using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>
/// How even the steps of an online learner are: p99 / p50 of single steps beside that of the C loop, in turns of a thousand steps.
/// </summary>
sealed class LatencyJob(string id) : BenchJob("latency", "online")
{
    const int Turn = 1000, StepsPerRound = 20_000;

    public override double EstimatedSeconds(BenchContext context) => 1 + Rounds(context) * StepsIn(context) * 80e-6;

    public override IReadOnlyList<BenchRow> Run(BenchContext context)
    {
        using var work = new PreparedWorkload(Workloads.Named(id));
        if (context.Loops is not { } loops || !OnlineNet.Fits(loops, work)) return [];
        using var net = new OnlineNet(loops, work);
        int rounds = Rounds(context), steps = StepsIn(context);
        double[] own = new double[rounds];
        double[] other = new double[rounds];
        double[] ratios = new double[rounds];
        long[] ours = new long[steps];
        long[] theirs = new long[steps];
        string last = "";
        for (int round = 0; round < rounds; round++)
        {
            work.Reset();
            net.Reset();
            for (int i = 0; i < steps; i += Turn)
            {
                context.Stop.ThrowIfCancellationRequested();
                Times(work, ours.AsSpan(i, Turn));
                net.Times(theirs.AsSpan(i, Turn));
            }

            var (p50, p99) = Quantiles(ours);
            var (peer50, peer99) = Quantiles(theirs);
            own[round] = p99 / p50;
            other[round] = peer99 / peer50;
            last = string.Create(CultureInfo.InvariantCulture, $"last round: p50 {p50:F1}, p99 {p99:F1} us; C {peer50:F1}, {peer99:F1} us");
        }

        var ratio = Spread.OfRatio(other, own);
        return
        [
            new BenchRow
            {
                Name = $"{id} p99 / p50 of {steps:N0} single steps",
                Section = Section,
                Unit = "x",
                Ours = Spread.Of(own).Median,
                Peer = "hand-written C",
                Theirs = Spread.Of(other).Median,
                Ratio = ratio.Median,
                RatioMin = ratio.Min,
                RatioMax = ratio.Max,
                Target = 1 / 1.15,
                TargetText = "<= 1.15 of its",
                Note = last,
            },
        ];
    }

    static int Rounds(BenchContext context) => context.Quick ? 5 : 9;

    static int StepsIn(BenchContext context) => context.Quick ? StepsPerRound / 5 : StepsPerRound;

    static void Times(PreparedWorkload work, Span<long> ns)
    {
        long before = Stopwatch.GetTimestamp();
        for (int i = 0; i < ns.Length; i++)
        {
            work.Step();
            long now = Stopwatch.GetTimestamp();
            ns[i] = now - before;
            before = now;
        }
    }

    static (double P50, double P99) Quantiles(long[] ticks)
    {
        double[] sorted = [.. ticks.Select(tick => (double)tick * 1e6 / Stopwatch.Frequency)];
        Array.Sort(sorted);
        return (Spread.Quantile(sorted, 0.5), Spread.Quantile(sorted, 0.99));
    }
}
