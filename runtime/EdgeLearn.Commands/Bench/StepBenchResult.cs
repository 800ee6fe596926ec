using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>What <c>bench --json</c> prints on a board.</summary>
public sealed record StepBenchResult
{
    /// <summary>Name of the board or the CPU; null where the kernel does not say.</summary>
    public required string? Machine { get; init; }

    /// <summary>What the program was compiled for or may use.</summary>
    public required string InstructionSet { get; init; }

    /// <summary>NativeAOT or JIT.</summary>
    public required string Compiled { get; init; }

    /// <summary>Before the first row.</summary>
    public required BoardState Before { get; init; }

    /// <summary>After the last row.</summary>
    public required BoardState After { get; init; }

    /// <summary>Peak memory of this process, all workloads one after the other.</summary>
    public required long PeakRssBytes { get; init; }

    /// <summary>One row a workload.</summary>
    public required IReadOnlyList<StepBenchRow> Rows { get; init; }

    /// <summary>Prints it for people.</summary>
    public void Write(TextWriter output)
    {
        output.WriteLine($"{Machine ?? "unknown machine"}; {InstructionSet}, {Compiled}");
        output.WriteLine($"before: {Text(Before)}; after: {Text(After)}; peak memory {ByteCount.Format(PeakRssBytes)}");
        output.WriteLine();
        var table = new TextTable("workload", "median us", "p99 us", "steps/s", "GFLOP/s", "allocated B", "planned", "what");
        foreach (var row in Rows)
        {
            table.Add(
                row.Name, Number(row.MedianUs), Number(row.P99Us), Number(row.StepsPerSecond), Number(row.Gflops),
                row.AllocatedBytes.ToString("0.##", CultureInfo.InvariantCulture),
                ByteCount.Format(row.PlannedBytes), row.Description);
        }

        table.Write(output);
    }

    static string Text(BoardState state)
        => string.Create(CultureInfo.InvariantCulture,
            $"{(state.Celsius is { } celsius ? $"{celsius:F0} degrees Celsius" : "temperature unknown")}, "
                + $"{(state.Mhz is { } mhz ? $"{mhz:F0} MHz" : "clock unknown")}");

    static string Number(double value) => value.ToString(value >= 1000 ? "N0" : value >= 10 ? "F1" : "F3", CultureInfo.InvariantCulture);
}

/// <summary>One workload on this machine.</summary>
public sealed record StepBenchRow
{
    /// <summary>Its id.</summary>
    public required string Name { get; init; }

    /// <summary>Network, batch, rule.</summary>
    public required string Description { get; init; }

    /// <summary>Time of a step.</summary>
    public required double MedianUs { get; init; }

    /// <summary>Time that 99 % of the steps stayed below.</summary>
    public required double P99Us { get; init; }

    /// <summary>Steps in a second, of the whole measurement.</summary>
    public required double StepsPerSecond { get; init; }

    /// <summary>Rate of the matrix products at the median.</summary>
    public required double Gflops { get; init; }

    /// <summary>Managed bytes that a step allocates.</summary>
    public required double AllocatedBytes { get; init; }

    /// <summary>Bytes of weights, batch and buffers.</summary>
    public required long PlannedBytes { get; init; }
}
