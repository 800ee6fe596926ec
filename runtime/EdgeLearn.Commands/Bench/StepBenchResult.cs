using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>What <c>bench --json</c> prints on a board.</summary>
/// <param name="Machine">name of the board or the CPU; null where the kernel does not say</param>
/// <param name="InstructionSet">what the program was compiled for or may use</param>
/// <param name="Compiled">NativeAOT or JIT</param>
/// <param name="Before">before the first row</param>
/// <param name="After">after the last row</param>
/// <param name="PeakRssBytes">peak memory of this process, all workloads one after the other</param>
/// <param name="Rows">one row a workload</param>
public sealed record StepBenchResult(string? Machine, string InstructionSet, string Compiled, BoardState Before, BoardState After,
    long PeakRssBytes, IReadOnlyList<StepBenchRow> Rows)
{
    /// <summary>Prints it for people.</summary>
    public void Write(TextWriter output)
    {
        output.WriteLine($"{Machine ?? "unknown machine"}; {InstructionSet}, {Compiled}");
        output.WriteLine($"before: {Before}; after: {After}; peak memory {ByteCount.Format(PeakRssBytes)}");
        output.WriteLine();
        var table = new TextTable("workload", "median us", "p99 us", "steps/s", "GFLOP/s", "allocated B", "planned", "what")
        { Texts = ["workload"] };
        foreach (var row in Rows)
        {
            table.Add(row.Name, Number(row.MedianUs), Number(row.P99Us), Number(row.StepsPerSecond), Number(row.Gflops),
                $"{row.AllocatedBytes:#,0.##}", ByteCount.Format(row.PlannedBytes), row.Description);
        }

        table.Write(output);
    }

    static string Number(double value) => value.ToString(value >= 1000 ? "N0" : value >= 10 ? "F1" : "F3", CultureInfo.InvariantCulture);
}

/// <summary>One workload on this machine.</summary>
/// <param name="Name">its id</param>
/// <param name="Description">network, batch, rule</param>
/// <param name="MedianUs">time of a step</param>
/// <param name="P99Us">time that 99 % of the steps stayed below</param>
/// <param name="StepsPerSecond">steps in a second, of the whole measurement</param>
/// <param name="Gflops">rate of the matrix products at the median</param>
/// <param name="AllocatedBytes">managed bytes that a step allocates</param>
/// <param name="PlannedBytes">bytes of weights, batch and buffers</param>
public sealed record StepBenchRow(string Name, string Description, double MedianUs, double P99Us, double StepsPerSecond, double Gflops,
    double AllocatedBytes, long PlannedBytes);

/// <summary>
/// What a board says about itself before and after a measurement: a hot one slows down. Null where the kernel does not say.
/// </summary>
/// <param name="Celsius">the hottest thermal zone</param>
/// <param name="Mhz">present clock of the fastest core</param>
public sealed record BoardState(double? Celsius, double? Mhz)
{
    /// <summary>Reads it now.</summary>
    public static BoardState Read()
        => new(Most("/sys/class/thermal", "thermal_zone*", "temp"), Most("/sys/devices/system/cpu", "cpu*", "cpufreq/scaling_cur_freq"));

    /// <summary>For people.</summary>
    public override string ToString() => $"{(Celsius is { } celsius ? $"{celsius:F0} degrees Celsius" : "temperature unknown")}, "
        + $"{(Mhz is { } mhz ? $"{mhz:F0} MHz" : "clock unknown")}";

    // Of files with thousandths of what is asked for.
    static double? Most(string folder, string pattern, string file)
    {
        double? most = null;
        if (!Directory.Exists(folder)) return null;
        foreach (string part in Directory.EnumerateDirectories(folder, pattern))
        {
            string path = Path.Combine(part, file);
            try
            {
                if (File.Exists(path)
                    && double.TryParse(File.ReadAllText(path), NumberStyles.AllowLeadingSign | NumberStyles.AllowTrailingWhite,
                    CultureInfo.InvariantCulture, out double value))
                {
                    most = Math.Max(most ?? double.MinValue, value * 1e-3);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A zone that cannot be read now says nothing.
            }
        }

        return most;
    }
}
