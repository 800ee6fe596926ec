using System.Numerics;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// Whole numbers from 0 to <paramref name="count"/> - 1 side by side in the bits of floats, each in 1, 2, 4, 8, 16 or 32 of them, so that
/// none lies across two floats.
/// </summary>
/// <param name="count">how many different numbers there are</param>
readonly struct PackedNumbers(int count)
{
    readonly int _log2 = count <= 2 ? 0 : BitOperations.Log2((uint)BitOperations.Log2((uint)count - 1)) + 1;

    // Numbers in a float are a power of two: its logarithm.
    int InFloat => 5 - _log2;

    /// <summary>Floats that hold so many numbers.</summary>
    public long FloatsFor(long numbers) => (numbers + (1 << InFloat) - 1) >> InFloat;

    /// <summary>The number at an index.</summary>
    public int Get(ReadOnlySpan<float> place, int index)
        => (int)((MemoryMarshal.Cast<float, uint>(place)[index >> InFloat] >> Shift(index)) & Mask);

    /// <summary>Writes the number at an index; what lay there does not matter.</summary>
    public void Set(Span<float> place, int index, int number)
    {
        ref uint bits = ref MemoryMarshal.Cast<float, uint>(place)[index >> InFloat];
        bits = (bits & ~(Mask << Shift(index))) | ((uint)number << Shift(index));
    }

    int Shift(int index) => (index & ((1 << InFloat) - 1)) << _log2;

    uint Mask => uint.MaxValue >> (32 - (1 << _log2));
}
