namespace EdgeLearn;

/// <summary>
/// Only the last layer with weights learns; the hidden layers stay as they were drawn. The control that a backprop-free rule must beat: an
/// accuracy that random features reach proves nothing about hidden learning.
/// </summary>
sealed class Frozen : UnitRule
{
    /// <summary>Prepares the rule; an update shall remember nothing of what stays as it is.</summary>
    public Frozen(Network network) : base(network, [(0, network.Layers.Length, LowestOf(network))])
    {
        int lowest = LowestOf(network);
        for (int i = 0; i < network.Layers.Length; i++)
        {
            // Weights that the first layer shares with the last learn there.
            foreach (var slice in network.Layers[i].Slices) slice.IsIdle = i < lowest;
        }
    }

    public override string Name => "frozen";

    static int LowestOf(Network network)
    {
        int lowest = network.FirstTrainableOf(network.Units[^1].Learner, network.Layers.Length);
        return lowest < network.Layers.Length
            ? lowest
            : throw new EdgeLearnException($"frozen: only the last layer with weights of {network.Spec} would learn, and it is frozen: "
                + $"train the head too, or use another rule");
    }
}

/// <summary>Settings of <see cref="Frozen"/>: none.</summary>
public sealed record FrozenSettings : RuleSettings
{
    /// <inheritdoc/>
    public override string Word => "frozen";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => [];

    internal override LearningRule Build(Network network, in RuleContext context) => new Frozen(network);
}
