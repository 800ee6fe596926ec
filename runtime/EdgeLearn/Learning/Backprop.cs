namespace EdgeLearn;

/// <summary>
/// Backpropagation through all layers, one unit: the reference, and the ceiling that every backprop-free rule is measured against.
/// </summary>
public sealed class Backprop(Network network) : UnitRule(network, [(0, network.Layers.Count, LowestOf(network))])
{
    /// <inheritdoc/>
    public override string Name => "backprop";

    // Below it there is nothing to learn, so no gradient has to go there.
    static int LowestOf(Network network) => network.FirstTrainable < network.Layers.Count
        ? network.FirstTrainable
        : throw new EdgeLearnException($"backprop: every layer of {network.Spec} is frozen, so that nothing could learn");
}

/// <summary>
/// Only the last layer with weights learns; the hidden layers stay as they were drawn. The control that a backprop-free rule must beat: an
/// accuracy that random features reach proves nothing about hidden learning.
/// </summary>
public sealed class Frozen(Network network) : UnitRule(network, [(0, network.Layers.Count, LowestOf(network))])
{
    /// <inheritdoc/>
    public override string Name => "frozen";

    static int LowestOf(Network network)
    {
        int lowest = network.Units[^1].Learner;
        while (lowest < network.Layers.Count && !network.Layers[lowest].IsTrainable) lowest++;
        return lowest < network.Layers.Count
            ? lowest
            : throw new EdgeLearnException($"frozen: only the last layer with weights of {network.Spec} would learn, and it is frozen: "
                + $"train the head too, or use another rule");
    }
}
