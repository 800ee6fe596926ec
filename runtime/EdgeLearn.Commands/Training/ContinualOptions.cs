using System.CommandLine;
using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>The options that say what a run keeps of the past: earlier samples, earlier weights, an average of its own.</summary>
sealed class ContinualOptions
{
    readonly Option<long?> _replayBytes =
        OptionText.Parsed<long?>("--replay-bytes", "BYTES", "keep earlier samples in so many bytes and mix them into batches (2MB, 800k)",
        text => ByteCount.Parse("--replay-bytes", text));
    readonly Option<ReplayKind?> _replay =
        OptionText.Words("--replay", "which samples are kept: all with the same odds, or as many of each class (default reservoir)",
        ("reservoir", ReplayKind.Reservoir), ("balanced", ReplayKind.Balanced));
    readonly Option<ReplayStorage?> _storage =
        OptionText.Words("--replay-storage", "how: as the data has them, or prepared and rounded to int8 (default data)",
        ("data", ReplayStorage.AsData), ("int8", ReplayStorage.Int8));
    readonly Option<double?> _fraction = OptionText.Number("--replay-fraction", "part of a batch that comes from them (default 0.5)");
    readonly Option<double?> _consolidation =
        OptionText.Number("--ewc",
        "strength of the pull to the weights of earlier tasks, where they mattered (elastic weight consolidation; try 10 to 100)");
    readonly Option<double?> _decay =
        OptionText.Number("--ewc-decay", "what is left of an older task's importance when a task is added (default 1)");
    readonly Option<int?> _samples =
        OptionText.Whole("--ewc-samples", "samples over which the importance of weights is measured (default 1000)");
    readonly Option<(AverageKind Kind, float Number)?> _average =
        OptionText.Parsed<(AverageKind, float)?>("--average", "ema[:DECAY]|swa[:FROM]",
        "evaluate and save an average of the weights: exponential (default decay 0.999), or equal after a part of the run (default 0.75)",
        text => ParseAverage(text));

    /// <summary>Gives the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_replayBytes, _replay, _storage, _fraction, _consolidation, _decay, _samples, _average])
            command.Options.Add(option);
    }

    /// <summary>The settings of a command line; null when it keeps nothing.</summary>
    /// <exception cref="EdgeLearnException">An option has nothing to work on.</exception>
    public ContinualSettings? Read(ParseResult parsed)
    {
        bool replays = parsed.GetValue(_replayBytes) is not null, consolidates = parsed.GetValue(_consolidation) is not null;
        if (!replays)
            Refuse("--replay-bytes BYTES", (_replay.Name, parsed.GetValue(_replay) is not null),
                (_storage.Name, parsed.GetValue(_storage) is not null), (_fraction.Name, parsed.GetValue(_fraction) is not null));
        if (!consolidates)
            Refuse("--ewc LAMBDA", (_decay.Name, parsed.GetValue(_decay) is not null),
                (_samples.Name, parsed.GetValue(_samples) is not null));
        var average = parsed.GetValue(_average);
        if (!replays && !consolidates && average is null) return null;
        var none = new ContinualSettings();
        return new ContinualSettings
        {
            ReplayBytes = parsed.GetValue(_replayBytes) ?? 0,
            Replay = parsed.GetValue(_replay) ?? none.Replay,
            ReplayStorage = parsed.GetValue(_storage) ?? none.ReplayStorage,
            ReplayFraction = (float?)parsed.GetValue(_fraction) ?? none.ReplayFraction,
            Consolidation = (float?)parsed.GetValue(_consolidation) ?? none.Consolidation,
            ConsolidationDecay = (float?)parsed.GetValue(_decay) ?? none.ConsolidationDecay,
            ConsolidationSamples = parsed.GetValue(_samples) ?? none.ConsolidationSamples,
            Average = average?.Kind ?? AverageKind.None,
            AverageDecay = average is { Kind: AverageKind.Exponential } ema ? ema.Number : none.AverageDecay,
            AverageStart = average is { Kind: AverageKind.Equal } swa ? swa.Number : none.AverageStart,
        };
    }

    static void Refuse(string needed, params ReadOnlySpan<(string Name, bool IsGiven)> options)
    {
        foreach (var (name, isGiven) in options)
        {
            if (isGiven) throw new EdgeLearnException($"{name} needs {needed}");
        }
    }

    static (AverageKind Kind, float Number) ParseAverage(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string word = colon < 0 ? text : text[..colon];
        var none = new ContinualSettings();
        (AverageKind Kind, float Number)? average = word switch
        {
            "ema" => (AverageKind.Exponential, none.AverageDecay),
            "swa" => (AverageKind.Equal, none.AverageStart),
            _ => null,
        };
        if (average is { } known && colon < 0) return known;
        if (average is not null
            && float.TryParse(text.AsSpan(colon + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out float number))
                return (average.Value.Kind, number);
        throw new EdgeLearnException($"--average {text}: expected ema, ema:0.999, swa or swa:0.75");
    }
}
