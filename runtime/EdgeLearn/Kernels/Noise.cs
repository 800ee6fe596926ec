using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeLearn;

/// <summary>Which distribution a perturbation has. The set is closed: a kind is part of the file format.</summary>
public enum NoiseKind
{
    /// <summary>+1 or -1 with equal odds; one bit a weight.</summary>
    Sign,

    /// <summary>Standard normal.</summary>
    Gaussian,
}

/// <summary>
/// Noise as an integer hash of (seed, tensor name, logical index), version <see cref="Version"/>: independent of layout, thread, instruction set
/// and board, and never stored. The word of 32 values is
/// <c>mix(mix(low(i) * 0x9E3779B9 + high(i) * 0x85EBCA6B + k0) + k1)</c> with (k0, k1) the halves of <see cref="Key"/> and
/// <c>mix</c> = xor 16, * 0x7FEB352D, xor 15, * 0x846CA68B, xor 16 on 32 bits.
/// </summary>
/// <remarks>Frozen with the file format by golden vectors; a change of one bit is a new version.</remarks>
public static class Noise
{
    /// <summary>Version of the algorithm, written in model files and step logs.</summary>
    public const int Version = 1;

    /// <summary>Hash of a tensor's name: 64-bit FNV-1a of its UTF-8 bytes, mixed.</summary>
    public static ulong TensorHash(string name)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in System.Text.Encoding.UTF8.GetBytes(name)) hash = (hash ^ b) * 0x100000001B3;
        return Mix(hash);
    }

    /// <summary>Key of one tensor under one seed.</summary>
    public static ulong Key(ulong seed, ulong tensorHash) => Mix(Mix(seed + 0x9E3779B97F4A7C15) ^ tensorHash);

    /// <summary>A seed derived from another and two counters: (run seed, step, direction), (seed, refresh, slice), ...</summary>
    public static ulong Derive(ulong seed, ulong a, ulong b = 0) => Mix(Mix(Mix(seed + 0x9E3779B97F4A7C15) ^ a) + 0xD1B54A32D192ED03 * (b + 1));

    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    /// <summary>Word i of a key's stream: 32 independent bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Word(ulong key, ulong i) => Mix(Mix((uint)i * 0x9E3779B9 + (uint)(i >> 32) * 0x85EBCA6B + (uint)key) + (uint)(key >> 32));

    // lowbias32 (Wellons): the lowest-bias two-round integer hash known.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint Mix(uint x)
    {
        x = (x ^ (x >> 16)) * 0x7FEB352D;
        x = (x ^ (x >> 15)) * 0x846CA68B;
        return x ^ (x >> 16);
    }

    /// <summary>The sign at a logical index: +1 when bit (index mod 32) of word (index / 32) is 0, else -1.</summary>
    public static float SignAt(ulong key, long index) => (Word(key, (ulong)index >> 5) >> (int)(index & 31) & 1) == 0 ? 1 : -1;

    /// <summary>A uniform value in [0, 1) at a logical index, a multiple of 2^-24.</summary>
    public static float UniformAt(ulong key, long index) => (Word(key, (ulong)index) >> 8) * (1f / (1 << 24));

    /// <summary>A standard normal value at a logical index; see <see cref="Gaussian"/>.</summary>
    public static float GaussianAt(ulong key, long index) => Gaussian.At(key, index);

    /// <summary>destination[i] = source[i] + scale * z[first + i], with z the noise of the key.</summary>
    /// <param name="kind">distribution</param>
    /// <param name="key">see <see cref="Key"/></param>
    /// <param name="first">logical index of the first value</param>
    /// <param name="scale">signed size of the perturbation</param>
    /// <param name="source">values to perturb; may be the destination</param>
    /// <param name="destination">written; the same length</param>
    public static void Add(NoiseKind kind, ulong key, long first, float scale, ReadOnlySpan<float> source, Span<float> destination)
    {
        if (source.Length != destination.Length) throw new ArgumentException($"source has {source.Length} values, destination {destination.Length}", nameof(destination));
        if (kind == NoiseKind.Gaussian)
        {
            for (int i = 0; i < source.Length; i++) destination[i] = source[i] + scale * Gaussian.At(key, first + i);
            return;
        }

        int done = 0;
        int lead = (int)(-first & 31);
        for (; done < Math.Min(lead, source.Length); done++) destination[done] = source[done] + scale * SignAt(key, first + done);
        for (; done + 32 <= source.Length; done += 32) AddSigns(Word(key, (ulong)(first + done) >> 5), scale, ref MemoryMarshal.GetReference(source[done..]), ref MemoryMarshal.GetReference(destination[done..]));
        for (; done < source.Length; done++) destination[done] = source[done] + scale * SignAt(key, first + done);
    }

    // scale with its sign bit flipped where the noise bit is 1, added to 32 values.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AddSigns(uint word, float scale, ref float source, ref float destination)
    {
        if (InstructionSet.Use256) AddSignsVector(word, scale, ref source, ref destination);
        else AddSignsScalar(word, scale, ref source, ref destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddSignsVector(uint word, float scale, ref float source, ref float destination)
    {
        var magnitude = Vector256.Create(scale).AsUInt32();
        var top = Vector256.Create(0x80000000u);
        var words = Vector256.Create(word);
        for (int i = 0; i < 32; i += 8)
        {
            var bit = Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128) << i;
            var flip = Vector256.Equals(words & bit, bit) & top;
            (Vector256.LoadUnsafe(ref source, (nuint)i) + (magnitude ^ flip).AsSingle()).StoreUnsafe(ref destination, (nuint)i);
        }
    }

    internal static void AddSignsScalar(uint word, float scale, ref float source, ref float destination)
    {
        uint magnitude = BitConverter.SingleToUInt32Bits(scale);
        for (int i = 0; i < 32; i++)
        {
            float signed = BitConverter.UInt32BitsToSingle(magnitude ^ (word >> i << 31));
            Unsafe.Add(ref destination, i) = Unsafe.Add(ref source, i) + signed;
        }
    }
}
