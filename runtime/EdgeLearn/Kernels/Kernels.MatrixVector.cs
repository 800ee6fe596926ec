using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

static partial class Kernels
{
    // Rows that share the loads of x. 16 lanes whatever the width: a sum has the same bits everywhere, and short registers have enough of
    // them for 4 rows.
    const int SharedRows = 4;

    // Values whose sign bits are made at a time.
    const int SignBlock = 1024;

    /// <summary>
    /// y[r] = w[r, :] . x + bias[r]: one sample. A product is summed in 16 interleaved parts with fused multiply-adds, the parts by halves,
    /// whatever the width of the registers; a length that is no multiple of 16 ends with its last 16 values, those that were added already
    /// taken as 0.
    /// </summary>
    /// <param name="rows">rows of w</param>
    /// <param name="length">values in a row</param>
    /// <param name="w">[rows x length]</param>
    /// <param name="bias">[rows]</param>
    /// <param name="x">[length]</param>
    /// <param name="y">[rows], written</param>
    public static void MatrixVector(int rows, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x,
        Span<float> y)
    {
        Check.Length(w, (long)rows * length);
        Check.Length(bias, rows);
        Check.Length(x, length);
        Check.Length(y, rows);
        if (InstructionSet.Use512) MatrixVector<Lanes16>(rows, length, w, bias, x, y);
        else if (InstructionSet.Use256) MatrixVector<Pair<Lanes8>>(rows, length, w, bias, x, y);
        else if (InstructionSet.Use128) MatrixVector<Pair<Pair<Lanes4>>>(rows, length, w, bias, x, y);
        else MatrixVector<Pair<Pair<Pair<Pair<Lanes1>>>>>(rows, length, w, bias, x, y);
    }

    internal static void MatrixVector<T>(int rows, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x,
        Span<float> y)
        where T : struct, ILanes<T>
    {
        ref float w0 = ref MemoryMarshal.GetReference(w);
        ref float x0 = ref MemoryMarshal.GetReference(x);
        int r = 0;
        for (; length >= T.Count && r + SharedRows <= rows; r += SharedRows)
        {
            Dot4<T>(length, ref Unsafe.Add(ref w0, (nint)r * length), ref Unsafe.Add(ref MemoryMarshal.GetReference(bias), r), ref x0,
                ref Unsafe.Add(ref MemoryMarshal.GetReference(y), r));
        }
        for (; r < rows; r++) y[r] = Dot<T>(length, ref Unsafe.Add(ref w0, (nint)r * length), ref x0) + bias[r];
    }

    /// <summary>a . b in 16 interleaved parts.</summary>
    internal static float Dot<T>(int length, ref float a, ref float b)
        where T : struct, ILanes<T>
    {
        if (length < T.Count) return ShortDot<T>(length, ref a, ref b);
        var sum = T.Broadcast(0);
        int i = 0;
        for (; i + T.Count <= length; i += T.Count) sum = T.MultiplyAdd(T.Load(ref a, (nuint)i), T.Load(ref b, (nuint)i), sum);
        if (i < length) sum = T.MultiplyAdd(T.Load(ref a, (nuint)(length - T.Count)), LoadLast<T>(length, ref b), sum);
        return T.Sum(sum);
    }

    // Calls within the loops would keep the sums out of the registers, so what is left of a length is the last whole register, with 0 for
    // what has been added already.
    static void Dot4<T>(int length, ref float w, ref float bias, ref float x, ref float y)
        where T : struct, ILanes<T>
    {
        ref float w1 = ref Unsafe.Add(ref w, length);
        ref float w2 = ref Unsafe.Add(ref w1, length);
        ref float w3 = ref Unsafe.Add(ref w2, length);
        T s0 = T.Broadcast(0), s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i + T.Count <= length; i += T.Count)
        {
            var v = T.Load(ref x, (nuint)i);
            s0 = T.MultiplyAdd(T.Load(ref w, (nuint)i), v, s0);
            s1 = T.MultiplyAdd(T.Load(ref w1, (nuint)i), v, s1);
            s2 = T.MultiplyAdd(T.Load(ref w2, (nuint)i), v, s2);
            s3 = T.MultiplyAdd(T.Load(ref w3, (nuint)i), v, s3);
        }

