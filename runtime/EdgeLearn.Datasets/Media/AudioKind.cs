namespace EdgeLearn.Datasets;

/// <summary>What an input made of sound holds.</summary>
public enum AudioKind
{
    /// <summary>Its samples, -1 to 1.</summary>
    Samples,

    /// <summary>The logarithm of the energy in each of some bands, a row a frame.</summary>
    LogMel,

    /// <summary>The first coefficients of the cosine transform of those, a row a frame.</summary>
    Mfcc,
}
