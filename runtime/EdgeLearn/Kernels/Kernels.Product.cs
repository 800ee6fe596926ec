using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>Loops over spans: the arithmetic of every layer and rule. They never allocate and know no type above spans.</summary>
static partial class Kernels
{
    // Terms of a sum that are added up at a time: a panel of so many rows stays in the second-level cache.
    const int DepthBlock = 2048;

    // Of those, terms that tiles add up before their sums wait in c, where a longer panel would not stay in the first-level cache from one
    // tile to the next: the order of a sum is the same.
    const int PassDepth = 256;

    // Floats of packed panels that share the second-level cache with a strip of a.
    const int PackedBlock = 96 * 1024;

    const int StripRows = 12, StripPadding = 16;

    /// <summary>Floats of scratch that <see cref="Product"/> needs for operands of these shapes; the same on every CPU.</summary>
    /// <param name="a">left operand; its values may be empty</param>
    /// <param name="b">right operand; its values may be empty</param>
    public static long ProductScratchLength(MatrixShape a, MatrixShape b)
    {
        int depth = Math.Min(a.Columns, DepthBlock), pass = PassOf(a, b);
        long whole = BlockScratchLength(a, b, depth);
        return pass == depth ? whole : Math.Max(whole, BlockScratchLength(a, b, pass));
    }

    static long BlockScratchLength(MatrixShape a, MatrixShape b, int depth)
    {
        long packed = b.ColumnStride != 1 || PaysPacking(a.Rows, b) ? (long)BlockColumns(b.Columns, depth) * depth : 0;
        return packed + (PaysCopying(a, b.Columns) ? StripRows * (depth + StripPadding) : 0);
    }

    // Long sums of many tiles are taken in passes.
    static int PassOf(MatrixShape a, MatrixShape b)
    {
        int depth = Math.Min(a.Columns, DepthBlock);
        return depth > 2 * PassDepth && a.Rows >= 64 && b.Columns >= 256 ? PassDepth : depth;
    }

    // Columns of b that are taken at a time.
    static int BlockColumns(int columns, int depth)
        => (long)columns * depth <= PackedBlock ? columns : Math.Min(columns, Math.Max(32, PackedBlock / depth / 32 * 32));

