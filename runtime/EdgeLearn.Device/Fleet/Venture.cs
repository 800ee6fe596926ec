namespace EdgeLearn.Device;

/// <summary>Something that was begun and must be counted, since a model may kill the process that loads it.</summary>
/// <param name="Key">Digest of the model on trial, or attempt of the training; hexadecimal.</param>
/// <param name="Starts">How often it was begun without coming to an end.</param>
public sealed record Venture(string Key, int Starts);
