using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeLearn;

/// <summary>
/// Noise as an integer hash of (seed, tensor name, logical index), version <see cref="Version"/>: independent of layout, thread,
/// instruction set and board, and never stored. The word of 32 values is
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
    public static ulong Derive(ulong seed, ulong a, ulong b = 0)
        => Mix(Mix(Mix(seed + 0x9E3779B97F4A7C15) ^ a) + 0xD1B54A32D192ED03 * (b + 1));

    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    /// <summary>Word i of a key's stream: 32 independent bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Word(ulong key, ulong i)
    => Mix(Mix((uint)i * 0x9E3779B9 + (uint)(i >> 32) * 0x85EBCA6B + (uint)key) + (uint)(key >> 32));

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
        if (source.Length != destination.Length)
            throw new ArgumentException($"source has {source.Length} values, destination {destination.Length}", nameof(destination));
        if (kind == NoiseKind.Gaussian) Gaussian.Add(key, first, scale, source, destination);
        else AddSigns(key, first, scale, source, destination);
    }

    /// <summary>
    /// plus = source + scale * z and minus = source - scale * z, the noise made once; to the bit as two calls of <see cref="Add"/>.
    /// </summary>
    /// <param name="kind">distribution</param>
    /// <param name="key">see <see cref="Key"/></param>
    /// <param name="first">logical index of the first value</param>
    /// <param name="scale">signed size of the perturbation</param>
    /// <param name="source">values to perturb</param>
    /// <param name="plus">written; the same length</param>
    /// <param name="minus">written; the same length</param>
    public static void AddPair(NoiseKind kind, ulong key, long first, float scale, ReadOnlySpan<float> source, Span<float> plus,
        Span<float> minus)
    {
        Check.Length(plus, source.Length);
        Check.Length(minus, source.Length);
        if (kind == NoiseKind.Gaussian)
        {
            Gaussian.Add(key, first, scale, source, plus);
            Gaussian.Add(key, first, -scale, source, minus);
            return;
        }

        AddSignPair(key, first, scale, source, plus, minus);
    }

    [SkipLocalsInit]
    static void AddSignPair(ulong key, long first, float scale, ReadOnlySpan<float> source, Span<float> plus, Span<float> minus)
    {
        Span<uint> words = stackalloc uint[SignBlock / 32 + 2];
        for (int from = 0; from < source.Length; from += SignBlock)
        {
            int count = Math.Min(SignBlock, source.Length - from), done = 0;
            var signs = new SignBits(key, first + from, count, words);
            ref float s = ref Unsafe.Add(ref MemoryMarshal.GetReference(source), from);
            ref float p = ref Unsafe.Add(ref MemoryMarshal.GetReference(plus), from);
            ref float m = ref Unsafe.Add(ref MemoryMarshal.GetReference(minus), from);
            if (InstructionSet.Use512) done = AddSignPair<Lanes16>(done, count, signs, scale, ref s, ref p, ref m);
            if (InstructionSet.Use256) done = AddSignPair<Lanes8>(done, count, signs, scale, ref s, ref p, ref m);
            if (InstructionSet.Use128) done = AddSignPair<Lanes4>(done, count, signs, scale, ref s, ref p, ref m);
            AddSignPair<Lanes1>(done, count, signs, scale, ref s, ref p, ref m);
        }
    }

    static int AddSignPair<T>(int from, int count, SignBits signs, float scale, ref float source, ref float plus, ref float minus)
        where T : struct, ILanes<T>
    {
        var size = T.Broadcast(scale);
        int i = from;
        for (; i + T.Count <= count; i += T.Count)
        {
            var value = T.Load(ref source, (nuint)i);
            var z = T.FlipSigns(size, signs.At(i));
            T.Store(value + z, ref plus, (nuint)i);
            T.Store(value - z, ref minus, (nuint)i);
        }

        return i;
    }

    // Values whose words are made at a time.
    const int SignBlock = 1024;

    [SkipLocalsInit]
    static void AddSigns(ulong key, long first, float scale, ReadOnlySpan<float> source, Span<float> destination)
    {
        Span<uint> words = stackalloc uint[SignBlock / 32 + 2];
        for (int from = 0; from < source.Length; from += SignBlock)
        {
            int count = Math.Min(SignBlock, source.Length - from), done = 0;
            var signs = new SignBits(key, first + from, count, words);
            ref float s = ref Unsafe.Add(ref MemoryMarshal.GetReference(source), from);
            ref float d = ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), from);
            if (InstructionSet.Use512) done = AddSigns<Lanes16>(done, count, signs, scale, ref s, ref d);
            if (InstructionSet.Use256) done = AddSigns<Lanes8>(done, count, signs, scale, ref s, ref d);
            if (InstructionSet.Use128) done = AddSigns<Lanes4>(done, count, signs, scale, ref s, ref d);
            AddSigns<Lanes1>(done, count, signs, scale, ref s, ref d);
        }
    }

    // scale with its sign bit turned where the noise bit is 1, added to whole registers of values.
    internal static int AddSigns<T>(int from, int count, SignBits signs, float scale, ref float source, ref float destination)
        where T : struct, ILanes<T>
    {
        var size = T.Broadcast(scale);
        int i = from;
        for (; i + T.Count <= count; i += T.Count)
            T.Store(T.Load(ref source, (nuint)i) + T.FlipSigns(size, signs.At(i)), ref destination, (nuint)i);
        return i;
    }

    /// <summary>words[j] = <see cref="Word"/>(key, first + j).</summary>
    internal static void FillWords(ulong key, ulong first, Span<uint> words)
    {
        int done = 0;
        bool wraps = (uint)first > uint.MaxValue - (uint)words.Length; // the high half of an index changes within the run
        if (InstructionSet.Use256 && !wraps) done = FillWords8(key, first, words);
        for (; done < words.Length; done++) words[done] = Word(key, first + (ulong)done);
    }

    static int FillWords8(ulong key, ulong first, Span<uint> words)
    {
        ref uint w0 = ref MemoryMarshal.GetReference(words);
        var index = Vector256.Create((uint)first) + Vector256<uint>.Indices;
        Vector256<uint> offset = Vector256.Create((uint)(first >> 32) * 0x85EBCA6B + (uint)key),
            second = Vector256.Create((uint)(key >> 32));
        int i = 0;
        for (; i + 8 <= words.Length; i += 8)
        {
            (Mix(Mix(index * 0x9E3779B9u + offset) + second)).StoreUnsafe(ref w0, (nuint)i);
            index += Vector256.Create(8u);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> Mix(Vector256<uint> x)
    {
        x = (x ^ (x >> 16)) * 0x7FEB352Du;
        x = (x ^ (x >> 15)) * 0x846CA68Bu;
        return x ^ (x >> 16);
    }
}

/// <summary>Which distribution a perturbation has. The set is closed: a kind is part of the file format.</summary>
public enum NoiseKind
{
    /// <summary>+1 or -1 with equal odds; one bit a weight.</summary>
    Sign,

    /// <summary>Standard normal.</summary>
    Gaussian,
}
