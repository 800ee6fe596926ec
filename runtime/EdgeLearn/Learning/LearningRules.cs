namespace EdgeLearn;

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
