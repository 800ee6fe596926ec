using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeLearn;

// How products are formed.
//
// There is one loop, this one: strips of rows, tiles of two registers of columns, the whole depth in a tile (Tile.cs); long sums of
// large products wait in c between passes of 256 terms (ContinueTarget), in the same order. The left operand is broadcast *where it
// lies*, with any strides; the right one fills the registers, where it lies or packed (Packing.cs). So weights need no packed copy: in
// the forward pass they are the broadcast operand and 32 samples lie side by side in the registers (PackBatch); in the weight gradient
// dz is broadcast and the inputs fill the registers; in the input gradient dz is broadcast and rows of weights do. What becomes of a
// tile is a type argument (ITileTarget): stored, added, written transposed with the bias, or used up by an update; one that lies beyond
// the second-level cache is asked for a tile ahead (Cache.Expect). Instruction sets differ in the width of a register and the rows of a
// strip (12 where there are 32 registers, else 6), nowhere else. Batches below 16 and heads of fewer than four rows go through
// MatrixVector instead. ThreadTeam gives whole strips, or whole tiles of a single one, to other threads, on request.
//
// Blocks of a transformer see many steps at once and do it the other way round: Linear.ReadForward packs their weights once for all
// steps, perturbed if need be, and the steps are broadcast where they lie, so that nothing is packed or turned for each of them; the
// bits are those of the other way. Causal attention forms a strip of 12 rows up to its diagonal and leaves out what lies beyond.
//
// Convolutions of stride 1 lay out no windows (DirectConvolution, with the inner loops of ShiftedSums), those of more than 64 maps only
// for the gradient of the weights: forward, a register of neighbouring columns is shifted over the planes; so is one of dz for the
// gradient of the input, a column of the kernel at a time, two samples sharing the weights; in the gradient of the weights, dz lies
// position by position, neighbouring maps fill the registers and the image is broadcast where it lies. What is left of a row is its
// last whole register, partly computed again; only maps narrower than a register go column by column.
//
// Bytes are multiplied with samples side by side, too (IInt8Cells): a lane holds a cell of two or four codes of its sample, the same
// cell of a weight's row is broadcast; small batches go by rows (IInt8Dot).
//
// A kernel is written once over ILanes and compiled for 16, 8, 4 and 1 floats; Pair makes two registers look like one. Sums that have
// to be added across a register are taken in 16 lanes whatever its width. Two things cost dearly and are easy to bring back: a call
// inside a loop over sums (no vector register survives a call), and more inlining than the compiler's budget allows (a tile's epilogue
// that is too long becomes calls: hence ITileTarget.MaxRows and IsBuffered).

/// <summary>
/// The structure of every matrix product, target = a b: strips of rows from top to bottom; in a strip, tiles from left to right, as wide as
/// what is left allows; in a tile the whole depth. a is read where it lies, b either where it lies or from panels (<see cref="Packing"/>).
/// Instruction sets differ in the widths and in the rows of a strip only.
/// </summary>
static class ProductLoop
{
    // Enough registers for 24 sums, two of b and one of a.
    internal static bool Has32Registers => Avx512F.VL.IsSupported || AdvSimd.Arm64.IsSupported;

    // Columns of the usual tile. Narrower ones, at the right edge, leave updates to the buffered form: it is the same text for all of them,
    // and a binary has room for other things.
    static int MainColumns => Vector256.IsHardwareAccelerated ? 16 : 8;

    static int StripRows(int left, int most)
    {
        if (Has32Registers && left >= 12 && most >= 12) return 12;
        return left is 8 or 9 or 4 or 5 ? 4 : left >= 6 ? 6 : 1; // no remainder of 2 or 3 where two strips of 4 will do
    }

    /// <summary>Computes all tiles of a product and hands them to the target.</summary>
    /// <param name="rows">rows of a</param>
    /// <param name="columns">columns of b</param>
    /// <param name="depth">terms of a sum</param>
    /// <param name="a">left operand, read at <c>a[i * aRow + k * aColumn]</c></param>
    /// <param name="aRow">distance between its rows</param>
    /// <param name="aColumn">distance between the terms of a sum</param>
    /// <param name="b">right operand, [depth x columns]</param>
    /// <param name="bStride">distance between its rows; 0 = packed panels</param>
    /// <param name="target">takes the tiles</param>
    /// <param name="bits">widest register; panels must have been packed for the same</param>
    /// <param name="isFar">whether the target's place is known to lie beyond the second-level cache, though it is not large itself</param>
    public static unsafe void Run<TTarget>(int rows, int columns, int depth, ref float a, nint aRow, nint aColumn, ref float b,
        nint bStride, in TTarget target, int bits, bool isFar = false)
        where TTarget : struct, ITileTarget, allows ref struct
    {
        var job = new Job<TTarget>(rows, columns, depth, ref a, aRow, aColumn, ref b, bStride, target, bits,
            isFar || (long)rows * columns >= FarLength);
        if (ThreadTeam.Count > 1 && (long)rows * columns * depth >= SharedMultiplyAdds)
            ThreadTeam.Run(&RunPart<TTarget>, Unsafe.AsPointer(ref job));
        else RunRows(0, rows, 0, columns, ref job);
    }

