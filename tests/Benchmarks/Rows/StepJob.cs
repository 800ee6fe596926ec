using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>
/// A step of one of our workloads against its rivals, all from the same weights on the same batch. A rival whose numbers disagree gets no
/// ratio.
/// </summary>
/// <param name="id">of the workload</param>
/// <param name="section">part of the report</param>
/// <param name="rivals">who it is held against</param>
sealed class StepJob(string id, string section, params Rival[] rivals) : BenchJob(id, section)
{
    const int CheckedSteps = 10, AllocationSteps = 100;

    public override double EstimatedSeconds(BenchContext context) => SecondsOf(context.StepPace, rivals.Length + 1) + 0.3;

    public override IReadOnlyList<BenchRow> Run(BenchContext context)
    {
        using var work = new PreparedWorkload(Workloads.Named(Name));
        double[] result = OwnResult(work);
        var entrants = new List<(Rival Rival, RivalEntry Entry)>();
        try
        {
            foreach (var rival in rivals)
            {
                if (rival.Enter(context, work, CheckedSteps) is { } entry) entrants.Add((rival, entry));
            }

            return entrants.Count == 0 ? [] : Measure(context, work, result, entrants);
        }
        finally
        {
            foreach (var (_, entry) in entrants) entry.Dispose();
        }
    }

    IReadOnlyList<BenchRow> Measure(BenchContext context, PreparedWorkload work, double[] result,
        List<(Rival Rival, RivalEntry Entry)> entrants)
    {
        var contenders = new List<Contender> { Own(work) };
        contenders.AddRange(entrants.Select(entrant => entrant.Entry.Contender));
        var peak = context.Peak();
        if (peak is not null) contenders.Add(peak);
        double[][] times = Interleaving.Measure(contenders, context.StepPace, context.Stop);
        double? peakGflops = peak is null ? null : Spread.Of([.. times[^1].Select(peak.GflopsOf)]).Median;
        double allocated = AllocatedBytes(work);
        return [.. entrants.Select((entrant, i) =>
            Row(work, context, times[0], times[i + 1], entrant.Rival, entrant.Entry, result,
            peakGflops) with { AllocatedBytes = allocated })];
    }

    /// <summary>A workload as a contender.</summary>
    public static Contender Own(PreparedWorkload work) => new LoopContender("EdgeLearn", count => Steps(work, count), work.Reset);

    static void Steps(PreparedWorkload work, int count)
    {
        for (int i = 0; i < count; i++) work.Step();
    }

    // The loss of the last of a few steps or, for inference, the outputs.
    static double[] OwnResult(PreparedWorkload work)
    {
        double loss = 0;
        for (int i = 0; i < CheckedSteps; i++) loss = work.Step();
        double[] result = work.Workload is { Rule: null, IsProbed: false } ? [.. work.Outputs.ToArray()] : [loss];
        work.Reset();
        return result;
    }

    static double AllocatedBytes(PreparedWorkload work)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Steps(work, AllocationSteps);
        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / AllocationSteps;
    }

    BenchRow Row(PreparedWorkload work, BenchContext context, double[] ours, double[] theirs, Rival rival, RivalEntry entry,
        double[] result, double? peakGflops)
    {
        var count = WorkCount.Of(work.Workload);
        double peerUs = Spread.Of(theirs).Median;
        var ratio = Spread.OfRatio(theirs, ours);
        string? disagreement = entry.Disagreement(result);
        var (limitUs, limit) = LimitUs(context.Limits, count, peakGflops);
        return new BenchRow
        {
            Name = $"{Name} {Verb(work.Workload)}",
            Section = Section,
            OursUs = Spread.Of(ours).Median,
            Peer = rival.Name,
            PeerUs = peerUs,
            Ratio = disagreement is null ? ratio.Median : null,
            RatioMin = disagreement is null ? ratio.Min : null,
            RatioMax = disagreement is null ? ratio.Max : null,
            Target = rival.Target,
            TargetText = rival.TargetText,
            Ceiling = limitUs is { } us && entry.HasOwnLimit ? peerUs / us : null,
            CeilingLimit = entry.HasOwnLimit ? limit : null,
            PlannedBytes = work.Plan.TotalBytes,
            Flop = count.Flop,
            Bytes = count.ReadBytes + count.UpdateBytes,
            PeakGflops = peakGflops,
            Note = disagreement ?? rival.Note(work.Workload),
        };
    }

    static string Verb(Workload workload) => workload switch
    {
        { IsProbed: true, Noise: NoiseKind.Gaussian } => "two probes, Gaussian noise",
        { IsProbed: true } => "two probes, sign noise",
        { Weights: WeightStorage.Int8 } => "inference in bytes",
        { Rule: null } => "inference",
        _ => "step",
    };

    // The longer of: all multiply-adds at the peak; all weights through the memory they live in.
    static (double? Us, string? Limit) LimitUs(MachineLimits? limits, WorkCount count, double? peakGflops)
    {
        if (limits is null || peakGflops is null) return (null, null);
        double compute = count.Flop / peakGflops.Value * 1e-3;
        var memory = limits.MemoryOf(Math.Max(count.ReadBytes, count.UpdateBytes / 2));
        double move = (count.ReadBytes / memory.ReadGbs + count.UpdateBytes / memory.InPlaceGbs) * 1e-3;
        return compute >= move ? (compute, "multiply-add peak") : (move, "bandwidth of the memory that the weights live in");
    }
}
