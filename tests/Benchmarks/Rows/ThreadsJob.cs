using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>The same work by one thread and by two, in turns, with two cores to run on.</summary>
sealed class ThreadsJob() : BenchJob("threads", "threads")
{
    const int Threads = 2;
    const double Target = 1.8;

    static readonly ProductShape[] s_products = [new("square", 512, 512, 512), new("square", 1024, 1024, 1024)];

    public override double EstimatedSeconds(BenchContext context) => SecondsOf(context.StepPace, 2 * (s_products.Length + 1)) * 1.5;

    public override IReadOnlyList<BenchRow> Run(BenchContext context)
    {
        try
        {
            return Core.Unpin() < Threads ? [] : [.. s_products.Select(shape => Product(context, shape)), Step(context, "W6")];
        }
        finally
        {
            ThreadTeam.Use(1);
            Core.Pin();
        }
    }

    BenchRow Step(BenchContext context, string id)
    {
        using var work = new PreparedWorkload(Workloads.Named(id));
        return Row(context, $"threads {id} step", StepJob.Own(work), WorkCount.Of(work.Workload).Flop);
    }

    unsafe BenchRow Product(BenchContext context, ProductShape shape)
    {
        using var own = new OwnProduct(shape);
        using var a = ProductJob.Values(shape.M * shape.K, 7);
        using var b = ProductJob.Values(shape.K * shape.N, 5);
        using var c = new NativeBlock((long)shape.M * shape.N * sizeof(float));
        float* left = (float*)a.Address, right = (float*)b.Address, target = (float*)c.Address;
        return Row(context, $"threads {shape.Name} {shape.M}x{shape.N}x{shape.K}",
            new LoopContender("EdgeLearn", count => own.Multiply(left, right, target, count)), shape.Flop);
    }

    BenchRow Row(BenchContext context, string name, Contender work, double flop)
    {
        double[][] times = Interleaving.Measure([new Team(1, work), new Team(Threads, work)], context.StepPace, context.Stop);
        var ratio = Spread.OfRatio(times[0], times[1]);
        return new BenchRow
        {
            Name = name,
            Section = Section,
            OursUs = Spread.Of(times[1]).Median,
            Peer = "our one thread",
            PeerUs = Spread.Of(times[0]).Median,
            Ratio = ratio.Median,
            RatioMin = ratio.Min,
            RatioMax = ratio.Max,
            Target = Target,
            Flop = flop,
        };
    }

    // Sets the number of threads before each turn; helpers that are not wanted have ended by then.
    sealed class Team(int threads, Contender work) : Contender($"{threads} threads")
    {
        public override void BeginRound() => work.BeginRound();

        public override double MedianMicroseconds(double blockMs)
        {
            ThreadTeam.Use(threads);
            return work.MedianMicroseconds(blockMs);
        }
    }
}