        if (i < length)
        {
            var v = LoadLast<T>(length, ref x);
            nuint last = (nuint)(length - T.Count);
            s0 = T.MultiplyAdd(T.Load(ref w, last), v, s0);
            s1 = T.MultiplyAdd(T.Load(ref w1, last), v, s1);
            s2 = T.MultiplyAdd(T.Load(ref w2, last), v, s2);
            s3 = T.MultiplyAdd(T.Load(ref w3, last), v, s3);
        }

        y = T.Sum(s0) + bias;
        Unsafe.Add(ref y, 1) = T.Sum(s1) + Unsafe.Add(ref bias, 1);
        Unsafe.Add(ref y, 2) = T.Sum(s2) + Unsafe.Add(ref bias, 2);
        Unsafe.Add(ref y, 3) = T.Sum(s3) + Unsafe.Add(ref bias, 3);
    }

    // The last register of a row, with 0 in the lanes that a loop over whole registers has taken.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T LoadLast<T>(int length, ref float x)
        where T : struct, ILanes<T>
        => T.IfPositive(T.Load(ref LastLanesOf<T>(length % T.Count), 0), T.Load(ref x, (nuint)(length - T.Count)), T.Broadcast(0));

    // A register with 1 in its last lanes and 0 before; of 16 lanes at most. A call would drive the sums of its callers out of the
    // registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ref float LastLanesOf<T>(int count)
        where T : struct, ILanes<T> => ref Unsafe.Add(ref MemoryMarshal.GetReference(LastLanes), 16 - T.Count + count);

    static ReadOnlySpan<float> LastLanes
        => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    static float ShortDot<T>(int length, ref float a, ref float b)
        where T : struct, ILanes<T>
    {
        Span<float> left = stackalloc float[T.Count], right = stackalloc float[T.Count];
        CopyShort(length, ref a, left);
        CopyShort(length, ref b, right);
        return T.Sum(
            T.MultiplyAdd(T.Load(ref MemoryMarshal.GetReference(left), 0), T.Load(ref MemoryMarshal.GetReference(right), 0),
            T.Broadcast(0)));
    }

    static void CopyShort(int length, ref float source, Span<float> buffer)
    {
        MemoryMarshal.CreateReadOnlySpan(ref source, length).CopyTo(buffer);
        buffer[length..].Clear();
    }

    /// <summary>
    /// yPlus = (w + scale z) xPlus + bias, yMinus = (w - scale z) xMinus + bias from one read of w, z = noise signs of the key, made in
    /// registers. The same bits as <see cref="MatrixVector"/> on the two perturbed copies.
    /// </summary>
    /// <param name="rows">rows of w</param>
    /// <param name="length">values in a row</param>
    /// <param name="key">see <see cref="Noise.Key"/></param>
    /// <param name="first">logical index of w[0, 0]</param>
    /// <param name="scale">size of the perturbation</param>
    /// <param name="w">[rows x length]</param>
    /// <param name="xPlus">[length]</param>
    /// <param name="xMinus">[length]</param>
    /// <param name="yPlus">[rows]: the bias in, the result out</param>
    /// <param name="yMinus">[rows]: the bias in, the result out</param>
    public static void MatrixVectorPair(int rows, int length, ulong key, long first, float scale, ReadOnlySpan<float> w,
        ReadOnlySpan<float> xPlus, ReadOnlySpan<float> xMinus, Span<float> yPlus, Span<float> yMinus)
    {
        Check.Length(w, (long)rows * length);
        Check.Length(xPlus, length);
        Check.Length(xMinus, length);
        Check.Length(yPlus, rows);
        Check.Length(yMinus, rows);
        if (InstructionSet.Use512) MatrixVectorPair<Lanes16>(rows, length, key, first, scale, w, xPlus, xMinus, yPlus, yMinus);
        else if (InstructionSet.Use256) MatrixVectorPair<Pair<Lanes8>>(rows, length, key, first, scale, w, xPlus, xMinus, yPlus, yMinus);
        else if (InstructionSet.Use128)
            MatrixVectorPair<Pair<Pair<Lanes4>>>(rows, length, key, first, scale, w, xPlus, xMinus, yPlus, yMinus);
        else MatrixVectorPair<Pair<Pair<Pair<Pair<Lanes1>>>>>(rows, length, key, first, scale, w, xPlus, xMinus, yPlus, yMinus);
    }

    [SkipLocalsInit]
    internal static void MatrixVectorPair<T>(int rows, int length, ulong key, long first, float scale, ReadOnlySpan<float> w,
    ReadOnlySpan<float> xPlus, ReadOnlySpan<float> xMinus, Span<float> yPlus, Span<float> yMinus)
        where T : struct, ILanes<T>
    {
        Span<uint> words = stackalloc uint[SignBlock / 32 + 2];
        Span<float> shortRow = stackalloc float[T.Count], shortPlus = stackalloc float[T.Count], shortMinus = stackalloc float[T.Count];
        bool isShort = length < T.Count;
        if (isShort)
        {
            CopyShort(length, ref MemoryMarshal.GetReference(xPlus), shortPlus);
            CopyShort(length, ref MemoryMarshal.GetReference(xMinus), shortMinus);
        }

        ref float p0 = ref isShort ? ref shortPlus[0] : ref MemoryMarshal.GetReference(xPlus);
        ref float m0 = ref isShort ? ref shortMinus[0] : ref MemoryMarshal.GetReference(xMinus);
        for (int r = 0; r < rows; r++)
        {
            scoped ref float row = ref Unsafe.Add(ref MemoryMarshal.GetReference(w), (nint)r * length);
            long index = first + (long)r * length;
            if (isShort)
            {
                CopyShort(length, ref row, shortRow);
                row = ref shortRow[0];
            }

            T plus = T.Broadcast(0), minus = plus;
            int counted = isShort ? T.Count : length, whole = counted / T.Count * T.Count;
            for (int from = 0; from < whole; from += SignBlock)
            {
                int count = Math.Min(SignBlock, whole - from);
                AddPair(count, new SignBits(key, index + from, count, words), scale, ref Unsafe.Add(ref row, from),
                    ref Unsafe.Add(ref p0, from), ref Unsafe.Add(ref m0, from), ref plus, ref minus);
            }

            if (whole < counted)
            {
                AddLastPair(length, new SignBits(key, index + length - T.Count, T.Count, words), scale, ref row, ref p0, ref m0, ref plus,
                    ref minus);
            }
            yPlus[r] = T.Sum(plus) + yPlus[r];
            yMinus[r] = T.Sum(minus) + yMinus[r];
        }
    }

    static void AddPair<T>(int count, SignBits signs, float scale, ref float w, ref float xPlus, ref float xMinus, ref T plus, ref T minus)
        where T : struct, ILanes<T>
    {
        T p = plus, m = minus, size = T.Broadcast(scale);
        int i = 0;
        for (; i + 2 * T.Count <= count; i += 2 * T.Count)
        {
            ulong bits = signs.At(i);
            var weight = T.Load(ref w, (nuint)i);
            var z = T.FlipSigns(size, bits);
            p = T.MultiplyAdd(weight + z, T.Load(ref xPlus, (nuint)i), p);
            m = T.MultiplyAdd(weight - z, T.Load(ref xMinus, (nuint)i), m);
            weight = T.Load(ref w, (nuint)(i + T.Count));
            z = T.FlipSigns(size, bits >> T.Count);
            p = T.MultiplyAdd(weight + z, T.Load(ref xPlus, (nuint)(i + T.Count)), p);
            m = T.MultiplyAdd(weight - z, T.Load(ref xMinus, (nuint)(i + T.Count)), m);
        }

        for (; i < count; i += T.Count)
        {
            var weight = T.Load(ref w, (nuint)i);
            var z = T.FlipSigns(size, signs.At(i));
            p = T.MultiplyAdd(weight + z, T.Load(ref xPlus, (nuint)i), p);
            m = T.MultiplyAdd(weight - z, T.Load(ref xMinus, (nuint)i), m);
        }

        plus = p;
        minus = m;
    }

    static void AddLastPair<T>(int length, SignBits signs, float scale, ref float w, ref float xPlus, ref float xMinus, ref T plus,
        ref T minus)
        where T : struct, ILanes<T>
    {
        var weight = T.Load(ref w, (nuint)(length - T.Count));
        var z = T.FlipSigns(T.Broadcast(scale), signs.At(0));
        plus = T.MultiplyAdd(weight + z, LoadLast<T>(length, ref xPlus), plus);
        minus = T.MultiplyAdd(weight - z, LoadLast<T>(length, ref xMinus), minus);
    }
}
