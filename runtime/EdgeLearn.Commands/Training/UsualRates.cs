namespace EdgeLearn.Commands;

/// <summary>
/// Default rates that depend on the network; but for texts, those of plain SGD. Shared weights (convolutions, steps of a sequence) sum the
/// gradients of all their places, so that the rate of dense nets runs away. Where labels are real numbers, the curvature of a mean square
/// error in the last layer is that of its inputs, at most their number plus the bias for tanh, where cross-entropy's stays near 1: the rate
/// that suits classes diverges there. So the last layer gets 1 / (inputs + 1), and hidden layers of tpsgd, whose targets are of the same
/// size as for classes, keep the rate they have there.
/// </summary>
static class UsualRates
{
    const float SharedWeightShare = 0.2f;

    // Adam's rate of local rules where each step has a label: units see the steps of a text through heads of their own, and gain from
    // thrice the usual rate where backprop loses.
    const float LocalRateOfSteps = 0.01f;

    /// <summary>Fills in what the user left open.</summary>
    /// <param name="settings">as the user gave them</param>
    /// <param name="spec">the network</param>
    /// <param name="hiddenRateIsGiven">whether the user chose the factor of the hidden layers</param>
    public static TrainingSettings FillIn(TrainingSettings settings, NetworkSpec spec, bool hiddenRateIsGiven)
    {
        if (settings is { Update: UpdateKind.Adam, LearningRate: null, Rule: RuleKind.LocalHeads or RuleKind.TargetProjection }
            && spec.LabelsSteps) return settings with { LearningRate = LocalRateOfSteps };
        if (settings is { Update: UpdateKind.Sgd, LearningRate: null } && settings.Rule != RuleKind.Frozen
            && spec.Layers.Any(layer => layer is not (DenseSpec or ReceptiveFieldSpec) && layer.Role == LayerRole.Learner))
            return settings with { LearningRate = settings.Rate * SharedWeightShare };
        if (spec.Loss is not (MeanSquareLoss or HuberLoss) || settings.Update != UpdateKind.Sgd || settings.LearningRate is not null
            || settings.Rule == RuleKind.ZerothOrder) return settings;
        int last = spec.Units[^1].Learner;
        int inputs = spec.Layers[last] is ReceptiveFieldSpec { Fan: > 0 } choice ? choice.Fan : spec.InputOf(last).Length;
        float rate = (1 - (settings.Momentum ?? 0)) / (inputs + 1);
        float hidden = settings.HiddenRate * settings.Rate;
        return settings with { LearningRate = rate, HiddenRateScale = hiddenRateIsGiven ? settings.HiddenRateScale : hidden / rate };
    }
}