    /// <summary>
    /// c[i, j] = sum over k of a[i, k] * b[k, j], or c[i, j] += that sum, 2048 terms at a time. Each sum is taken in the order of k with
    /// one fused multiply-add a term, so that its bits are the same for every register width on a CPU that has the fused operation.
    /// </summary>
    /// <param name="a">[rows x depth], any strides: its values are broadcast where they lie</param>
    /// <param name="b">[depth x columns], any strides</param>
    /// <param name="c">row i begins at i * cStride; written</param>
    /// <param name="cStride">distance between the rows of c</param>
    /// <param name="scratch">[<see cref="ProductScratchLength"/>], often empty</param>
    /// <param name="accumulate">whether the sums are added to c</param>
    /// <param name="isFar">whether c is a small part of something larger than the second-level cache, so that it pays to ask for it ahead;
    /// large products do so anyway</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void Product(MatrixView a, MatrixView b, Span<float> c, int cStride, Span<float> scratch, bool accumulate = false,
        bool isFar = false)
    {
        int rows = a.Rows, columns = b.Columns, depth = a.Columns;
        if (b.Rows != depth) throw new ArgumentException($"a is {rows} x {depth}, b is {b.Rows} x {columns}", nameof(b));
        if (rows == 0 || columns == 0) return;
        if (c.Length < (long)(rows - 1) * cStride + columns)
            throw new ArgumentException($"c has {c.Length} values, needs {(long)(rows - 1) * cStride + columns}", nameof(c));
        if (scratch.Length < ProductScratchLength(a.Shape, b.Shape))
        {
            throw new ArgumentException($"the scratch has {scratch.Length} values, needs {ProductScratchLength(a.Shape, b.Shape)}",
                nameof(scratch));
        }
        if (depth == 0 && !accumulate)
        {
            for (int i = 0; i < rows; i++) c.Slice(i * cStride, columns).Clear();
        }

        // Where c holds something already, a sum that is not finished cannot wait there.
        int most = accumulate ? DepthBlock : PassOf(a.Shape, b.Shape), block = BlockColumns(columns, Math.Min(depth, most));
        for (int k = 0; k < depth; k += most)
        {
            for (int j = 0; j < columns; j += block)
            {
                ProductBlock(a, b, k, Math.Min(most, depth - k), j, Math.Min(block, columns - j), ref c[j], cStride, scratch,
                    accumulate ? Sums.Add : k > 0 ? Sums.Continue : Sums.Store, isFar);
            }
        }
    }

    // What becomes of the sums of a block.
    enum Sums
    {
        Store,
        Add,
        Continue,
    }

    static void ProductBlock(MatrixView a, MatrixView b, int firstTerm, int depth, int firstColumn, int columns, ref float c, int cStride,
        Span<float> scratch, Sums sums, bool isFar)
    {
        ref float b0 =
            ref Unsafe.Add(ref MemoryMarshal.GetReference(b.Values), (nint)firstTerm * b.RowStride + (nint)firstColumn * b.ColumnStride);
        nint bStride = b.RowStride;
        if (b.ColumnStride != 1)
        {
            // Packing reads rows of the transposed matrix; where those are strided as well, it reads values one by one.
            Packing.PackStrided(columns, depth, ref b0, b.RowStride, b.ColumnStride, ref MemoryMarshal.GetReference(scratch),
                InstructionSet.VectorBits);
            bStride = 0;
        }
        else if (PaysPacking(a.Rows, b.Shape))
        {
            Packing.PackRows(columns, depth, ref b0, b.RowStride, ref MemoryMarshal.GetReference(scratch), InstructionSet.VectorBits);
            bStride = 0;
        }

        ref float right = ref bStride == 0 ? ref MemoryMarshal.GetReference(scratch) : ref b0;
        ref float left = ref Unsafe.Add(ref MemoryMarshal.GetReference(a.Values), (nint)firstTerm * a.ColumnStride);
        if (!PaysCopying(a.Shape, b.Columns))
        {
            RunProduct(a.Rows, columns, depth, ref left, a.RowStride, a.ColumnStride, ref right, bStride, ref c, cStride, sums, isFar);
            return;
        }

        var copy = scratch[^(StripRows * (depth + StripPadding))..];
        for (int i = 0; i < a.Rows; i += StripRows)
        {
            int strip = Math.Min(StripRows, a.Rows - i);
            for (int r = 0; r < strip; r++)
            {
                MemoryMarshal.CreateSpan(ref Unsafe.Add(ref left, (nint)(i + r) * a.RowStride), depth)
                    .CopyTo(copy[(r * (depth + StripPadding))..]);
            }
            RunProduct(strip, columns, depth, ref copy[0], depth + StripPadding, 1, ref right, bStride,
                ref Unsafe.Add(ref c, (nint)i * cStride), cStride, sums, isFar);
        }
    }

    static void RunProduct(int rows, int columns, int depth, ref float a, nint aRow, nint aColumn, ref float b, nint bStride, ref float c,
        nint cStride, Sums sums, bool isFar)
    {
        if (sums == Sums.Store)
        {
            ProductLoop.Run(rows, columns, depth, ref a, aRow, aColumn, ref b, bStride, new StoreTarget(ref c, cStride),
                InstructionSet.VectorBits);
        }
        else if (sums == Sums.Add)
        {
            ProductLoop.Run(rows, columns, depth, ref a, aRow, aColumn, ref b, bStride, new AddTarget(ref c, cStride),
                InstructionSet.VectorBits, isFar);
        }
        else
        {
            ProductLoop.Run(rows, columns, depth, ref a, aRow, aColumn, ref b, bStride, new ContinueTarget(ref c, cStride),
                InstructionSet.VectorBits, isFar);
        }
    }

    // Rows at this distance fall into a few sets of a cache and drive each other out.
    static bool SharesSets(int strideLength, int periodBytes) => strideLength * (long)sizeof(float) % periodBytes == 0;

    // Packing costs about as much as reading b once more: it pays when many strips read b and its rows share cache sets, or all of b does
    // not stay in the second-level cache.
    static bool PaysPacking(int rows, MatrixShape b)
        => rows >= 64 && (SharesSets(b.RowStride, 1024) || (long)b.Columns * b.Rows > 2 * PackedBlock);

    static bool PaysCopying(MatrixShape a, int columns) => columns >= 64 && a.ColumnStride == 1 && SharesSets(a.RowStride, 4096);

    /// <summary>
    /// weights[i, j] = update(weights[i, j], sum over k of a[i, k] * b[k, j]): the product is the gradient, and every tile of it is used up
    /// while it is in registers or in the first-level cache.
    /// </summary>
    /// <param name="update">the rule with this step's numbers</param>
    /// <param name="a">[rows x samples], any strides: local gradients, transposed</param>
    /// <param name="b">[samples x columns], its rows contiguous: inputs</param>
    /// <param name="weights">[rows x columns], changed in place</param>
    /// <param name="first">first state of each weight; the same length, or empty when the update keeps none</param>
    /// <param name="second">second state of each weight; the same length, or empty when the update keeps fewer than two</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void ProductUpdate<TUpdate>(in TUpdate update, in MatrixView a, in MatrixView b, Span<float> weights, Span<float> first,
        Span<float> second)
        where TUpdate : struct, IElementUpdate
    {
        if (b.Rows != a.Columns) throw new ArgumentException($"a is {a.Rows} x {a.Columns}, b is {b.Rows} x {b.Columns}", nameof(b));
        if (b.ColumnStride != 1) throw new ArgumentException("the rows of b must be contiguous", nameof(b));
        Check.Length(weights, (long)a.Rows * b.Columns);
        Check.Length(first, TUpdate.StateCount > 0 ? weights.Length : 0);
        Check.Length(second, TUpdate.StateCount > 1 ? weights.Length : 0);
        if (a.Columns == 1)
        {
            var x = b.Values[..b.Columns];
            if (update is DecayedDescentStep { IsPlain: true } descent)
                RankOneUpdate(new DescentStep(descent.Rate), a, x, weights, first, second);
            else RankOneUpdate(update, a, x, weights, first, second);
            return;
        }

        ref float w = ref MemoryMarshal.GetReference(weights);
        ref float a0 = ref MemoryMarshal.GetReference(a.Values);
        ref float b0 = ref MemoryMarshal.GetReference(b.Values);
        if (update is DecayedDescentStep { IsPlain: true } plain)
        {
            ProductLoop.Run(a.Rows, b.Columns, a.Columns, ref a0, a.RowStride, a.ColumnStride, ref b0, b.RowStride,
                new DescendTarget(plain.Rate, ref w, b.Columns), InstructionSet.VectorBits);
            return;
        }

        var target = new UpdateTarget<TUpdate>(update, ref w, ref MemoryMarshal.GetReference(first), ref MemoryMarshal.GetReference(second),
            b.Columns);
        ProductLoop.Run(a.Rows, b.Columns, a.Columns, ref a0, a.RowStride, a.ColumnStride, ref b0, b.RowStride, target,
            InstructionSet.VectorBits);
    }

    /// <summary>
    /// The sums in c go on over the terms of a product, c[i, j] = c[i, j] + a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + ..., to the bits of one
    /// product over the terms of all calls.
    /// </summary>
    /// <param name="a">[rows x samples], any strides</param>
    /// <param name="b">[samples x columns], its rows contiguous</param>
    /// <param name="c">[rows x columns], begun with zeros</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void ContinueProduct(in MatrixView a, in MatrixView b, Span<float> c)
    {
        if (b.Rows != a.Columns) throw new ArgumentException($"a is {a.Rows} x {a.Columns}, b is {b.Rows} x {b.Columns}", nameof(b));
        if (b.ColumnStride != 1) throw new ArgumentException("the rows of b must be contiguous", nameof(b));
        Check.Length(c, (long)a.Rows * b.Columns);
        ProductLoop.Run(a.Rows, b.Columns, a.Columns, ref MemoryMarshal.GetReference(a.Values), a.RowStride, a.ColumnStride,
            ref MemoryMarshal.GetReference(b.Values), b.RowStride, new ContinueTarget(ref MemoryMarshal.GetReference(c), b.Columns),
            InstructionSet.VectorBits);
    }

    /// <summary>sum[r] = sum over b of dz[b, r]: the gradient of a bias.</summary>
    /// <param name="batch">rows of dz</param>
    /// <param name="dz">[batch x sum.Length]</param>
    /// <param name="sum">written</param>
    public static void ColumnSums(int batch, ReadOnlySpan<float> dz, Span<float> sum)
    {
        sum.Clear();
        AddColumnSums(batch, dz, sum);
    }

    /// <summary>sum[r] += sum over b of dz[b, r], row by row.</summary>
    /// <param name="batch">rows of dz</param>
    /// <param name="dz">[batch x sum.Length]</param>
    /// <param name="sum">added to</param>
    public static void AddColumnSums(int batch, ReadOnlySpan<float> dz, Span<float> sum)
    {
        Check.Length(dz, (long)batch * sum.Length);
        for (int b = 0; b < batch; b++) System.Numerics.Tensors.TensorPrimitives.Add(sum, dz.Slice(b * sum.Length, sum.Length), sum);
    }
}
