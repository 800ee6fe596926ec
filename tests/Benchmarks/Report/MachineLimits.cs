using System.Text.Json.Serialization;

namespace EdgeLearn.Benchmarks;

/// <summary>Measured limits of one core.</summary>
sealed record MachineLimits
{
    /// <summary>Additions that wait for each other a nanosecond.</summary>
    public required double ClockGhz { get; init; }

    /// <summary>Nops a cycle before and after the run: how much of the core was ours.</summary>
    public required double NopsPerCycleBefore { get; init; }

    /// <inheritdoc cref="NopsPerCycleBefore"/>
    public double NopsPerCycleAfter { get; init; }

    /// <summary>Multiply-adds from registers by width.</summary>
    public required IReadOnlyList<PeakRate> Peaks { get; init; }

    /// <summary>Memory by working set, smallest first.</summary>
    public required IReadOnlyList<Bandwidth> Memory { get; init; }

    /// <summary>The highest rate of any width.</summary>
    [JsonIgnore]
    public double PeakGflops => Peaks.Max(peak => peak.Gflops);

    /// <summary>The memory that a working set of so many bytes lives in.</summary>
    public Bandwidth MemoryOf(double bytes) => Memory.FirstOrDefault(level => bytes <= level.WorkingSetBytes) ?? Memory[^1];
}

/// <summary>Peak of one register width.</summary>
sealed record PeakRate(int VectorBits, double Gflops);

/// <summary>Rates of one working set, in bytes that the program names.</summary>
/// <param name="WorkingSetBytes">all arrays together</param>
/// <param name="ReadGbs">sum of an array</param>
/// <param name="InPlaceGbs">w += k, 8 bytes an element</param>
/// <param name="TriadGbs">a = b + k c, 12 bytes an element, normal stores</param>
sealed record Bandwidth(long WorkingSetBytes, double ReadGbs, double InPlaceGbs, double TriadGbs);
