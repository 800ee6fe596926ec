using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;

namespace EdgeLearn.Benchmarks;

/// <summary>
/// One run from finding the peers to the report. Everything happens on the calling thread, which is pinned to one core together with the
/// processes it starts.
/// </summary>
sealed class BenchRun(CommandOutput output, bool quick, CancellationToken stop)
{
    readonly List<string> _versions = [];
    readonly List<string> _notes = [];

    /// <summary>Runs the jobs.</summary>
    public BenchReport Run(IReadOnlyList<BenchJob> jobs)
    {
        string root = RepositoryRoot.Find()
            ?? throw new EdgeLearnException("the benchmark runs from a clone of EdgeLearn: start it with ./edgelearn bench");
        var watch = Stopwatch.StartNew();
        string started = DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        int core = Core.Pin();
        foreach (string name in (string[])["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]) Core.SetNativeVariable(name, "1");
        string folder = Directory.CreateTempSubdirectory("edgelearn-bench-").FullName;
        TorchPeer? torch = null;
        try
        {
            var loops = Found(
                NativeLoops.Build(Path.Combine(root, "tests", "Benchmarks", "native"), Path.Combine(root, "artifacts", "bench"),
                out string reason), loops => $"C loops: {loops.Compiler}, {loops.VectorBits}-bit vectors",
                $"no C loops and no limits: {reason}");
            torch = Found(TorchPeer.Find(Path.Combine(root, "tests", "Benchmarks", "peers", "torch_workloads.py")), torch => torch.Name,
                "no PyTorch");
            if (torch is { HasTunedBlas: false })
                _notes.Add("PyTorch runs on the reference BLAS and is no fair peer: apt-get install -y libopenblas0-pthread");
            var context = new BenchContext
            {
                Quick = quick,
                OpenBlas = Found(OpenBlas.Find(), peer => peer.Name, "no OpenBLAS"),
                OneDnn = Found(OneDnn.Find(), peer => peer.Name, "no oneDNN"),
                Loops = loops,
                Torch = torch,
                WorkloadProgram = Environment.GetEnvironmentVariable("EDGELEARN_WORKLOAD"),
                Folder = folder,
                Stop = stop,
            };
            if (torch is not null) _versions.Add(OnnxContender.Version);
            if (Machine.Compiled != "NativeAOT")
                _notes.Add("our side runs on the JIT: figures of the native program are better and steadier");
            if (core < 0) _notes.Add("the system refused to pin the run to one core");
            foreach (string note in _notes) output.Error.WriteLine($"note: {note}");
            var meter = loops is null ? null : new LimitMeter(loops);
            context = context with { Limits = meter?.Measure() };
            var rows = RunAll(jobs, context);
            return new BenchReport
            {
                Machine = $"{Machine.Model ?? "unknown"}, {Environment.ProcessorCount} cores, {ByteCount.Format(Machine.MemoryBytes)}",
                InstructionSet = InstructionSet.Name,
                Compiled = Machine.Compiled,
                System = RuntimeInformation.OSDescription,
                Commit = Commit(root),
                Started = started,
                Seconds = Math.Round(watch.Elapsed.TotalSeconds, 1),
                Quick = quick,
                Core = core,
                Versions = _versions,
                Notes = _notes,
                Protocol = string.Create(CultureInfo.InvariantCulture,
                    $"kernels: {context.KernelPace.Rounds} rounds of {context.KernelPace.Cycles} turns of {context.KernelPace.BlockMs} "
                    + $"ms; steps: {context.StepPace.Rounds} rounds of {context.StepPace.Cycles} turns of {context.StepPace.BlockMs} ms"),
                Limits = context.Limits is { } limits && meter is not null
                    ? limits with { NopsPerCycleAfter = meter.Clock().NopsPerCycle }
                    : null,
                Rows = rows,
            };
        }
        finally
        {
            torch?.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    T? Found<T>(T? peer, Func<T, string> version, string missing)
        where T : class
    {
        if (peer is null) _notes.Add($"{missing}; to install the peers on Debian: ./edgelearn bench --install-peers");
        else _versions.Add(version(peer));
        return peer;
    }

    List<BenchRow> RunAll(IReadOnlyList<BenchJob> jobs, BenchContext context)
    {
        var rows = new List<BenchRow>();
        using var line = new ProgressLine(output);
        double total = jobs.Sum(job => job.EstimatedSeconds(context)), done = 0;
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < jobs.Count; i++)
        {
            // What the estimates were worth so far says what they are worth from here on.
            double pace = done > 0 ? watch.Elapsed.TotalSeconds / done : 1;
            line.Show(string.Create(CultureInfo.InvariantCulture,
                $"{i + 1} of {jobs.Count}: {jobs[i].Section}, {jobs[i].Name}; about {(total - done) * pace:F0} s left"));
            rows.AddRange(jobs[i].Run(context));
            done += jobs[i].EstimatedSeconds(context);
        }

        return WithPeakRss(rows);
    }

    // The rows about time show the memory of the same workload too.
    static List<BenchRow> WithPeakRss(List<BenchRow> rows) =>
    [
        .. rows.Select(row => row.OursUs is not null
            && rows.Find(other => other.OursPeakRssBytes is not null && other.Name == $"{row.Name.Split(' ')[0]} peak RSS") is { } memory
            ? row with { OursPeakRssBytes = memory.OursPeakRssBytes,
                PeerPeakRssBytes = row.Peer.StartsWith("PyTorch", StringComparison.Ordinal) ? memory.PeerPeakRssBytes : null }
            : row),
    ];

    static string? Commit(string root)
    {
        try
        {
            using var process =
                Process.Start(
                new ProcessStartInfo("git", ["-C", root, "rev-parse", "--short", "HEAD"])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true
                })!;
            string text = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? text : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
