using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>Sign bits of a run of neighbouring noise values: bit (index mod 32) of word (index / 32), read from any place on.</summary>
readonly ref struct SignBits
{
    readonly ref uint _words;
    readonly int _shift;

    /// <summary>Makes the words of values first..first + count - 1.</summary>
    /// <param name="key">see <see cref="Noise.Key"/></param>
    /// <param name="first">logical index of value 0</param>
    /// <param name="count">values</param>
    /// <param name="words">at least count / 32 + 2 words, overwritten</param>
    public SignBits(ulong key, long first, int count, Span<uint> words)
    {
        _shift = (int)(first & 31);
        int needed = (_shift + count + 31) / 32;
        Noise.FillWords(key, (ulong)first >> 5, words[..needed]);
        words[needed] = 0;
        _words = ref MemoryMarshal.GetReference(words);
    }

    /// <summary>The bits of value i and at least 31 that follow; bits behind the last value are of no meaning.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong At(int i)
    {
        int bit = _shift + i;
        // every platform of ours is little-endian
        return Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<uint, byte>(ref Unsafe.Add(ref _words, bit >> 5))) >> (bit & 31);
    }
}
