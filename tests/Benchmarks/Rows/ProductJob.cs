namespace EdgeLearn.Benchmarks;

/// <summary>One matrix product against the tuned libraries, with the multiply-add peak of the same rounds.</summary>
/// <param name="shape">what is multiplied</param>
/// <param name="openBlasTarget">ratio to reach</param>
/// <param name="oneDnnTarget">ratio to reach</param>
/// <param name="microKernelTarget">share of our own micro-kernel's rate to reach; null = not held against it</param>
sealed unsafe class ProductJob(ProductShape shape, double? openBlasTarget = null, double? oneDnnTarget = null,
    double? microKernelTarget = null) : BenchJob(shape.Name, "kernels")
{
    // One tile with its operands in the first-level cache: what the inner loop can do without packing and blocking.
    static readonly ProductShape s_microKernel = new("micro-kernel", 12, 32, 256);

    /// <summary>What it multiplies.</summary>
    public ProductShape Shape => shape;

    public override double EstimatedSeconds(BenchContext context)
    {
        double blockMs = Math.Max(context.KernelPace.BlockMs, 2 * shape.Flop * 1e-8);
        return SecondsOf(context.KernelPace with { BlockMs = blockMs }, 3);
    }

    public override IReadOnlyList<BenchRow> Run(BenchContext context)
    {
        using var own = new OwnProduct(shape);
        using var a = Values(shape.M * shape.K, 7);
        using var b = Values(shape.K * shape.N, 5);
        using var ours = new NativeBlock((long)shape.M * shape.N * sizeof(float));
        using var theirs = new NativeBlock((long)shape.M * shape.N * sizeof(float));
        float* pa = (float*)a.Address, pb = (float*)b.Address, mine = (float*)ours.Address, other = (float*)theirs.Address;
        var contenders = new List<Contender> { new LoopContender("EdgeLearn", count => own.Multiply(pa, pb, mine, count)) };
        var peers = new List<(BlasPeer Peer, double? Target)>();
        if (context.OpenBlas is { } openBlas) peers.Add((openBlas, openBlasTarget));
        if (context.OneDnn is { } oneDnn) peers.Add((oneDnn, oneDnnTarget));
        own.Multiply(pa, pb, mine, 1);
        foreach (var (peer, _) in peers)
        {
            new Span<float>(other, shape.M * shape.N).Clear();
            peer.Multiply(shape, pa, pb, other, 1);
            CheckEqual(peer, shape.IsUpdate ? own.Weights : new ReadOnlySpan<float>(mine, shape.M * shape.N),
                new ReadOnlySpan<float>(other, shape.M * shape.N));
            contenders.Add(new LoopContender(peer.Name, count => peer.Multiply(shape, pa, pb, other, count)));
        }

        using var microKernel = new OwnProduct(s_microKernel);
        if (microKernelTarget is not null)
            contenders.Add(new LoopContender("micro-kernel", count => microKernel.Multiply(pa, pb, mine, count)));
        var peak = context.Peak();
        if (peak is not null) contenders.Add(peak);
        double[][] times = Interleaving.Measure(contenders, context.KernelPace, context.Stop);
        double? peakGflops = peak is null ? null : Spread.Of([.. times[^1].Select(peak.GflopsOf)]).Median;
        var rows = peers.Select((peer, i) =>
            Row(peer.Peer is OpenBlas ? "OpenBLAS" : "oneDNN", times[0], times[i + 1], peer.Target, peakGflops)).ToList();
        // As long as the micro-kernel would take for as many operations.
        if (microKernelTarget is not null)
        {
            rows.Add(Row("our micro-kernel", times[0], [.. times[peers.Count + 1].Select(us => us * shape.Flop / s_microKernel.Flop)],
                microKernelTarget, peakGflops));
        }
        return rows;
    }

    BenchRow Row(string peer, double[] ours, double[] theirs, double? target, double? peakGflops)
    {
        var ratio = Spread.OfRatio(theirs, ours);
        double peerUs = Spread.Of(theirs).Median;
        return new BenchRow
        {
            Name = $"{shape.Name} {shape.M}x{shape.N}x{shape.K}",
            Section = Section,
            OursUs = Spread.Of(ours).Median,
            Peer = peer,
            PeerUs = peerUs,
            Ratio = ratio.Median,
            RatioMin = ratio.Min,
            RatioMax = ratio.Max,
            Target = target,
            Flop = shape.Flop,
            Bytes = shape.Bytes,
            PeakGflops = peakGflops,
            Ceiling = peakGflops is { } rate ? peerUs / (shape.Flop / rate * 1e-3) : null,
            CeilingLimit = peakGflops is null ? null : "multiply-add peak",
        };
    }

    /// <summary>Small values that repeat.</summary>
    public static NativeBlock Values(int length, int period)
    {
        var block = new NativeBlock((long)length * sizeof(float));
        var values = block.Span<float>(0, length);
        for (int i = 0; i < length; i++) values[i] = 1e-2f * (i % period - period / 2);
        return block;
    }

    void CheckEqual(BlasPeer peer, ReadOnlySpan<float> ours, ReadOnlySpan<float> theirs)
    {
        double tolerance = 1e-7 * shape.K * (shape.IsUpdate ? ProductShape.Rate : 1);
        for (int i = 0; i < ours.Length; i++)
        {
            if (!(Math.Abs(ours[i] - theirs[i]) <= tolerance))
                throw new EdgeLearnException($"{shape.Name}: value {i} is {ours[i]}, {peer.Name} has {theirs[i]}");
        }
    }
}
