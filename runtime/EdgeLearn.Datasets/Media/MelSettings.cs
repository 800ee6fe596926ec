namespace EdgeLearn.Datasets;

/// <summary>What <see cref="MelFeatures"/> makes of a frame of sound.</summary>
/// <param name="Rate">samples a second</param>
/// <param name="FrameLength">samples of a frame, 4 to 2^16</param>
/// <param name="Bands">mel bands from 0 to half the rate, 1 to 512</param>
/// <param name="Coefficients">of the cosine transform, at most as many as bands; 0 = the bands themselves</param>
public readonly record struct MelSettings(int Rate, int FrameLength, int Bands, int Coefficients)
{
    /// <summary>The most bands.</summary>
    public const int MostBands = 512;

    /// <summary>Values of a frame.</summary>
    public int Width => Coefficients > 0 ? Coefficients : Bands;

    /// <summary>Whether all numbers are in their ranges.</summary>
    public bool IsValid => Rate is >= 1 and <= WavFile.HighestRate && FrameLength is >= 4 and <= 1 << 16 && Bands is >= 1 and <= MostBands
        && Coefficients >= 0 && Coefficients <= Bands;
}
