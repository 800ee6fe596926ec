using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>A report as text for a terminal.</summary>
static class ReportTable
{
    /// <summary>Prints it.</summary>
    public static void Write(BenchReport report, TextWriter output)
    {
        output.WriteLine($"{report.Machine}; ours: {report.InstructionSet}, {report.Compiled}; one core; ratio = peer / ours, above 1 we "
            + $"are faster");
        foreach (string version in report.Versions) output.WriteLine($"  {version}");
        if (report.Limits is { } limits)
        {
            output.WriteLine(
                string.Create(CultureInfo.InvariantCulture,
                $"  limits: {limits.PeakGflops:F0} GFLOP/s of multiply-adds, {limits.Memory[^1].ReadGbs:F1} GB/s read beyond the "
                + $"caches, {limits.ClockGhz:F2} GHz, {limits.NopsPerCycleBefore:F1} to {limits.NopsPerCycleAfter:F1} nops a cycle"));
        }
        foreach (var section in report.Rows.GroupBy(row => row.Section))
        {
            output.WriteLine();
            string us = section.Any(row => row.OursUs is not null) ? " us" : "";
            var table = new TextTable(section.Key, "ours" + us, "peer", "peer" + us, "ratio", "min-max", "target", "", "ceiling", "GFLOP/s",
                "of peak");
            foreach (var row in section)
            {
                table.Add(
                    row.Name, Value(row.OursUs ?? row.Ours, row.Unit), row.Peer, Value(row.PeerUs ?? row.Theirs, row.Unit),
                    Ratio(row.Ratio), row.RatioMin is { } min ? $"{Ratio(min)}-{Ratio(row.RatioMax)}" : "-",
                    row.TargetText ?? Ratio(row.Target), row.Met switch { true => "met", false => "missed", null => "" },
                    Ratio(row.Ceiling), Number(row.Gflops, "F1"),
                    row.PeakGflops is { } peak ? Number(100 * row.Gflops / peak, "F0") + " %" : "-");
            }

            table.Write(output);
        }

        foreach (var row in report.Rows.Where(row => row.Note is not null)) output.WriteLine($"{row.Name} / {row.Peer}: {row.Note}");
    }

    /// <summary>Three digits.</summary>
    public static string Ratio(double? value)
        => value switch { null => "-", >= 100 => Number(value, "F0"), >= 10 => Number(value, "F1"), _ => Number(value, "F2") };

    /// <summary>A value with its unit; microseconds have none.</summary>
    public static string Value(double? value, string? unit) => (value, unit) switch
    {
        (null, _) => "-",
        ({ } bytes, "bytes") => ByteCount.Format((long)bytes),
        _ => (value >= 1000 ? Number(value, "N0") : value >= 10 ? Number(value, "F1") : Number(value, "F3"))
            + (unit is null ? "" : " " + unit),
    };

    static string Number(double? value, string format) => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "-";
}
