namespace EdgeLearn;

/// <summary>
/// What a model file holds: a network with its weights, how its inputs are prepared, and what its classes are called. Owns the network.
/// </summary>
/// <param name="Network">with weights</param>
/// <param name="Preparation">of every input</param>
/// <param name="ClassNames">one an output, or null</param>
public sealed record Model(Network Network, Preparation Preparation, IReadOnlyList<string>? ClassNames = null) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();
}
