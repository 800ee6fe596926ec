namespace EdgeLearn;

/// <summary>Which samples a replay buffer keeps.</summary>
public enum ReplayKind
{
    /// <summary>Every sample that was offered has the same odds to be there.</summary>
    Reservoir,

    /// <summary>As many of each class as the stream allows.</summary>
    Balanced,
}

/// <summary>How a replay buffer stores inputs.</summary>
public enum ReplayStorage
{
    /// <summary>As the data has them: bytes stay bytes, everything wider than 16 bits is float32.</summary>
    AsData,

    /// <summary>Prepared, then rounded to int8 with a scale for each sample.</summary>
    Int8,
}

/// <summary>Which average of the weights is kept.</summary>
public enum AverageKind
{
    /// <summary>None.</summary>
    None,

    /// <summary>One that forgets exponentially.</summary>
    Exponential,

    /// <summary>The plain mean over the last part of the run.</summary>
    Equal,
}

/// <summary>
/// What a run keeps of the past: earlier samples, a pull to earlier weights, an average of its own weights. It stands beside the learning
/// rule, at the stream and behind the update, and so goes with every rule. All of it is in the <see cref="MemoryPlan"/>.
/// </summary>
public sealed record ContinualSettings
{
    /// <summary>Bytes of the replay buffer; 0 = none.</summary>
    public long ReplayBytes { get; init; }

    /// <summary>Which samples it keeps.</summary>
    public ReplayKind Replay { get; init; }

    /// <summary>How it stores them.</summary>
    public ReplayStorage ReplayStorage { get; init; }

    /// <summary>Part of a batch that comes from the buffer, above 0 and below 1.</summary>
    public float ReplayFraction { get; init; } = 0.5f;

    /// <summary>Strength lambda of elastic weight consolidation; 0 = none.</summary>
    public float Consolidation { get; init; }

    /// <summary>What is left of the older importance when a task is added, gamma in (0, 1].</summary>
    public float ConsolidationDecay { get; init; } = 1;

    /// <summary>Samples over which the importance of weights is estimated at the end of a task.</summary>
    public int ConsolidationSamples { get; init; } = 1000;

    /// <summary>The average of the weights that is kept, and evaluated and saved in their place.</summary>
    public AverageKind Average { get; init; }

    /// <summary>Decay of the exponential average, in [0, 1).</summary>
    public float AverageDecay { get; init; } = 0.999f;

    /// <summary>Part of the run after which the equal average begins, in [0, 1).</summary>
    public float AverageStart { get; init; } = 0.75f;

    /// <summary>Rows of a batch that come from the buffer.</summary>
    public int ReplayRows(int batch)
        => ReplayBytes == 0 ? 0 : Math.Clamp((int)MathF.Round(batch * ReplayFraction), 1, Math.Max(1, batch - 1));

    /// <summary>Refuses numbers that no run can use.</summary>
    /// <param name="batch">rows of a step</param>
    /// <exception cref="EdgeLearnException">The first that is out of range.</exception>
    public void Check(int batch)
    {
        // A buffer is one span of bytes.
        OptionRange.Expect(ReplayBytes is >= 0 and <= int.MaxValue, "--replay-bytes", ReplayBytes, "at most 2147483647 bytes");
        OptionRange.Expect(ReplayFraction > 0 && ReplayFraction < 1, "--replay-fraction", ReplayFraction,
            "a number above 0 and below 1");
        OptionRange.Expect(ReplayBytes == 0 || batch > 1, "--batch", batch, "2 or more, for a replayed sample beside a new one");
        OptionRange.Expect(float.IsFinite(Consolidation) && Consolidation >= 0, "--ewc", Consolidation, "0 or more");
        OptionRange.Expect(ConsolidationDecay > 0 && ConsolidationDecay <= 1, "--ewc-decay", ConsolidationDecay,
            "a number above 0 and up to 1");
        OptionRange.Expect(ConsolidationSamples >= 1, "--ewc-samples", ConsolidationSamples, "1 or more");
        OptionRange.Expect(AverageDecay >= 0 && AverageDecay < 1, "--average ema:", AverageDecay, "a decay from 0 to below 1");
        OptionRange.Expect(AverageStart >= 0 && AverageStart < 1, "--average swa:", AverageStart,
            "the part of the run to leave out, from 0 to below 1");
    }
}
