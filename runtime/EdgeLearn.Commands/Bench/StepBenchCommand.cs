using System.CommandLine;
using System.Diagnostics;

namespace EdgeLearn.Commands;

/// <summary>
/// <c>bench</c> of both programs: our own workloads on this machine, beside nobody. The launcher's <c>./edgelearn bench</c> holds them
/// against other libraries.
/// </summary>
public static class StepBenchCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var only = OptionText.Text("--only", "ID,...", "workloads: W1, W3, ... (default: all)");
        var quick = OptionText.Flag("--quick", "a tenth of a second for each workload instead of one");
        var command = new ExampleCommand(
            "bench",
            "Time the steps of known workloads on this machine, with memory, temperature and clock. ./edgelearn bench holds them against "
            + "PyTorch, OpenBLAS and others.",
            "",
            "--quick --only W1,W3 --json") { only, quick, CommandOutput.JsonOption() };
        command.SetAction((parsed, stop) =>
        {
            var output = CommandOutput.Of(parsed);
            Workload[] workloads = parsed.GetValue(only) is { } names
                ? [.. names.Split(',', StringSplitOptions.TrimEntries).Select(Workloads.Named)] : [.. Workloads.All];
            var result = Run(workloads, parsed.GetValue(quick) ? 100 : 1000, output, stop);
            output.Write(result, ResultJson.Default.StepBenchResult, result.Write);
            return Task.CompletedTask;
        });
        return command;
    }

    static StepBenchResult Run(Workload[] workloads, double milliseconds, CommandOutput output, CancellationToken stop)
    {
        var before = BoardState.Read();
        var rows = new List<StepBenchRow>();
        using (var line = new ProgressLine(output))
        {
            for (int i = 0; i < workloads.Length; i++)
            {
                double seconds = 1.2e-3 * milliseconds * (workloads.Length - i);
                line.Show($"{i + 1} of {workloads.Length}: {workloads[i].Id}; about {seconds:F0} s left");
                rows.Add(Measure(workloads[i], milliseconds, stop));
            }
        }

        return new StepBenchResult(Machine.Model, InstructionSet.Name, Machine.Compiled, before, BoardState.Read(), Machine.PeakRssBytes,
            rows);
    }

    /// <summary>Works for about <paramref name="milliseconds"/> after a warm-up of a fifth of that.</summary>
    static StepBenchRow Measure(Workload workload, double milliseconds, CancellationToken stop)
    {
        using var work = new PreparedWorkload(workload);
        var times = new StepTimes();
        Time(work, milliseconds / 5, new StepTimes(), stop);
        work.Reset();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        double seconds = Time(work, milliseconds, times, stop);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        double median = 1e3 * times.Quantile(0.5);
        return new StepBenchRow(
            Name: workload.Id,
            Description: workload.Description,
            MedianUs: median,
            P99Us: 1e3 * times.Quantile(0.99),
            StepsPerSecond: times.Count / seconds,
            Gflops: WorkCount.Of(workload).Flop / median * 1e-3,
            AllocatedBytes: (double)allocated / times.Count,
            PlannedBytes: work.Plan.TotalBytes);
    }

    static double Time(PreparedWorkload work, double milliseconds, StepTimes times, CancellationToken stop)
    {
        long begin = Stopwatch.GetTimestamp(), before = begin;
        do
        {
            stop.ThrowIfCancellationRequested();
            work.Step();
            long now = Stopwatch.GetTimestamp();
            times.Add(Stopwatch.GetElapsedTime(before, now).TotalMilliseconds);
            before = now;
        }
        while (Stopwatch.GetElapsedTime(begin, before).TotalMilliseconds < milliseconds);
        return Stopwatch.GetElapsedTime(begin, before).TotalSeconds;
    }
}
