using System.Text.Json;
using EdgeLearn.Benchmarks;

namespace EdgeLearn.Tests;

/// <summary>A report with known numbers.</summary>
static class FixedReport
{
    public static BenchReport Read()
    {
        using var stream = typeof(FixedReport).Assembly.GetManifestResourceStream("report.json")!;
        return JsonSerializer.Deserialize(stream, ReportJson.OneLine.BenchReport)!;
    }
}
