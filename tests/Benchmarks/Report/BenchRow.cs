using System.Text.Json.Serialization;

namespace EdgeLearn.Benchmarks;

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
