namespace EdgeLearn;

/// <summary>
/// A counter-based generator of 64-bit words: word i is a hash of seed + i * 0x9E3779B97F4A7C15. The stream is part of the data format
/// (splits and partitions depend on it), so it never changes; it is no source of secrets.
/// </summary>
/// <param name="seed">of the stream</param>
// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014 (the constants of java.util.SplittableRandom).
struct SplitMix64(ulong seed)
{
    const ulong Increment = 0x9E3779B97F4A7C15;
    ulong _state = seed;

    /// <summary>The counter; a generator started with it goes on where this one is.</summary>
    public readonly ulong State => _state;

    /// <summary>The next word, uniform over all 64 bits.</summary>
    public ulong Next() => Mix(_state += Increment);

    /// <summary>The next number, uniform in the open interval (0, 1), a multiple of 2^-54.</summary>
    public double NextDouble() => ((Next() >> 11) + 0.5) * (1.0 / (1UL << 53));

    /// <summary>A bijective hash of 64 bits in which every input bit reaches every output bit.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A seed for the <paramref name="stream"/>-th stream below <paramref name="seed"/>.</summary>
    public static ulong Derive(ulong seed, ulong stream) => Mix(Mix(seed + Increment) + (stream * Increment));
}
