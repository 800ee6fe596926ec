namespace EdgeLearn;

/// <summary>
/// The rate that a run has where nobody says one: the one function that knows rates, for the command line, a program and the rounds of a
/// fleet alike.
/// </summary>
/// <param name="Rate">of the last layer at the start</param>
/// <param name="HiddenFactor">rate of the hidden layers as a factor on it, where it is another than the rule's own; null = the rule's
/// own</param>
/// <remarks>Chosen on validation splits: SGD's on dense nets for MNIST and the optical digits, Adam's and those of sign updates on those,
/// convolutions and recurrent nets. Shared weights (convolutions, steps of a sequence) sum the gradients of all their places, so that
/// SGD's rate of dense nets runs away. Where labels are real numbers, the curvature of a mean square error in the last layer is that of
/// its inputs, at most their number plus the bias for tanh, where cross-entropy's stays near 1: the rate that suits classes diverges
/// there. So the last layer gets 1 / (inputs + 1), and hidden layers, whose targets are of the same size as for classes, keep the rate
/// they have there.</remarks>
public readonly record struct UsualRate(float Rate, float? HiddenFactor = null)
{
    const float SharedWeightShare = 0.2f;

    // Adam's rate of local rules where each step has a label: units see the steps of a text through heads of their own, and gain from
    // thrice the usual rate where backprop loses.
    const float LocalRateOfSteps = 0.01f;

    /// <summary>The rate for a network.</summary>
    /// <param name="rule">what gives the gradient</param>
    /// <param name="update">what is done with it</param>
    /// <param name="network">what learns</param>
    public static UsualRate For(RuleSettings rule, UpdateSettings update, NetworkSpec network)
    {
        bool isLocal = rule is LocalHeadsSettings or TargetProjectionSettings;
        if (update is AdamSettings && isLocal && network.LabelsSteps) return new UsualRate(LocalRateOfSteps);
        float rate = OfDense(rule, update);
        if (update is not SgdSettings { Momentum: var momentum }) return new UsualRate(rate);
        if (rule is not FrozenSettings && network.Layers.Any(NetworkKinds.HasSharedWeights))
            return new UsualRate(isLocal && IsRecurrent(network) ? rate : rate * SharedWeightShare);
        if (network.Loss is not (MeanSquareLoss or HuberLoss) || rule is ZerothOrderSettings) return new UsualRate(rate);
        int last = network.Units[^1].Learner;
        int inputs = network.Layers[last] is ReceptiveFieldSpec { Fan: > 0 } choice ? choice.Fan : network.InputOf(last).Length;
        float lastRate = (1 - momentum) / (inputs + 1);
        return new UsualRate(lastRate, rule.HiddenFactor * rate / lastRate);
    }

    /// <summary>
    /// The rate where each row is a step of its own, as it comes: the middle of those that a stream tries side by side. Not the rate of a
    /// batch of one sample that is drawn at random from many: rows that follow each other are alike.
    /// </summary>
    /// <inheritdoc cref="For"/>
    public static UsualRate ForRows(RuleSettings rule, UpdateSettings update, NetworkSpec network)
    {
        var usual = For(rule, update, network);
        return rule is ZerothOrderSettings ? usual : usual with { Rate = usual.Rate * PartOfRows(update) };
    }

    // Measured on streams with abrupt and slow drift, labels at once and later (docs/streams.md).
    static float PartOfRows(UpdateSettings update) => update switch
    {
        SgdSettings => 1f / 16,
        AdamSettings => 1f / 3,
        _ => 1f / 6,
    };

    // Under a local rule a recurrent net stands, and needs, the rate of dense ones (docs/choosing.md).
    static bool IsRecurrent(NetworkSpec network)
        => network.Layers.Where(NetworkKinds.HasSharedWeights).All(layer => layer is RecurrentSpec) && !network.LabelsSteps
            && network.Loss is not (MeanSquareLoss or HuberLoss);

    // A sign update moves every weight by the whole rate, and FRUGAL most of its weights, so that the two share one. Measured on nets of
    // every kind (docs/choosing.md).
    static float OfDense(RuleSettings rule, UpdateSettings update) => (rule, update) switch
    {
        (ZerothOrderSettings, SgdSettings) => 1e-3f,
        (FrozenSettings, SgdSettings sgd) => 2f * (1 - sgd.Momentum),
        (_, SgdSettings sgd) => 0.5f * (1 - sgd.Momentum),
        (ZerothOrderSettings, _) => 1e-4f,
        (FrozenSettings, AdamSettings) => 1e-2f,
        (_, AdamSettings) => 3e-3f,
        (LocalHeadsSettings or TargetProjectionSettings, SignumSettings) => 2e-3f,
        (LocalHeadsSettings or TargetProjectionSettings, _) => 6e-3f,
        (BackpropSettings, SignSgdSettings or FrugalSettings) => 3e-3f,
        _ => 1e-3f,
    };
}
