using System.Numerics;

namespace EdgeLearn;

/// <summary>
/// The order of one epoch: a keyed permutation of 0..count-1, computed a position at a time from (seed, epoch). It keeps no list, so an
/// epoch of any length resumes from its position alone. Integers only; frozen like a file format.
/// </summary>
// A Feistel network over the smallest power of two that holds count, walked until it lands below count (cycle walking): a bijection for
// any round function. Source: Black and Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002.
public readonly struct EpochOrder
{
    // A domain of less than 2^6 has too few distinct round functions to look like a random permutation.
    const int SmallestBits = 6;
    const int Rounds = 8;

    readonly ulong _key;
    readonly int _leftBits;
    readonly int _rightBits;

    /// <summary>The order of <paramref name="epoch"/> for <paramref name="count"/> samples.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    public EpochOrder(ulong seed, ulong epoch, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Count = count;
        _key = SplitMix64.Derive(seed, epoch);
        int bits = Math.Max(SmallestBits, 32 - BitOperations.LeadingZeroCount((uint)count - 1));
        _leftBits = bits / 2;
        _rightBits = bits - _leftBits;
    }

    /// <summary>Samples in the epoch.</summary>
    public int Count { get; }

    /// <summary>The sample at <paramref name="position"/>; every sample appears at exactly one position.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is not in 0..Count-1.</exception>
    public int this[int position]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)Count, nameof(position));
            uint value = (uint)position;
            do value = Permute(value);
            while (value >= (uint)Count);
            return (int)value;
        }
    }

    uint Permute(uint value)
    {
        uint leftMask = (1u << _leftBits) - 1;
        uint rightMask = (1u << _rightBits) - 1;
        uint left = value >> _rightBits;
        uint right = value & rightMask;
        for (uint round = 0; round < Rounds; round += 2)
        {
            right ^= Round(round, left) & rightMask;
            left ^= Round(round + 1, right) & leftMask;
        }

        return (left << _rightBits) | right;
    }

    uint Round(uint round, uint half) => (uint)(SplitMix64.Mix(_key + (((ulong)round << 32) | half)) >> 32);
}
