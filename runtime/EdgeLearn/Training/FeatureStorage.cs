namespace EdgeLearn;

/// <summary>Where the outputs of a frozen body are kept between epochs.</summary>
public enum FeatureStorage
{
    /// <summary>Nowhere: the body runs in every step.</summary>
    Off,

    /// <summary>
    /// <see cref="Memory"/> where there is a frozen body, more than one epoch, and room within the budget; else <see cref="Off"/>.
    /// </summary>
    Auto,

    /// <summary>In memory as float32, to the bit what the body gives.</summary>
    Memory,

    /// <summary>In memory as int8 with a scale a sample: a quarter of the bytes, rounded.</summary>
    Int8,

    /// <summary>In a file of the user's cache as float32, found again by the next run on the same body, data and preparation.</summary>
    Disk,
}
