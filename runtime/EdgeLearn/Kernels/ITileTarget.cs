using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>
/// What becomes of the finished tiles of a product: stored, added, written transposed with a bias, or used up by an update of the weights
/// that lie there.
/// </summary>
interface ITileTarget
{
    /// <summary>Most rows of a tile: what <see cref="Accept"/> does is inlined as often.</summary>
    static abstract int MaxRows { get; }

    /// <summary>
    /// Whether tiles are left in a buffer for <see cref="End"/>, [rows x <see cref="ILanes{TSelf}.Count"/>], instead of being accepted row
    /// by row in registers.
    /// </summary>
    static abstract bool IsBuffered { get; }

    /// <summary>Where the first sum of a tile belongs, in floats.</summary>
    nint OffsetOf(int row, int column);

    /// <summary>Distance between the rows of a tile.</summary>
    nint RowStride(int tileColumns);

    /// <summary>
    /// Asks the caches for what <see cref="Accept"/> will read for a tile that comes soon: a few floats in each of many rows, which no
    /// prefetcher of the hardware sees coming.
    /// </summary>
    void Expect(int row, int column, int tileRows, int tileColumns);

    /// <summary>What the sums at a place begin with.</summary>
    T Start<T>(nint offset)
        where T : struct, ILanes<T>;

    /// <summary>
    /// Takes sums of neighbouring columns of one row, at the place that <see cref="OffsetOf"/> and <see cref="RowStride"/> gave them.
    /// </summary>
    void Accept<T>(nint offset, T sums)
        where T : struct, ILanes<T>;

    /// <summary>All rows of a tile have been accepted, or lie in the buffer.</summary>
    void End<T>(int row, int column, int tileRows, ref float tile)
        where T : struct, ILanes<T>;
}

