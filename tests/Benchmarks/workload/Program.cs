using System.Diagnostics;
using System.Globalization;
using EdgeLearn;
using EdgeLearn.Commands;

// edgelearn-workload ID STEPS STARTED_NS: runs the steps and prints one JSON object. STARTED_NS is the monotonic clock as the parent read
// it before it started this process.
if (args.Length != 3 || !int.TryParse(args[1], NumberStyles.None, CultureInfo.InvariantCulture, out int steps)
    || !long.TryParse(args[2], NumberStyles.None, CultureInfo.InvariantCulture, out long started))
{
    Console.Error.WriteLine("error: expected edgelearn-workload ID STEPS STARTED_NS");
    return 1;
}

PreparedWorkload work;
try
{
    work = new PreparedWorkload(Workloads.Named(args[0]));
}
catch (EdgeLearnException e)
{
    Console.Error.WriteLine($"error: {e.Message}");
    return 1;
}

double loss = work.Step();
double firstStepMs = (Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency) - started) * 1e-6;
for (int i = 1; i < steps; i++) loss = work.Step();
long peak = 0;
foreach (string line in File.ReadLines("/proc/self/status"))
{
    if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
        peak = long.Parse(line.AsSpan(6).Trim()[..^3], NumberStyles.None, CultureInfo.InvariantCulture) * 1024;
}

Console.WriteLine(
    string.Create(CultureInfo.InvariantCulture,
    $"{{\"peak_rss_bytes\": {peak}, \"first_step_ms\": {firstStepMs:F3}, \"planned_bytes\": {work.Plan.TotalBytes}, \"loss\": {loss:R}}}"));
return 0;
