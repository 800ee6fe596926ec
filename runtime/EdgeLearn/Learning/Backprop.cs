namespace EdgeLearn;

/// <summary>Backpropagation through all layers: the reference, and the ceiling that every backprop-free rule is measured against.</summary>
public sealed class Backprop(Network network) : ExactGradient(network, first: 0)
{
    /// <inheritdoc/>
    public override string Name => "backprop";
}
