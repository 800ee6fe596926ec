namespace EdgeLearn;

/// <summary>Which update, and its numbers: the record beside each update's class. A new update is its file and a line in
/// <see cref="UpdateRules"/>.</summary>
public abstract record UpdateSettings : Settings
{
    /// <summary>Its word on the command line, on the wire and in checkpoints.</summary>
    public abstract string Word { get; }

    /// <summary>Decoupled weight decay: each step multiplies decaying weights by 1 - rate * WeightDecay.</summary>
    public float WeightDecay { get; init; }

    /// <summary>Makes the update.</summary>
    /// <param name="seed">of what it draws: rounding, selections</param>
    public abstract UpdateRule Build(ulong seed);

    /// <summary>Whether it needs weights in float32.</summary>
    internal virtual bool NeedsFloatWeights => false;

    /// <summary>Seed of the stochastic rounding in a run of this seed.</summary>
    protected static ulong RoundingSeedOf(ulong seed) => Noise.Derive(seed, 4);

    /// <summary>The table of an update, which begins with what all updates have.</summary>
    /// <param name="defaults">the record as it is where nobody says anything</param>
    private protected static SettingTable<T> TableOf<T>(T defaults)
        where T : UpdateSettings
        => new SettingTable<T>(defaults).Number("weight-decay", "decoupled weight decay", s => s.WeightDecay,
            (s, x) => s with { WeightDecay = x }, Limits.From(0));
}

/// <summary>All updates. A new one is a file of its own and a line here.</summary>
public static class UpdateRules
{
    /// <summary>With their default settings, in the order of a help text.</summary>
    public static IReadOnlyList<UpdateSettings> All { get; } =
    [
        new SgdSettings(),
        new SignSgdSettings(),
        new SignumSettings(),
        new AdamSettings(),
        new FrugalSettings(),
    ];

    /// <summary>The update of a word, with its default settings.</summary>
    /// <exception cref="EdgeLearnException">There is none; the message lists all.</exception>
    public static UpdateSettings Named(string word)
        => All.FirstOrDefault(update => update.Word == word)
            ?? throw new EdgeLearnException($"unknown update '{word}': expected {string.Join(", ", All.Select(update => update.Word))}");
}
