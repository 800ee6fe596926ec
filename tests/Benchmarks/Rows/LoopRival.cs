using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>The batch-1 loops written by hand in C.</summary>
/// <param name="Target">ratio to reach</param>
sealed record LoopRival(double? Target = null) : Rival("hand-written C", Target, null)
{
    public override RivalEntry? Enter(BenchContext context, PreparedWorkload work, int checkedSteps)
    {
        if (context.Loops is not { } loops || !OnlineNet.Fits(loops, work)) return null;
        var net = new OnlineNet(loops, work);
        if (work.Workload.Rule is null) return new RivalEntry(new LoopContender(Name, net.Forwards), [], end: net.Dispose);
        double loss = 0;
        for (int i = 0; i < checkedSteps; i++) loss = net.Step();
        // Ours has been reset before it, so the copy is of the starting weights.
        return new RivalEntry(new LoopContender(Name, net.Steps, net.Reset), [loss], end: net.Dispose);
    }
}
