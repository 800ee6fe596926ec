using System.Diagnostics;
using EdgeLearn.Datasets;

namespace EdgeLearn.Benchmarks;

/// <summary>What <c>./edgelearn</c> adds to a command when there is nothing to build.</summary>
/// <param name="mostMs">how many milliseconds that may be</param>
sealed class LauncherJob(double mostMs) : BenchJob("launcher", "processes")
{
    public override double EstimatedSeconds(BenchContext context) => 0.1 * Times(context);

    public override IReadOnlyList<BenchRow> Run(BenchContext context)
    {
        if (context.WorkloadProgram is null || RepositoryRoot.Find() is not { } root) return [];
        string launcher = Path.Combine(root, "edgelearn");
        Start(launcher); // builds, if anything is to be built
        double[] ms = new double[Times(context)];
        for (int i = 0; i < ms.Length; i++)
        {
            context.Stop.ThrowIfCancellationRequested();
            ms[i] = Start(launcher);
        }

        double median = Spread.Of(ms).Median;
        return
        [
            new BenchRow
            {
                Name = "launcher with nothing to build",
                Section = Section,
                Unit = "ms",
                Ours = median,
                Peer = "-",
                TargetText = FormattableString.Invariant($"<= {mostMs} ms"),
                Met = median <= mostMs,
            },
        ];
    }

    static int Times(BenchContext context) => context.Quick ? 5 : 15;

    static double Start(string launcher)
    {
        long begin = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(launcher, ["--build-only"]) { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new EdgeLearnException($"{launcher} --build-only ended with code {process.ExitCode}");
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }
}
