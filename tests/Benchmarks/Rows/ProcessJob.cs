using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace EdgeLearn.Benchmarks;

/// <summary>
/// Peak memory, and the time from a process's start to the end of its first step, of fresh processes that do one workload and nothing else:
/// ours is a native program over the core alone.
/// </summary>
/// <param name="id">of the workload</param>
/// <param name="leastRatio">how many times smaller ours should be</param>
/// <param name="mostMs">how early the first step should end, or null</param>
sealed class ProcessJob(string id, double? leastRatio, double? mostMs = null) : BenchJob("memory", "processes")
{
    const int Steps = 30;

    public override double EstimatedSeconds(BenchContext context) => Times(context) * (context.Torch is null ? 0.2 : 2.5);

    public override IReadOnlyList<BenchRow> Run(BenchContext context)
    {
        if (context.WorkloadProgram is not { } program) return [];
        var ours = new List<Sample>();
        var theirs = new List<Sample>();
        for (int i = 0; i < Times(context); i++)
        {
            context.Stop.ThrowIfCancellationRequested();
            ours.Add(Start(program, [id]));
            if (context.Torch is { } torch) theirs.Add(Start(torch.Python, [torch.Script, "--solo", id]));
        }

        long planned = ours[0].PlannedBytes;
        bool has = theirs.Count > 0;
        return
        [
            Row($"{id} peak RSS", "bytes", ours, theirs, sample => sample.PeakRssBytes) with
            {
                OursPeakRssBytes = (long)Spread.Of([.. ours.Select(s => s.PeakRssBytes)]).Median,
                PeerPeakRssBytes = has ? (long)Spread.Of([.. theirs.Select(s => s.PeakRssBytes)]).Median : null,
                PlannedBytes = planned,
                Target = leastRatio,
                TargetText = leastRatio is { } ratio ? FormattableString.Invariant($"<= 1/{ratio}") : null,
                Note = FormattableString.Invariant($"of ours, {planned:N0} bytes are planned: weights, batch, buffers"),
            },
            Row($"{id} process start to end of first step", "ms", ours, theirs, sample => sample.FirstStepMs) with
            {
                TargetText = mostMs is { } most ? FormattableString.Invariant($"<= {most} ms") : null,
                Met = mostMs is { } limit ? Spread.Of([.. ours.Select(s => s.FirstStepMs)]).Median <= limit : null,
            },
        ];
    }

    BenchRow Row(string name, string unit, List<Sample> ours, List<Sample> theirs, Func<Sample, double> value)
    {
        var ratio = theirs.Count > 0 ? Spread.OfRatio([.. theirs.Select(value)], [.. ours.Select(value)]) : default;
        return new BenchRow
        {
            Name = name,
            Section = Section,
            Unit = unit,
            Ours = Spread.Of([.. ours.Select(value)]).Median,
            Peer = theirs.Count > 0 ? "PyTorch" : "-",
            Theirs = theirs.Count > 0 ? Spread.Of([.. theirs.Select(value)]).Median : null,
            Ratio = theirs.Count > 0 ? ratio.Median : null,
            RatioMin = theirs.Count > 0 ? ratio.Min : null,
            RatioMax = theirs.Count > 0 ? ratio.Max : null,
        };
    }

    readonly record struct Sample(double PeakRssBytes, double FirstStepMs, long PlannedBytes);

    static Sample Start(string program, string[] arguments)
    {
        double now = Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency);
        string[] all = [.. arguments, Steps.ToString(CultureInfo.InvariantCulture), now.ToString("F0", CultureInfo.InvariantCulture)];
        using var process =
            Process.Start(new ProcessStartInfo(program, all) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new EdgeLearnException($"{Path.GetFileName(program)} {string.Join(' ', arguments)} ended with "
                + $"code {process.ExitCode}: {error.Result.Trim().Split('\n')[^1]}");
        }
        using var json = JsonDocument.Parse(text);
        return new Sample(json.RootElement.GetProperty("peak_rss_bytes").GetDouble(),
            json.RootElement.GetProperty("first_step_ms").GetDouble(),
            json.RootElement.TryGetProperty("planned_bytes", out var planned) ? planned.GetInt64() : 0);
    }

    static int Times(BenchContext context) => context.Quick ? 1 : 5;
}
