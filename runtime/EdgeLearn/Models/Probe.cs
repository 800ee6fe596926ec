namespace EdgeLearn;

/// <summary>
/// A perturbation of all trainable weights as a property of reading them: w + <see cref="Scale"/> * z, z = noise of (<see cref="Seed"/>,
/// tensor name, index). The weights themselves are never written. The default probe, of scale 0, reads them plain.
/// </summary>
public readonly record struct Probe(NoiseKind Kind, ulong Seed, float Scale)
{
    /// <summary>No perturbation.</summary>
    public static Probe None => default;

    /// <summary>Whether the weights are read as they are.</summary>
    public bool IsNone => Scale == 0;

    /// <summary>The same direction with the other sign.</summary>
    public Probe Opposite() => this with { Scale = -Scale };
}