    // Multiply-adds from which on it pays to wake other threads, about ten microseconds of them.
    const long SharedMultiplyAdds = 1 << 18;

    // Floats of a target that does not stay in the second-level cache: the next tile's place is asked for while this one is summed up.
    const int FarLength = 1 << 19;

    ref struct Job<TTarget>(int rows, int columns, int depth, ref float a, nint aRow, nint aColumn, ref float b, nint bStride,
        in TTarget target, int bits, bool isFar)
        where TTarget : struct, ITileTarget, allows ref struct
    {
        public readonly int Rows = rows, Columns = columns, Depth = depth, Bits = bits;
        public readonly bool IsFar = isFar;
        public readonly nint ARow = aRow, AColumn = aColumn, BStride = bStride;
        public readonly ref float A = ref a;
        public readonly ref float B = ref b;
        public readonly TTarget Target = target;
    }

    // Columns of the widest tile: panels are packed for whole ones.
    const int WidestTile = 32;

    // Whole strips for everybody or, where there are too few, whole tiles of them; the job lies on the stack of the thread that waits for
    // all.
    static unsafe void RunPart<TTarget>(void* state, int index, int count)
        where TTarget : struct, ITileTarget, allows ref struct
    {
        ref var job = ref Unsafe.AsRef<Job<TTarget>>(state);
        int strips = (job.Rows + 11) / 12, tiles = (job.Columns + WidestTile - 1) / WidestTile;
        if (strips >= count || tiles < count)
        {
            RunRows(Share(strips, 12, job.Rows, index, count), Share(strips, 12, job.Rows, index + 1, count), 0, job.Columns, ref job);
        }
        else
        {
            RunRows(0, job.Rows, Share(tiles, WidestTile, job.Columns, index, count),
                Share(tiles, WidestTile, job.Columns, index + 1, count), ref job);
        }
    }

    // Where a part begins.
    static int Share(int pieces, int pieceLength, int length, int index, int count)
        => Math.Min(length, (int)((long)pieces * index / count) * pieceLength);

    static void RunRows<TTarget>(int from, int to, int firstColumn, int endColumn, ref Job<TTarget> job)
        where TTarget : struct, ITileTarget, allows ref struct
    {
        int depth = job.Depth, bits = job.Bits;
        nint aRow = job.ARow, aColumn = job.AColumn, bStride = job.BStride;
        ref float b = ref job.B;
        bool isFar = job.IsFar;
        for (int i = from; i < to;)
        {
            int strip = StripRows(to - i, TTarget.MaxRows), j = firstColumn;
            ref float top = ref Unsafe.Add(ref job.A, i * aRow);
            if (TTarget.MaxRows >= 12 && !TTarget.IsBuffered && strip == 1 && bStride != 0 && firstColumn == 0 && endColumn >= 64)
                j = WideRow(i, endColumn, depth, ref top, aColumn, ref b, bStride, job.Target, bits);
            if (Vector512.IsHardwareAccelerated && bits >= 512)
                j = Tiles<Pair<Lanes16>, TTarget>(i, strip, j, endColumn, depth, ref top, aRow, aColumn, ref b, bStride, job.Target, isFar);
            if (j < endColumn && Vector256.IsHardwareAccelerated && bits >= 256)
                j = Tiles<Pair<Lanes8>, TTarget>(i, strip, j, endColumn, depth, ref top, aRow, aColumn, ref b, bStride, job.Target, isFar);
            if (j < endColumn && bits >= 128)
                j = Tiles<Pair<Lanes4>, TTarget>(i, strip, j, endColumn, depth, ref top, aRow, aColumn, ref b, bStride, job.Target, isFar);
            if (j < endColumn && bits >= 128)
                j = Tiles<Lanes4, TTarget>(i, strip, j, endColumn, depth, ref top, aRow, aColumn, ref b, bStride, job.Target, isFar);
            if (j < endColumn)
                Tiles<Lanes1, TTarget>(i, strip, j, endColumn, depth, ref top, aRow, aColumn, ref b, bStride, job.Target, isFar);
            i += strip;
        }
    }

