namespace EdgeLearn;

/// <summary>The words of the command line and of files for the closed sets of kinds.</summary>
public static class KindNames
{
    static readonly (string Name, RuleKind Kind)[] s_rules =
    [
        ("tpsgd", RuleKind.TargetProjection),
        ("zo", RuleKind.ZerothOrder),
        ("elastic-zo", RuleKind.ElasticZerothOrder),
        ("backprop", RuleKind.Backprop),
        ("frozen", RuleKind.Frozen),
        ("local-heads", RuleKind.LocalHeads),
    ];

    static readonly (string Name, UpdateKind Kind)[] s_updates =
    [
        ("sgd", UpdateKind.Sgd),
        ("signsgd", UpdateKind.SignSgd),
        ("signum", UpdateKind.Signum),
        ("adam", UpdateKind.Adam),
        ("frugal", UpdateKind.Frugal),
    ];

    /// <summary>The rule's word.</summary>
    public static string Name(this RuleKind kind) => Array.Find(s_rules, rule => rule.Kind == kind).Name;

    /// <summary>The update's word.</summary>
    public static string Name(this UpdateKind kind) => Array.Find(s_updates, update => update.Kind == kind).Name;

    /// <summary>All words of rules.</summary>
    public static IEnumerable<string> RuleNames => s_rules.Select(rule => rule.Name);

    /// <summary>All words of updates.</summary>
    public static IEnumerable<string> UpdateNames => s_updates.Select(update => update.Name);

    /// <summary>The rule of a word.</summary>
    /// <exception cref="EdgeLearnException">There is none; the message lists all.</exception>
    public static RuleKind ParseRule(string name)
        => name == BackpropFree
            ? RuleKind.LocalHeads
            : Parse(s_rules, name, "rule", $", or {BackpropFree} for the best of the forward-only rules");

    /// <summary>
    /// The word for the forward-only rule that comes nearest to backprop on nets of every kind (docs/results.md), whichever that is.
    /// </summary>
    public const string BackpropFree = "backprop-free";

    /// <summary>The update of a word.</summary>
    /// <exception cref="EdgeLearnException">There is none; the message lists all.</exception>
    public static UpdateKind ParseUpdate(string name) => Parse(s_updates, name, "update", "");

    static TKind Parse<TKind>((string Name, TKind Kind)[] table, string name, string what, string more)
    {
        foreach (var row in table)
        {
            if (row.Name == name) return row.Kind;
        }

        throw new EdgeLearnException($"unknown {what} '{name}': expected {string.Join(", ", table.Select(row => row.Name))}{more}");
    }
}
