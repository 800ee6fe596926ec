namespace EdgeLearn;

/// <summary>Which rule, and its numbers: the record beside each rule's class. A new rule is its file and a line in
/// <see cref="LearningRules"/>.</summary>
public abstract record RuleSettings : Settings
{
    /// <summary>Its word on the command line, on the wire and in checkpoints.</summary>
    public abstract string Word { get; }

    /// <summary>
    /// The update that the command line takes where none is said: of those that lie within half a point of the best on this kind of
    /// network, the one that remembers least (docs/choosing.md); Adam, which suits networks of every kind, where nobody has measured it.
    /// </summary>
    internal virtual UpdateSettings UsualUpdate(NetworkKind kind) => new AdamSettings();

    /// <summary>The same for rules whose units learn by themselves.</summary>
    private protected static UpdateSettings UsualOfLocalUnits(NetworkKind kind)
    {
        const float Decay = 0.3f; // without it weights that nobody needs wander by the rate in every step of a sign update
        return kind switch
        {
            NetworkKind.Dense => new SignSgdSettings(),
            NetworkKind.NormedSequence => new SignSgdSettings { WeightDecay = Decay },
            NetworkKind.Plain or NetworkKind.Recurrent => new SignumSettings { WeightDecay = Decay },
            _ => new AdamSettings(),
        };
    }

    /// <summary>Makes the rule, which sets the rate factors of the network's tensors.</summary>
    /// <param name="network">what learns</param>
    /// <param name="context">what it is given by the run</param>
    /// <exception cref="EdgeLearnException">The rule cannot train this network.</exception>
    internal abstract LearningRule Build(Network network, in RuleContext context);

    /// <summary>Rate of the hidden layers as a factor on the run's, where the rule has such a factor.</summary>
    internal virtual float? HiddenFactor => null;

    /// <summary>Whether it takes gradients through layers, which needs weights in float32.</summary>
    internal virtual bool NeedsFloatWeights => false;

    /// <summary>Whether it can train weights that two layers share.</summary>
    internal virtual bool TrainsSharedWeights => false;

    /// <summary>Refuses settings with which the rule cannot train a network.</summary>
    /// <exception cref="EdgeLearnException">It cannot.</exception>
    internal virtual void CheckNetwork(NetworkSpec network)
    {
        if (network.Layers[^1] is TokenHeadSpec { IsTied: true } head && !TrainsSharedWeights)
        {
            throw new EdgeLearnException($"{Word} cannot train weights that the first and the last layer share: use backprop or "
                + $"zo, or end the network with tokens{head.Words}");
        }
    }
}

/// <summary>What a rule is given beside its settings.</summary>
/// <param name="Seed">of what the rule draws for the whole run: targets, weights of local heads</param>
/// <param name="DirectionSeed">of the directions of zeroth-order steps</param>
/// <param name="TotalSteps">steps of the run</param>
/// <param name="OwnUpdate">learns the rule's own weights, such as those of local heads, and is used for nothing else; null = plain
/// sgd</param>
readonly record struct RuleContext(ulong Seed = 0, ulong DirectionSeed = 0, long TotalSteps = 1, UpdateRule? OwnUpdate = null)
{
    /// <summary>What learns local heads.</summary>
    public UpdateRule HeadUpdate => OwnUpdate ?? new Sgd(new());
}

/// <summary>All learning rules. A new one is a file of its own and a line here.</summary>
public static class LearningRules
{
    /// <summary>
    /// The word for the forward-only rule that comes nearest to backprop on nets of every kind (docs/results.md), whichever that is.
    /// </summary>
    public const string BackpropFree = "backprop-free";

    /// <summary>With their default settings, in the order of a help text.</summary>
    public static IReadOnlyList<RuleSettings> All { get; } =
    [
        new TargetProjectionSettings(),
        new ZerothOrderSettings(),
        new ElasticZerothOrderSettings(),
        new BackpropSettings(),
        new FrozenSettings(),
        new LocalHeadsSettings(),
    ];

    /// <summary>The rule of a word, with its default settings.</summary>
    /// <exception cref="EdgeLearnException">There is none; the message lists all.</exception>
    public static RuleSettings Named(string word)
        => word == BackpropFree ? new LocalHeadsSettings() : All.FirstOrDefault(rule => rule.Word == word)
            ?? throw new EdgeLearnException($"unknown rule '{word}': expected {string.Join(", ", All.Select(rule => rule.Word))}, "
                + $"or {BackpropFree} for the best of the forward-only rules");
}
