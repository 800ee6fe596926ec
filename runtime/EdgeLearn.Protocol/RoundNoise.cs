namespace EdgeLearn.Protocol;

/// <summary>
/// The noise of a round that board and hub both compute, from the core's frozen hash: seeds of records, votes of exact zeros.
/// </summary>
public static class RoundNoise
{
    /// <summary>The seed of a board's zeroth-order run in a round; give it to <see cref="TrainingSettings.DirectionSeed"/>.</summary>
    /// <param name="round">Number of the round.</param>
    /// <param name="device">The board's id as a number.</param>
    public static ulong Seed(ulong round, ulong device) => Noise.Derive(round, device);

    /// <summary>The seed of one record of that run, as <see cref="ProbeSettings.SeedOf"/> makes it.</summary>
    /// <param name="round">Number of the round.</param>
    /// <param name="device">The board's id as a number.</param>
    /// <param name="step">From 0.</param>
    /// <param name="direction">From 0.</param>
    public static ulong RecordSeed(ulong round, ulong device, int step, int direction) =>
        ProbeSettings.SeedOf(Seed(round, device), step, direction);

    /// <summary>The vote of a parameter that did not change at all; true = up.</summary>
    public static bool ZeroVote(ulong round, ulong device, int index) => Noise.SignAt(Noise.Derive(round, device, 1), index) > 0;
}
