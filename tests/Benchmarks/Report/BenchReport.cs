using System.Text.Json.Serialization;

namespace EdgeLearn.Benchmarks;

/// <summary>What a run found: the file of <c>--json</c> and <c>--output</c>, from which docs/performance.md is made.</summary>
sealed record BenchReport
{
    /// <summary>CPU or board.</summary>
    public required string Machine { get; init; }

    /// <summary>What our program was compiled for.</summary>
    public required string InstructionSet { get; init; }

    /// <summary>NativeAOT or JIT.</summary>
    public required string Compiled { get; init; }

    /// <summary>Operating system and kernel.</summary>
    public required string System { get; init; }

    /// <summary>Revision of the source; null where git does not say.</summary>
    public string? Commit { get; init; }

    /// <summary>When it began, UTC.</summary>
    public required string Started { get; init; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }

    /// <summary>Whether it was shortened by --quick.</summary>
    public required bool Quick { get; init; }

    /// <summary>The core that everything was pinned to; -1 = none.</summary>
    public required int Core { get; init; }

    /// <summary>Peers that took part, with versions.</summary>
    public required IReadOnlyList<string> Versions { get; init; }

    /// <summary>Peers that were left out, and how to install them; anything else that a reader must know.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Rounds, turns and lengths of the comparisons.</summary>
    public required string Protocol { get; init; }

    /// <summary>What the core can do at most; null without a C compiler.</summary>
    public MachineLimits? Limits { get; init; }

    /// <summary>The comparisons.</summary>
    public required IReadOnlyList<BenchRow> Rows { get; init; }
}

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

/// <summary>One comparison: ratio = peer / ours, above 1 we are faster (or smaller). Times are medians of the rounds.</summary>
sealed record BenchRow
{
    /// <summary>What was done.</summary>
    public required string Name { get; init; }

    /// <summary>Part of the report.</summary>
    public required string Section { get; init; }

    /// <summary>Microseconds of our step; null where the row is not about time.</summary>
    public double? OursUs { get; init; }

    /// <summary>Who it is held against.</summary>
    public required string Peer { get; init; }

    /// <summary>Microseconds of the peer's step.</summary>
    public double? PeerUs { get; init; }

    /// <summary>Median over the rounds of peer / ours; null where it may not be given, see <see cref="Note"/>.</summary>
    public double? Ratio { get; init; }

    /// <summary>Least ratio of a round.</summary>
    public double? RatioMin { get; init; }

    /// <summary>Greatest ratio of a round.</summary>
    public double? RatioMax { get; init; }

    /// <summary>What the ratio should be at least.</summary>
    public double? Target { get; init; }

    /// <summary>The target in its own words, where they say more.</summary>
    public string? TargetText { get; init; }

    /// <summary>What the ratio would be if ours ran at the machine's limit.</summary>
    public double? Ceiling { get; init; }

    /// <summary>Which limit that is.</summary>
    public string? CeilingLimit { get; init; }

    /// <summary>Unit of <see cref="Ours"/> and <see cref="Theirs"/>, for rows that are not about time.</summary>
    public string? Unit { get; init; }

    /// <summary>Our value in that unit.</summary>
    public double? Ours { get; init; }

    /// <summary>The peer's value in that unit.</summary>
    public double? Theirs { get; init; }

    /// <summary>VmHWM of a process of ours that does only this.</summary>
    public long? OursPeakRssBytes { get; init; }

    /// <summary>The peer's.</summary>
    public long? PeerPeakRssBytes { get; init; }

    /// <summary>Bytes that our memory plan says.</summary>
    public long? PlannedBytes { get; init; }

    /// <summary>Managed bytes that a step of ours allocates.</summary>
    public double? AllocatedBytes { get; init; }

    /// <summary>Floating-point operations of a step.</summary>
    public double? Flop { get; init; }

    /// <summary>Bytes that a step must move at least.</summary>
    public double? Bytes { get; init; }

    /// <summary>Multiply-add peak of the same rounds.</summary>
    public double? PeakGflops { get; init; }

    /// <summary>What a reader must know about this row.</summary>
    public string? Note { get; init; }

    /// <summary>Our rate.</summary>
    [JsonIgnore]
    public double? Gflops => Flop / OursUs * 1e-3;

    readonly bool? _met;

    /// <summary>Whether the target is met: as the job says, or by the ratio; null without a target, or without a ratio.</summary>
    public bool? Met
    {
        get => _met ?? (Target is { } target && Ratio is { } ratio ? ratio >= target : null);
        init => _met = value;
    }
}

/// <summary>The JSON of a report, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(Dictionary<string, string>))]
sealed partial class ReportJson : JsonSerializerContext;