    // A single row leaves registers free for eight times the columns, and long stretches of b's rows are read in a go.
    static int WideRow<TTarget>(int row, int columns, int depth, ref float a, nint aColumn, ref float b, nint bStride, in TTarget target,
        int bits)
        where TTarget : struct, ITileTarget, allows ref struct
    {
        if (Vector512.IsHardwareAccelerated && bits >= 512)
        {
            return Tiles<Pair<Pair<Pair<Lanes16>>>,
                TTarget>(row, 1, 0, columns, depth, ref a, 0, aColumn, ref b, bStride, target, isFar: false);
        }
        if (Vector256.IsHardwareAccelerated && bits >= 256)
        {
            return Tiles<Pair<Pair<Pair<Lanes8>>>,
                TTarget>(row, 1, 0, columns, depth, ref a, 0, aColumn, ref b, bStride, target, isFar: false);
        }
        return bits >= 128
            ? Tiles<Pair<Pair<Pair<Lanes4>>>, TTarget>(row, 1, 0, columns, depth, ref a, 0, aColumn, ref b, bStride, target, isFar: false)
                : 0;
    }

    [SkipLocalsInit]
    static int Tiles<T,
    TTarget>(int row, int strip, int from, int end, int depth, ref float a, nint aRow, nint aColumn, ref float b, nint bStride,
    in TTarget target, bool isFar)
        where T : struct, ILanes<T>
        where TTarget : struct, ITileTarget, allows ref struct
    {
        nint stride = bStride == 0 ? T.Count : bStride, step = bStride == 0 ? depth : 1;
        int j = from;
        if (j + T.Count > end) return j;
        TileBuffer buffer;
        Unsafe.SkipInit(out buffer);
        ref float tile = ref Unsafe.As<TileBuffer, float>(ref buffer);
        for (; j + T.Count <= end; j += T.Count)
        {
            ref float panel = ref Unsafe.Add(ref b, j * step);
            if (isFar) Expect<T, TTarget>(row, strip, j + T.Count, from, end, target);
            if (TTarget.IsBuffered || (TTarget.MaxRows < 12 && T.Count < MainColumns))
            {
                Multiply<T, StoreTarget>(strip, depth, ref a, aRow, aColumn, ref panel, stride, 0, T.Count,
                    new StoreTarget(ref tile, T.Count));
                target.End<T>(row, j, strip, ref tile);
            }
            else
            {
                Multiply<T, TTarget>(strip, depth, ref a, aRow, aColumn, ref panel, stride, target.OffsetOf(row, j),
                    target.RowStride(T.Count), target);
            }
        }

        return j;
    }

    // The tile after this one.
    static void Expect<T, TTarget>(int row, int strip, int column, int first, int end, in TTarget target)
        where T : struct, ILanes<T>
        where TTarget : struct, ITileTarget, allows ref struct
    {
        if (column < end) target.Expect(row, column, strip, T.Count);
        else target.Expect(row + strip, first, strip, T.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Multiply<T,
    TTarget>(int strip, int depth, ref float a, nint aRow, nint aColumn, ref float b, nint bRow, nint offset, nint rowStride,
    in TTarget target)
        where T : struct, ILanes<T>
        where TTarget : struct, ITileTarget, allows ref struct
    {
        if (T.Count > 32) Tile.Rows1<T, TTarget>(depth, ref a, aRow, aColumn, ref b, bRow, offset, rowStride, target);
        else if (Has32Registers && TTarget.MaxRows >= 12 && strip == 12)
            Tile.Rows12<T, TTarget>(depth, ref a, aRow, aColumn, ref b, bRow, offset, rowStride, target);
        else if (strip == 6) Tile.Rows6<T, TTarget>(depth, ref a, aRow, aColumn, ref b, bRow, offset, rowStride, target);
        else if (strip == 4) Tile.Rows4<T, TTarget>(depth, ref a, aRow, aColumn, ref b, bRow, offset, rowStride, target);
        else Tile.Rows1<T, TTarget>(depth, ref a, aRow, aColumn, ref b, bRow, offset, rowStride, target);
    }

    // 12 rows of the widest pair.
    [InlineArray(12 * 32)]
    struct TileBuffer
    {
        float _first;
    }
}
