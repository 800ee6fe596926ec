namespace EdgeLearn;

/// <summary>Which samples a replay buffer keeps.</summary>
public enum ReplayKind
{
    /// <summary>Every sample that was offered has the same odds to be there.</summary>
    Reservoir,

    /// <summary>As many of each class as the stream allows.</summary>
    Balanced,
}

/// <summary>How a replay buffer stores inputs.</summary>
public enum ReplayStorage
{
    /// <summary>As the data has them: bytes stay bytes, everything wider than 16 bits is float32.</summary>
    AsData,

    /// <summary>Prepared, then rounded to int8 with a scale for each sample.</summary>
    Int8,
}

/// <summary>
/// Decides which samples of a stream a buffer keeps. Choices are hashes of (seed, number of the sample), so that a run that is resumed
/// makes the same ones. Allocates nothing after it was made.
/// </summary>
abstract class ReplayPolicy(ulong seed)
{
    /// <summary>Samples offered so far.</summary>
    public long SeenCount { get; set; }

    /// <summary>Samples offered so far of each class, where the policy asks.</summary>
    public virtual Span<long> SeenOfClass => default;

    /// <summary>Whether a class was ever the largest in a full buffer, where the policy asks.</summary>
    public virtual Span<bool> WasLargest => default;

    /// <summary>Where the next sample goes.</summary>
    /// <param name="label">its class; -1 where samples have none</param>
    /// <param name="stored">[samples in the buffer] their classes</param>
    /// <param name="capacity">the most samples there can be</param>
    /// <returns>the place of the sample; -1 = it is not kept</returns>
    public abstract int PlaceOf(int label, ReadOnlySpan<int> stored, int capacity);

    // Uniform in 0..count-1: the high half of a product, biased by less than count / 2^64.
    long Draw(long count) => (long)Math.BigMul(SplitMix64.Derive(seed, (ulong)SeenCount), (ulong)count, out _);

    /// <summary>The policy of a kind.</summary>
    public static ReplayPolicy Of(ReplayKind kind, int classCount, ulong seed)
        => kind == ReplayKind.Balanced ? new Balanced(classCount, seed) : new Reservoir(seed);

    /// <summary>Bytes of a policy's counts.</summary>
    public static long BytesOf(ReplayKind kind, int classCount)
        => kind == ReplayKind.Balanced ? classCount * (long)(sizeof(long) + sizeof(bool) + sizeof(int)) : 0;

    /// <summary>
    /// Sample n replaces a random one with odds capacity / n: at any time all samples seen so far have the same odds to be in the buffer.
    /// </summary>
    /// <remarks>Source: Vitter, "Random Sampling with a Reservoir", 1985, algorithm R.</remarks>
    sealed class Reservoir(ulong seed) : ReplayPolicy(seed)
    {
        public override int PlaceOf(int label, ReadOnlySpan<int> stored, int capacity)
        {
            SeenCount++;
            if (stored.Length < capacity) return stored.Length;
            long place = Draw(SeenCount);
            return place < capacity ? (int)place : -1;
        }
    }

    /// <summary>
    /// Class-balancing reservoir sampling: once the buffer is full, a sample of a class that was never the largest replaces one of the
    /// largest class; any other replaces one of its own class, with odds stored / seen, so that each class is a reservoir of its own.
    /// </summary>
    /// <remarks>Source: Chrysakis and Moens, "Online Continual Learning from Imbalanced Data", ICML 2020.</remarks>
    sealed class Balanced(int classCount, ulong seed) : ReplayPolicy(seed)
    {
        readonly long[] _seen = new long[classCount];
        readonly bool[] _wasLargest = new bool[classCount];
        readonly int[] _stored = new int[classCount];

        public override Span<long> SeenOfClass => _seen;

        public override Span<bool> WasLargest => _wasLargest;

        public override int PlaceOf(int label, ReadOnlySpan<int> stored, int capacity)
        {
            SeenCount++;
            _seen[label]++;
            if (stored.Length < capacity) return stored.Length;
            Array.Clear(_stored);
            foreach (int of in stored) _stored[of]++;
            int largest = 0;
            for (int c = 1; c < _stored.Length; c++) largest = _stored[c] > _stored[largest] ? c : largest;
            for (int c = 0; c < _stored.Length; c++) _wasLargest[c] |= _stored[c] == _stored[largest];
            if (!_wasLargest[label]) return Find(stored, largest, Draw(_stored[largest]));
            // One draw among all seen of the class: falls on a stored one with the odds wanted, and then names it.
            long instance = Draw(_seen[label]);
            return instance < _stored[label] ? Find(stored, label, instance) : -1;
        }

        static int Find(ReadOnlySpan<int> stored, int label, long instance)
        {
            int place = stored.IndexOf(label);
            for (; instance > 0; instance--) place += 1 + stored[(place + 1)..].IndexOf(label);
            return place;
        }
    }
}
