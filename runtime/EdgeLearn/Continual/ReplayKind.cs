namespace EdgeLearn;

/// <summary>Which samples a replay buffer keeps.</summary>
public enum ReplayKind
{
    /// <summary>Every sample that was offered has the same odds to be there.</summary>
    Reservoir,

    /// <summary>As many of each class as the stream allows.</summary>
    Balanced,
}

/// <summary>How a replay buffer stores inputs.</summary>
public enum ReplayStorage
{
    /// <summary>As the data has them: bytes stay bytes, everything wider than 16 bits is float32.</summary>
    AsData,

    /// <summary>Prepared, then rounded to int8 with a scale for each sample.</summary>
    Int8,
}
