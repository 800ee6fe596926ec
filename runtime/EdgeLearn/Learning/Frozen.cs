namespace EdgeLearn;

/// <summary>
/// Only the last layer learns; the hidden layers stay as they were drawn. The control that a backprop-free rule must beat: an accuracy that random features reach
/// proves nothing about hidden learning.
/// </summary>
public sealed class Frozen(Network network) : ExactGradient(network, first: network.Layers.Count - 1)
{
    /// <inheritdoc/>
    public override string Name => "frozen";
}
