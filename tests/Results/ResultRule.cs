namespace EdgeLearn.Results;

/// <summary>One way to train that a row compares, under the defaults of the command line.</summary>
/// <param name="Word">as <c>--rule</c> takes it, or a control's name</param>
/// <param name="Kind">null for the control that trains nothing</param>
/// <param name="Passes">cost of a step in forward passes, roughly</param>
sealed record ResultRule(string Word, RuleSettings? Kind, double Passes)
{
    /// <summary>The last layer alone on the raw inputs: what a net without hidden layers reaches.</summary>
    public const string LastLayerWord = "last layer only";

    /// <summary>The most frequent class of the training samples, always.</summary>
    public const string MajorityWord = "majority class";

    /// <summary>Whether nothing crosses its units, and it learns below the head.</summary>
    public bool IsForwardOnly { get; init; }

    /// <summary>What is done with the gradient; null = what the command line takes for the rule.</summary>
    public UpdateSettings? Update { get; init; }

    /// <summary>tpSGD.</summary>
    public static ResultRule TargetProjection { get; } = new("tpsgd", new TargetProjectionSettings(), 2) { IsForwardOnly = true };

    /// <summary>The ceiling.</summary>
    public static ResultRule Backprop { get; } = new("backprop", new BackpropSettings(), 3);

    /// <summary>The floor: hidden layers stay as they were drawn.</summary>
    public static ResultRule Frozen { get; } = new("frozen", new FrozenSettings(), 1.1);

    /// <summary>No hidden layers.</summary>
    public static ResultRule LastLayer { get; } = new(LastLayerWord, new BackpropSettings(), 0.1);

    /// <summary>No learning.</summary>
    public static ResultRule Majority { get; } = new(MajorityWord, null, 0);

    /// <summary>The forward-only rules that this program has.</summary>
    public static IReadOnlyList<ResultRule> ForwardOnly { get; } =
        [new("local-heads", new LocalHeadsSettings(), 2.5) { IsForwardOnly = true }, TargetProjection];

    /// <summary>The forward-only rules, then the controls.</summary>
    public static IReadOnlyList<ResultRule> Standard { get; } = [.. ForwardOnly, Backprop, Frozen, LastLayer, Majority];

    /// <summary>Every rule, those that only see losses included.</summary>
    public static IReadOnlyList<ResultRule> Every { get; } =
        [.. ForwardOnly, new("elastic-zo", new ElasticZerothOrderSettings(), 2.2), new("zo", new ZerothOrderSettings(), 2), Backprop,
            Frozen,
        LastLayer, Majority];

    /// <summary>All words, in an order that does not depend on what a row compares.</summary>
    public static IReadOnlyList<string> Words { get; } = ["tpsgd", "backprop", "frozen", "local-heads", LastLayerWord, "elastic-zo", "zo"];
}
