namespace EdgeLearn;

/// <summary>Backpropagation through all layers: the reference, and the ceiling that every backprop-free rule is measured against.</summary>
public sealed class Backprop(Network network) : ExactGradient(network, first: FirstWithWeights(network))
{
    /// <inheritdoc/>
    public override string Name => "backprop";

    // Below it there is nothing to learn, so no gradient has to go there.
    static int FirstWithWeights(Network network)
    {
        int first = 0;
        while (network.Layers[first].Slices.Count == 0) first++;
        return first;
    }
}
