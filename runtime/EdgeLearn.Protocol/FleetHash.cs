namespace EdgeLearn.Protocol;

/// <summary>The hash of small numbers that boards and hub both compute: seeds of records, votes of exact zeros. Frozen with the protocol.</summary>
public static class FleetHash
{
    /// <summary>
    /// 64 bits from three numbers: h = mix(mix(mix(c1 + a) + b) + c), additions modulo 2^64, mix = the finaliser of SplitMix64.
    /// Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
    /// </summary>
    public static ulong Word(ulong a, ulong b, ulong c) => Mix(Mix(Mix(0x9E3779B97F4A7C15 + a) + b) + c);

    /// <summary>Seed of one record: of a board's round, in the order of its steps and directions.</summary>
    public static ulong RecordSeed(ulong round, ulong device, int record) => Word(round, device, (ulong)record);

    /// <summary>The vote of a parameter that did not change: bit (index mod 64) of Word(round, device, 2^63 + index / 64); true = up.</summary>
    public static bool ZeroVote(ulong round, ulong device, int index) =>
        (Word(round, device, (1UL << 63) + (ulong)(index / 64)) >> (index % 64) & 1) != 0;

    static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
