using System.Globalization;

namespace EdgeLearn;

/// <summary>
/// What a run keeps of the past: earlier samples, a pull to earlier weights, an average of its own weights. It stands beside the learning
/// rule, at the stream and behind the update, and so goes with every rule. All of it is in the <see cref="MemoryPlan"/>.
/// </summary>
public sealed record ContinualSettings : Settings
{
    static readonly ContinualSettings s_default = new();

    static readonly IReadOnlyList<Setting> s_rows = new SettingTable<ContinualSettings>(s_default)
        // A buffer is one span of bytes.
        .Whole("replay-bytes", "keep earlier samples in so many bytes and mix them into batches (2MB, 800k)", s => s.ReplayBytes,
            (s, x) => s with { ReplayBytes = x }, Limits.From(0).To(int.MaxValue), "BYTES")
        .Word("replay", "which samples are kept: all with the same odds, or as many of each class", s => s.Replay,
            (s, x) => s with { Replay = x }, [("reservoir", ReplayKind.Reservoir), ("balanced", ReplayKind.Balanced)])
        .Word("replay-storage", "how: as the data has them, or prepared and rounded to int8", s => s.ReplayStorage,
            (s, x) => s with { ReplayStorage = x }, [("data", ReplayStorage.AsData), ("int8", ReplayStorage.Int8)])
        .Number("replay-fraction", "part of a batch that comes from them", s => s.ReplayFraction,
            (s, x) => s with { ReplayFraction = x }, Limits.Above(0).Below(1))
        .Number("ewc", "strength of the pull to the weights of earlier tasks, where they mattered (elastic weight consolidation; try 10 "
            + "to 100)", s => s.Consolidation, (s, x) => s with { Consolidation = x }, Limits.From(0))
        .Number("ewc-decay", "what is left of an older task's importance when a task is added", s => s.ConsolidationDecay,
            (s, x) => s with { ConsolidationDecay = x }, Limits.Above(0).To(1))
        .Whole("ewc-samples", "samples over which the importance of weights is measured", s => s.ConsolidationSamples,
            (s, x) => s with { ConsolidationSamples = x }, Limits.From(1))
        .Text("average", "evaluate and save an average of the weights: exponential (ema alone: decay 0.999), or equal after a part of the "
            + "run (swa alone: 0.75)", "ema[:DECAY]|swa[:FROM]", s => s.AverageText, (s, x) => s.WithAverage(x)).Rows;

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

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => s_rows;

    /// <summary>Refuses numbers that no run can use, and settings that have nothing to work on.</summary>
    /// <param name="batch">rows of a step</param>
    /// <exception cref="EdgeLearnException">The first that is out of range.</exception>
    public void Check(int batch)
    {
        Check();
        if (ReplayBytes > 0 && batch < 2)
            throw new EdgeLearnException($"--batch {batch}: expected 2 or more, for a replayed sample beside a new one");
        if (!(AverageDecay >= 0 && AverageDecay < 1)) throw Refused("ema", AverageDecay);
        if (!(AverageStart >= 0 && AverageStart < 1)) throw Refused("swa", AverageStart);
        foreach (var (name, _) in Changes()) CheckUse(name);
    }

    /// <summary>Refuses a setting that has nothing to work on.</summary>
    /// <param name="name">that somebody gave</param>
    /// <exception cref="EdgeLearnException">There is no buffer, or no consolidation, that it could be about.</exception>
    public void CheckUse(string name)
    {
        if (ReplayBytes == 0 && name.StartsWith("replay", StringComparison.Ordinal))
            throw new EdgeLearnException($"--{name} needs --replay-bytes BYTES");
        if (Consolidation == 0 && name.StartsWith("ewc", StringComparison.Ordinal))
            throw new EdgeLearnException($"--{name} needs --ewc LAMBDA");
    }

    string? AverageText => Average switch
    {
        AverageKind.Exponential => AverageDecay == s_default.AverageDecay ? "ema" : Text($"ema:{AverageDecay}"),
        AverageKind.Equal => AverageStart == s_default.AverageStart ? "swa" : Text($"swa:{AverageStart}"),
        _ => null,
    };

    ContinualSettings WithAverage(string text)
    {
        string[] parts = text.Split(':', 2);
        float number = 0;
        if (parts.Length == 2 && !float.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out number)) parts = [];
        if (parts.Length == 2 && !(number >= 0 && number < 1)) throw Refused(parts[0], number);
        return parts switch
        {
            ["ema"] => this with { Average = AverageKind.Exponential, AverageDecay = s_default.AverageDecay },
            ["ema", _] => this with { Average = AverageKind.Exponential, AverageDecay = number },
            ["swa"] => this with { Average = AverageKind.Equal, AverageStart = s_default.AverageStart },
            ["swa", _] => this with { Average = AverageKind.Equal, AverageStart = number },
            _ => throw new EdgeLearnException($"--average {text}: expected ema, ema:0.999, swa or swa:0.75"),
        };
    }

    static EdgeLearnException Refused(string kind, float number)
        => new(Text($"--average {kind}:{number}: expected a decay or a part of the run from 0 to below 1"));

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
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
