namespace EdgeLearn;

/// <summary>
/// Only the last layer with weights learns; the hidden layers stay as they were drawn. The control that a backprop-free rule must beat: an accuracy that random features reach
/// proves nothing about hidden learning.
/// </summary>
public sealed class Frozen(Network network) : ExactGradient(network, first: network.Units[^1].Learner)
{
    /// <inheritdoc/>
    public override string Name => "frozen";
}
