using System.Diagnostics;

namespace EdgeLearn.Commands;

/// <summary>Times the steps of one workload on this machine, one clock reading a step.</summary>
static class StepBench
{
    /// <summary>Works for about <paramref name="milliseconds"/> after a warm-up of a fifth of that.</summary>
    public static StepBenchRow Measure(Workload workload, double milliseconds, CancellationToken stop)
    {
        using var work = new PreparedWorkload(workload);
        var times = new StepTimes();
        Run(work, milliseconds / 5, new StepTimes(), stop);
        work.Reset();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        double seconds = Run(work, milliseconds, times, stop);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        double median = 1e3 * times.Quantile(0.5);
        return new StepBenchRow
        {
            Name = workload.Id,
            Description = workload.Description,
            MedianUs = median,
            P99Us = 1e3 * times.Quantile(0.99),
            StepsPerSecond = times.Count / seconds,
            Gflops = WorkCount.Of(workload).Flop / median * 1e-3,
            AllocatedBytes = (double)allocated / times.Count,
            PlannedBytes = work.Plan.TotalBytes,
        };
    }

    static double Run(PreparedWorkload work, double milliseconds, StepTimes times, CancellationToken stop)
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