/// <summary>c = the sums.</summary>
readonly ref struct StoreTarget(ref float c, nint stride) : ITileTarget
{
    readonly ref float _c = ref c;

    public static int MaxRows => 12;

    public static bool IsBuffered => false;

    public nint OffsetOf(int row, int column) => row * stride + column;

    public nint RowStride(int tileColumns) => stride;

    public void Expect(int row, int column, int tileRows, int tileColumns)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Start<T>(nint offset)
        where T : struct, ILanes<T> => T.Broadcast(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Accept<T>(nint offset, T sums)
        where T : struct, ILanes<T> => T.Store(sums, ref _c, (nuint)offset);

    public void End<T>(int row, int column, int tileRows, ref float tile)
        where T : struct, ILanes<T>
    {
    }
}

/// <summary>The sums go on from c, as if they had never left the registers.</summary>
readonly ref struct ContinueTarget(ref float c, nint stride) : ITileTarget
{
    readonly ref float _c = ref c;

    public static int MaxRows => 12;

    public static bool IsBuffered => false;

    public nint OffsetOf(int row, int column) => row * stride + column;

    public nint RowStride(int tileColumns) => stride;

    public void Expect(int row, int column, int tileRows, int tileColumns)
        => Cache.Expect(ref Unsafe.Add(ref _c, row * stride + column), stride, tileRows, tileColumns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Start<T>(nint offset)
        where T : struct, ILanes<T> => T.Load(ref _c, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Accept<T>(nint offset, T sums)
        where T : struct, ILanes<T> => T.Store(sums, ref _c, (nuint)offset);

    public void End<T>(int row, int column, int tileRows, ref float tile)
        where T : struct, ILanes<T>
    {
    }
}

/// <summary>c += the sums.</summary>
readonly ref struct AddTarget(ref float c, nint stride) : ITileTarget
{
    readonly ref float _c = ref c;

    public static int MaxRows => 12;

    public static bool IsBuffered => false;

    public nint OffsetOf(int row, int column) => row * stride + column;

    public nint RowStride(int tileColumns) => stride;

    public void Expect(int row, int column, int tileRows, int tileColumns)
        => Cache.Expect(ref Unsafe.Add(ref _c, row * stride + column), stride, tileRows, tileColumns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Start<T>(nint offset)
        where T : struct, ILanes<T> => T.Broadcast(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Accept<T>(nint offset, T sums)
        where T : struct, ILanes<T> => T.Store(T.Load(ref _c, (nuint)offset) + sums, ref _c, (nuint)offset);

    public void End<T>(int row, int column, int tileRows, ref float tile)
        where T : struct, ILanes<T>
    {
    }
}

/// <summary>weights -= rate * the sums: plain gradient descent without decay, short enough for the tallest tiles.</summary>
readonly ref struct DescendTarget(float rate, ref float weights, nint stride) : ITileTarget
{
    readonly ref float _weights = ref weights;

    public static int MaxRows => 12;

    public static bool IsBuffered => false;

    public nint OffsetOf(int row, int column) => row * stride + column;

    public nint RowStride(int tileColumns) => stride;

    public void Expect(int row, int column, int tileRows, int tileColumns)
        => Cache.Expect(ref Unsafe.Add(ref _weights, row * stride + column), stride, tileRows, tileColumns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Start<T>(nint offset)
        where T : struct, ILanes<T> => T.Broadcast(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Accept<T>(nint offset, T sums)
        where T : struct, ILanes<T> => T.Store(T.Load(ref _weights, (nuint)offset) - T.Broadcast(rate) * sums, ref _weights, (nuint)offset);

    public void End<T>(int row, int column, int tileRows, ref float tile)
        where T : struct, ILanes<T>
    {
    }
}

/// <summary>The sums are gradients of the weights that lie there; an update uses them up in registers.</summary>
readonly ref struct UpdateTarget<TUpdate>(in TUpdate update, ref float weights, ref float first, ref float second, nint stride)
    : ITileTarget
    where TUpdate : struct, IElementUpdate
{
    readonly TUpdate _update = update;
    readonly ref float _weights = ref weights;
    readonly ref float _first = ref first;
    readonly ref float _second = ref second;

    public static int MaxRows => 6;

    // Two states a weight are more text than the compiler inlines six times.
    public static bool IsBuffered => TUpdate.StateCount > 1;

    public nint OffsetOf(int row, int column) => row * stride + column;

    public nint RowStride(int tileColumns) => stride;

    public void Expect(int row, int column, int tileRows, int tileColumns)
    {
        nint offset = row * stride + column;
        Cache.Expect(ref Unsafe.Add(ref _weights, offset), stride, tileRows, tileColumns);
        if (TUpdate.StateCount > 0) Cache.Expect(ref Unsafe.Add(ref _first, offset), stride, tileRows, tileColumns);
        if (TUpdate.StateCount > 1) Cache.Expect(ref Unsafe.Add(ref _second, offset), stride, tileRows, tileColumns);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Start<T>(nint offset)
        where T : struct, ILanes<T> => T.Broadcast(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Accept<T>(nint offset, T sums)
        where T : struct, ILanes<T>
    {
        var a = TUpdate.StateCount > 0 ? T.Load(ref _first, (nuint)offset) : default;
        var b = TUpdate.StateCount > 1 ? T.Load(ref _second, (nuint)offset) : default;
        T.Store(_update.Apply(T.Load(ref _weights, (nuint)offset), sums, ref a, ref b), ref _weights, (nuint)offset);
        if (TUpdate.StateCount > 0) T.Store(a, ref _first, (nuint)offset);
        if (TUpdate.StateCount > 1) T.Store(b, ref _second, (nuint)offset);
    }

    public void End<T>(int row, int column, int tileRows, ref float tile)
        where T : struct, ILanes<T>
    {
        for (int r = 0; r < tileRows; r++) Accept((row + r) * stride + column, T.Load(ref tile, (nuint)(r * T.Count)));
    }
}

/// <summary>
/// y[column, row] = sum + bias[row]: a tile whose rows are units and whose columns are samples, written sample by sample. Columns from
/// <c>batch</c> on are padding.
/// </summary>
readonly ref struct TransposedTarget(ReadOnlySpan<float> bias, ref float y, nint yStride, int batch) : ITileTarget
{
    readonly ref float _y = ref y;
    readonly ReadOnlySpan<float> _bias = bias;

    public static int MaxRows => 12;

    public static bool IsBuffered => true;

    public nint OffsetOf(int row, int column) => 0;

    public nint RowStride(int tileColumns) => tileColumns;

    public void Expect(int row, int column, int tileRows, int tileColumns)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Start<T>(nint offset)
        where T : struct, ILanes<T> => T.Broadcast(0);

    public void Accept<T>(nint offset, T sums)
        where T : struct, ILanes<T>
    {
    }

    public void End<T>(int row, int column, int tileRows, ref float tile)
        where T : struct, ILanes<T>
        => Kernels.TransposeTile(tileRows, T.Count, ref tile, _bias.Slice(row, tileRows), ref Unsafe.Add(ref _y, column * yStride + row),
            yStride, Math.Min(T.Count, batch - column));
}
