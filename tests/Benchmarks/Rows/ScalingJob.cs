using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>
/// Time a weight of nets of growing size, all in turns: flat as far as the algorithm goes; steps are those of the caches.
/// </summary>
sealed class ScalingJob() : BenchJob("scaling", "scaling")
{
    static readonly string[] s_ids = ["S4", "S5", "S6", "S7"];
    const int Reference = 2;

    public override double EstimatedSeconds(BenchContext context) => SecondsOf(PaceOf(context), s_ids.Length) * 1.5;

    public override IReadOnlyList<BenchRow> Run(BenchContext context)
    {
        PreparedWorkload[] works = [.. s_ids.Select(id => new PreparedWorkload(Workloads.Named(id)))];
        try
        {
            double[][] times = Interleaving.Measure([.. works.Select(StepJob.Own)], PaceOf(context), context.Stop);
            double[][] perWeight = [
                .. times.Select((values, i) => values.Select(us => us * 1e3 / works[i].Network.Parameters.Length).ToArray())];
            return [.. works.Select((work, i) => Row(work, times[i], perWeight[i], perWeight[Reference]))];
        }
        finally
        {
            foreach (var work in works) work.Dispose();
        }
    }

    static Pace PaceOf(BenchContext context) => context.StepPace with { Cycles = 1 };

    BenchRow Row(PreparedWorkload work, double[] us, double[] own, double[] reference)
    {
        var ratio = Spread.OfRatio(reference, own);
        return new BenchRow
        {
            Name = string.Create(CultureInfo.InvariantCulture,
                $"{work.Workload.Id} {work.Workload.Network}, {work.Network.Parameters.Length:N0} weights"),
            Section = Section,
            Unit = "ns a weight",
            Ours = Spread.Of(own).Median,
            Peer = s_ids[Reference],
            Theirs = Spread.Of(reference).Median,
            Ratio = ratio.Median,
            RatioMin = ratio.Min,
            RatioMax = ratio.Max,
            TargetText = "0.8 to 1.2",
            Met = ratio.Median is >= 0.8 and <= 1.2,
            PlannedBytes = work.Plan.TotalBytes,
            Note = string.Create(CultureInfo.InvariantCulture, $"a step takes {Spread.Of(us).Median:N0} us"),
        };
    }
}
