using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>One kernel under the roofs of its machine.</summary>
/// <param name="Name">of the row</param>
/// <param name="Intensity">floating-point operations a byte that must be moved</param>
/// <param name="Gflops">attained</param>
/// <param name="LimitGflops">the lower of the multiply-add peak and the intensity times the bandwidth of the memory that holds its
/// operands</param>
readonly record struct RooflinePoint(string Name, double Intensity, double Gflops, double LimitGflops)
{
    /// <summary>Attained rate of the bytes that must be moved.</summary>
    public double Gbs => Gflops / Intensity;

    /// <summary>Attained share of the limit.</summary>
    public double Share => Gflops / LimitGflops;
}

/// <summary>Attained rates of kernels against the measured limits of the core.</summary>
static class Roofline
{
    /// <summary>The kernels of a report that have operations and bytes, each once.</summary>
    /// <exception cref="EdgeLearnException">The report has no limits.</exception>
    public static IReadOnlyList<RooflinePoint> Points(BenchReport report)
    {
        var limits = report.Limits
            ?? throw new EdgeLearnException("there are no measured limits: they take gcc (./edgelearn bench --install-peers)");
        var points = new List<RooflinePoint>();
        foreach (var row in report.Rows)
        {
            if (row is not { Section: "kernels" or "updates", Flop: { } flop, Bytes: { } bytes, Gflops: { } gflops }
                || points.Exists(point => point.Name == row.Name))
            {
                continue;
            }
            var memory = limits.MemoryOf(bytes);
            // An update writes where it reads; a product mostly reads.
            double gbs = row.Section == "updates" ? memory.InPlaceGbs : memory.ReadGbs;
            points.Add(new RooflinePoint(row.Name, flop / bytes, gflops,
                Math.Min(row.PeakGflops ?? limits.PeakGflops, flop / bytes * gbs)));
        }

        return points;
    }

    /// <summary>Prints the points with a bar for each.</summary>
    public static void Write(BenchReport report, TextWriter output)
    {
        const int BarLength = 25;
        var points = Points(report);
        var table = new TextTable("kernel", "FLOP a byte", "GFLOP/s", "GB/s", "limit GFLOP/s", "attained", "");
        foreach (var point in points)
        {
            int filled = (int)Math.Clamp(Math.Round(point.Share * BarLength), 0, BarLength);
            table.Add(point.Name, Text(point.Intensity, "F2"), Text(point.Gflops, "F1"), Text(point.Gbs, "F1"),
                Text(point.LimitGflops, "F1"), Text(100 * point.Share, "F0") + " %", new string('#', filled).PadRight(BarLength, '.'));
        }

        var limits = report.Limits!;
        output.WriteLine($"{report.Machine}; {report.InstructionSet}; one core");
        foreach (var peak in limits.Peaks)
        {
            output.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"multiply-add peak, {peak.VectorBits} bits: {peak.Gflops:F1} GFLOP/s"));
        }
        foreach (var level in limits.Memory)
        {
            output.WriteLine(
                string.Create(CultureInfo.InvariantCulture,
                $"memory, working set of {ByteCount.Format(level.WorkingSetBytes)}: read {level.ReadGbs:F1}, in "
                + $"place {level.InPlaceGbs:F1}, triad {level.TriadGbs:F1} GB/s"));
        }
        output.WriteLine();
        table.Write(output);
    }

    static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
