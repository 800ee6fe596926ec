namespace EdgeLearn.Benchmarks;

/// <summary>An elementwise function over an array in the second-level cache, against the C library's vector form.</summary>
/// <param name="name">first word of the row</param>
/// <param name="run">ours, in place</param>
/// <param name="function">of native/activations.c</param>
sealed unsafe class ActivationJob(string name, Action<float[]> run, string function) : BenchJob(name, "activations")
{
    const int Length = 8192;

    public override double EstimatedSeconds(BenchContext context) => SecondsOf(context.KernelPace, 2);

    public override IReadOnlyList<BenchRow> Run(BenchContext context)
    {
        if (context.Loops is not { } loops) return [];
        float[] inputs = new float[Length];
        float[] ours = new float[Length];
        float[] theirs = new float[Length];
        for (int i = 0; i < Length; i++) inputs[i] = 4f * (i % 251 - 125) / 125;
        var contenders = new Contender[]
        {
            new LoopContender("EdgeLearn", count =>
            {
                for (int i = 0; i < count; i++)
                {
                    inputs.CopyTo(ours.AsSpan());
                    run(ours);
                }
            }),
            new LoopContender("C", count =>
            {
                fixed (float* x = inputs, y = theirs)
                {
                    for (int i = 0; i < count; i++)
                        ((delegate* unmanaged[Cdecl]<float*, float*, long, void>)loops.Function(function))(x, y, Length);
                }
            }),
        };
        double[][] times = Interleaving.Measure(contenders, context.KernelPace, context.Stop);
        for (int i = 0; i < Length; i++)
        {
            if (!(Math.Abs(ours[i] - theirs[i]) <= 1e-5 * Math.Max(1, Math.Abs(theirs[i]))))
                throw new EdgeLearnException($"{Name}({inputs[i]}) is {ours[i]}, C has {theirs[i]}");
        }

        var ratio = Spread.OfRatio(times[1], times[0]);
        return
        [
            new BenchRow
            {
                Name = $"{Name}, {Length} values",
                Section = Section,
                OursUs = Spread.Of(times[0]).Median,
                Peer = "C vector library",
                PeerUs = Spread.Of(times[1]).Median,
                Ratio = ratio.Median,
                RatioMin = ratio.Min,
                RatioMax = ratio.Max,
                Bytes = 8.0 * Length,
            },
        ];
    }
}
