using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>An elementwise update over arrays beyond every cache, against the same pass in C over the same arrays.</summary>
/// <param name="name">first word of the row</param>
/// <param name="update">ours</param>
/// <param name="bytesPerWeight">read and written</param>
/// <param name="flopPerWeight">operations; a division and a root are one each</param>
sealed unsafe class UpdateJob(string name, UpdateRule update, int bytesPerWeight, int flopPerWeight) : BenchJob(name, "updates")
{
    const int Length = 48 << 20;
    const float Rate = 1e-6f;

    public override double EstimatedSeconds(BenchContext context)
        => 2 + 2e-9 * Length * bytesPerWeight / 20 * (PaceOf(context).Rounds * PaceOf(context).Cycles + 2);

    public override IReadOnlyList<BenchRow> Run(BenchContext context)
    {
        if (context.Loops is not { } loops) return [];
        int length = (int)Math.Min(Length, Machine.AvailableBytes / 2 / bytesPerWeight / 1024 * 1024);
        using var parameters = new ParameterSet();
        var slice = parameters.Add("weight", [length], decay: false);
        var plan = new MemoryPlan();
        update.Plan(parameters, plan);
        var gradientId = plan.Request("gradient", MemoryCategory.Panels, length);
        parameters.Allocate();
        using var workspace = new Workspace(plan);
        update.BeginStep(new StepClock(1000, Rate));
        for (int i = 0; i < length; i++) gradientId.Span[i] = 1e-3f * (i % 97 - 48);
        var contenders = new Contender[]
        {
            new LoopContender("EdgeLearn", count =>
            {
                for (int i = 0; i < count; i++) update.Accept(slice, 0, gradientId.Span);
            }),
            new LoopContender("C", count =>
            {
                fixed (float* w = parameters[slice], g = gradientId.Span, state = update.State)
                    Loop(loops, w, g, state, length, count);
            }),
        };
        double[][] times = Interleaving.Measure(contenders, PaceOf(context), context.Stop);
        var ratio = Spread.OfRatio(times[1], times[0]);
        return
        [
            new BenchRow
            {
                Name = $"{Name}, {bytesPerWeight} B a weight, {(long)length * sizeof(float) >> 20} MiB",
                Section = Section,
                OursUs = Spread.Of(times[0]).Median,
                Peer = "C loop",
                PeerUs = Spread.Of(times[1]).Median,
                Ratio = ratio.Median,
                RatioMin = ratio.Min,
                RatioMax = ratio.Max,
                Target = 0.95,
                Flop = (double)length * flopPerWeight,
                Bytes = (double)length * bytesPerWeight,
            },
        ];
    }

    // A pass is longer than any block: one a turn.
    static Pace PaceOf(BenchContext context) => context.Quick ? new Pace(5, 1, 1) : new Pace(9, 2, 1);

    static void Loop(NativeLoops loops, float* w, float* g, float* state, int length, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (state is null)
            {
                ((delegate* unmanaged[Cdecl]<float*, float*, float, long, void>)loops.Function("edge_sgd"))(w, g, -Rate, length);
            }
            else
            {
                ((delegate* unmanaged[Cdecl]<float*, float*, float*, float*, float, float, long, void>)loops.Function("edge_adam"))(w, g,
                    state, state + length, Rate, 1, length);
            }
        }
    }
}
