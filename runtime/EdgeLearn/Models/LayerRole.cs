namespace EdgeLearn;

/// <summary>What a layer is to the rules, which divide a network into local units.</summary>
public enum LayerRole
{
    /// <summary>Has weights that a local loss can train, or is a whole block: begins a local unit.</summary>
    Learner,

    /// <summary>Normalises; belongs to the unit before it.</summary>
    Norm,

    /// <summary>A function of each value; belongs to the unit before it.</summary>
    Activation,

    /// <summary>Changes shape, selects or drops values; belongs to the unit that reads it.</summary>
    Structure,
}
