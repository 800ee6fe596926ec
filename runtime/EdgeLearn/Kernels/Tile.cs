using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>
/// The inner loops of every matrix product: sums of a tile of some rows and one register of columns, c[i, j] = sum over k of a[i, k] * b[k,
/// j], all sums in registers. Each is added up in the order of k by one fused multiply-add a term, so that its bits depend neither on the
/// width of the register nor on the size of the tile. a is read at <c>a[i * aRow + k * aColumn]</c> and broadcast; b is read at <c>b[k *
/// bRow]</c>, a whole register from there. 12 rows are for CPUs with 32 registers (with a
/// <see cref="Pair{T}"/>: 24 sums), 6 for those with 16; 4 and 1 take what is left of the rows.
/// </summary>
static class Tile
{
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Rows12<T,
    TTarget>(int depth, ref float a, nint aRow, nint aColumn, ref float b, nint bRow, nint offset, nint rowStride, in TTarget target)
        where T : struct, ILanes<T>
        where TTarget : struct, ITileTarget, allows ref struct
    {
        ref float a3 = ref Unsafe.Add(ref a, 3 * aRow);
        ref float a6 = ref Unsafe.Add(ref a3, 3 * aRow);
        ref float a9 = ref Unsafe.Add(ref a6, 3 * aRow);
        T c0 = target.Start<T>(offset), c1 = target.Start<T>(offset + rowStride), c2 = target.Start<T>(offset + 2 * rowStride),
            c3 = target.Start<T>(offset + 3 * rowStride),
            c4 = target.Start<T>(offset + 4 * rowStride), c5 = target.Start<T>(offset + 5 * rowStride),
            c6 = target.Start<T>(offset + 6 * rowStride), c7 = target.Start<T>(offset + 7 * rowStride),
            c8 = target.Start<T>(offset + 8 * rowStride), c9 = target.Start<T>(offset + 9 * rowStride),
            c10 = target.Start<T>(offset + 10 * rowStride), c11 = target.Start<T>(offset + 11 * rowStride);
        nint aRow2 = 2 * aRow;
        for (; depth > 0; depth--)
        {
            var v = T.Load(ref b, 0);
            c0 = T.MultiplyAdd(T.Broadcast(a), v, c0);
            c1 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a, aRow)), v, c1);
            c2 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a, aRow2)), v, c2);
            c3 = T.MultiplyAdd(T.Broadcast(a3), v, c3);
            c4 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a3, aRow)), v, c4);
            c5 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a3, aRow2)), v, c5);
            c6 = T.MultiplyAdd(T.Broadcast(a6), v, c6);
            c7 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a6, aRow)), v, c7);
            c8 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a6, aRow2)), v, c8);
            c9 = T.MultiplyAdd(T.Broadcast(a9), v, c9);
            c10 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a9, aRow)), v, c10);
            c11 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a9, aRow2)), v, c11);
            b = ref Unsafe.Add(ref b, bRow);
            a = ref Unsafe.Add(ref a, aColumn);
            a3 = ref Unsafe.Add(ref a3, aColumn);
            a6 = ref Unsafe.Add(ref a6, aColumn);
            a9 = ref Unsafe.Add(ref a9, aColumn);
        }

        target.Accept(offset, c0);
        target.Accept(offset + rowStride, c1);
        target.Accept(offset + 2 * rowStride, c2);
        target.Accept(offset + 3 * rowStride, c3);
        target.Accept(offset + 4 * rowStride, c4);
        target.Accept(offset + 5 * rowStride, c5);
        target.Accept(offset + 6 * rowStride, c6);
        target.Accept(offset + 7 * rowStride, c7);
        target.Accept(offset + 8 * rowStride, c8);
        target.Accept(offset + 9 * rowStride, c9);
        target.Accept(offset + 10 * rowStride, c10);
        target.Accept(offset + 11 * rowStride, c11);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Rows6<T,
    TTarget>(int depth, ref float a, nint aRow, nint aColumn, ref float b, nint bRow, nint offset, nint rowStride, in TTarget target)
        where T : struct, ILanes<T>
        where TTarget : struct, ITileTarget, allows ref struct
    {
        ref float a3 = ref Unsafe.Add(ref a, 3 * aRow);
        T c0 = target.Start<T>(offset), c1 = target.Start<T>(offset + rowStride), c2 = target.Start<T>(offset + 2 * rowStride),
            c3 = target.Start<T>(offset + 3 * rowStride),
            c4 = target.Start<T>(offset + 4 * rowStride), c5 = target.Start<T>(offset + 5 * rowStride);
        nint aRow2 = 2 * aRow;
        for (; depth > 0; depth--)
        {
            var v = T.Load(ref b, 0);
            c0 = T.MultiplyAdd(T.Broadcast(a), v, c0);
            c1 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a, aRow)), v, c1);
            c2 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a, aRow2)), v, c2);
            c3 = T.MultiplyAdd(T.Broadcast(a3), v, c3);
            c4 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a3, aRow)), v, c4);
            c5 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a3, aRow2)), v, c5);
            b = ref Unsafe.Add(ref b, bRow);
            a = ref Unsafe.Add(ref a, aColumn);
            a3 = ref Unsafe.Add(ref a3, aColumn);
        }

        target.Accept(offset, c0);
        target.Accept(offset + rowStride, c1);
        target.Accept(offset + 2 * rowStride, c2);
        target.Accept(offset + 3 * rowStride, c3);
        target.Accept(offset + 4 * rowStride, c4);
        target.Accept(offset + 5 * rowStride, c5);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Rows4<T,
    TTarget>(int depth, ref float a, nint aRow, nint aColumn, ref float b, nint bRow, nint offset, nint rowStride, in TTarget target)
        where T : struct, ILanes<T>
        where TTarget : struct, ITileTarget, allows ref struct
    {
        ref float a3 = ref Unsafe.Add(ref a, 3 * aRow);
        T c0 = target.Start<T>(offset), c1 = target.Start<T>(offset + rowStride), c2 = target.Start<T>(offset + 2 * rowStride),
            c3 = target.Start<T>(offset + 3 * rowStride);
        nint aRow2 = 2 * aRow;
        for (; depth > 0; depth--)
        {
            var v = T.Load(ref b, 0);
            c0 = T.MultiplyAdd(T.Broadcast(a), v, c0);
            c1 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a, aRow)), v, c1);
            c2 = T.MultiplyAdd(T.Broadcast(Unsafe.Add(ref a, aRow2)), v, c2);
            c3 = T.MultiplyAdd(T.Broadcast(a3), v, c3);
            b = ref Unsafe.Add(ref b, bRow);
            a = ref Unsafe.Add(ref a, aColumn);
            a3 = ref Unsafe.Add(ref a3, aColumn);
        }

        target.Accept(offset, c0);
        target.Accept(offset + rowStride, c1);
        target.Accept(offset + 2 * rowStride, c2);
        target.Accept(offset + 3 * rowStride, c3);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Rows1<T,
    TTarget>(int depth, ref float a, nint aRow, nint aColumn, ref float b, nint bRow, nint offset, nint rowStride, in TTarget target)
        where T : struct, ILanes<T>
        where TTarget : struct, ITileTarget, allows ref struct
    {
        var c0 = target.Start<T>(offset);
        for (; depth > 0; depth--)
        {
            var v = T.Load(ref b, 0);
            c0 = T.MultiplyAdd(T.Broadcast(a), v, c0);
            b = ref Unsafe.Add(ref b, bRow);
            a = ref Unsafe.Add(ref a, aColumn);
        }

        target.Accept(offset, c0);
    }
}
