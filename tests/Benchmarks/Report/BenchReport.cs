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
