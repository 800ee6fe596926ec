namespace EdgeLearn;

/// <summary>
/// Backpropagation through all layers, one unit: the reference, and the ceiling that every backprop-free rule is measured against.
/// </summary>
sealed class Backprop(Network network) : UnitRule(network, [(0, network.Layers.Length, LowestOf(network))])
{
    public override string Name => "backprop";

    // Below it there is nothing to learn, so no gradient has to go there.
    static int LowestOf(Network network) => network.FirstTrainable < network.Layers.Length
        ? network.FirstTrainable
        : throw new EdgeLearnException($"backprop: every layer of {network.Spec} is frozen, so that nothing could learn");
}

/// <summary>Settings of <see cref="Backprop"/>: none.</summary>
public sealed record BackpropSettings : RuleSettings
{
    /// <inheritdoc/>
    public override string Word => "backprop";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => [];

    internal override LearningRule Build(Network network, in RuleContext context) => new Backprop(network);

    internal override bool NeedsFloatWeights => true;

    internal override bool TrainsSharedWeights => true;
}
