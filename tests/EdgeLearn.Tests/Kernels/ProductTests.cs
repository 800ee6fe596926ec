using Xunit;

namespace EdgeLearn.Tests;

public class ProductTests
{
    // Whole strips of 12, 6 and 4 rows and every remainder of them.
    static readonly int[] s_rows = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 21, 29];

    [Fact]
    public void Every_number_of_columns_equals_the_double_sum_in_every_layout()
    {
        for (int columns = 0; columns <= 257; columns++) Check(s_rows[columns % s_rows.Length], columns, columns % 9, columns % 3);
    }

    [Fact]
    public void Every_depth_equals_the_double_sum_in_every_layout()
    {
        for (int depth = 0; depth <= 257; depth++) Check(s_rows[depth % s_rows.Length], 1 + (depth * 7 % 40), depth, depth % 2);
    }

    [Fact]
    public void Sums_longer_than_a_block_and_matrices_that_are_packed_equal_the_double_sum()
    {
        Check(3, 5, 2048 + 17, 1);
        Check(65, 256, 9, 0);   // rows of b 1024 bytes apart: packed
        Check(13, 65, 1024, 0); // rows of a 4096 bytes apart: copied
        Check(13, 65, 2048 + 1024, 0);
        Check(64, 1000, 200, 0); // more than a block of packed columns
        Check(64, 256, 1024, 0); // in passes
        Check(65, 400, 2048 + 600, 0);
    }

    // a and b each row-major and transposed, with rows that are `odd` floats longer than needed, b also strided both ways; c with a stride,
    // stored and accumulated.
    static void Check(int rows, int columns, int depth, int odd)
    {
        using GuardedMemory aMemory = new((depth + odd + 1) * (rows + odd + 1)), bMemory = new((depth + odd + 1) * (columns + odd + 1) * 2),
            cMemory = new((rows + 1) * (columns + odd) + 1);
        int cStride = columns + odd;
        foreach (bool aTransposed in new[] { false, true })
        {
            int aRow = aTransposed ? 1 : depth + odd, aColumn = aTransposed ? rows + odd : 1;
            var a = new MatrixView(aMemory.Random(depth == 0 ? 0 : (rows - 1) * aRow + (depth - 1) * aColumn + 1, rows), rows, depth, aRow,
                aColumn);
            foreach (var (bRow, bColumn) in new[] { (columns + odd, 1), (1, depth + odd), (2 * (columns + odd), 2) })
            {
                if (bColumn == 2 && depth > 64) continue;
                var b = new MatrixView(
                    bMemory.Random(depth == 0 || columns == 0 ? 0 : (depth - 1) * bRow + (columns - 1) * bColumn + 1, depth + 17 * columns),
                    depth, columns, bRow, bColumn);
                var c = cMemory.Last(columns == 0 ? 0 : (rows - 1) * cStride + columns);
                float[] scratch = new float[Kernels.ProductScratchLength(a.Shape, b.Shape)];
                foreach (bool accumulate in new[] { false, true })
                {
                    c.Fill(float.NaN);
                    for (int i = 0; i < rows && accumulate; i++) c.Slice(i * cStride, columns).Fill(i + 0.5f);
                    Kernels.Product(a, b, c, cStride, scratch, accumulate);
                    Verify(a, b, c, cStride, accumulate);
                }
            }
        }
    }

    static void Verify(MatrixView a, MatrixView b, ReadOnlySpan<float> c, int cStride, bool accumulate)
    {
        MatrixShape left = a.Shape, right = b.Shape;
        for (int position = 0; position < c.Length; position++)
        {
            int i = position / cStride, j = position % cStride;
            if (j >= b.Columns)
            {
                Assert.True(float.IsNaN(c[position]), "wrote between the rows of c");
                continue;
            }

            var (sum, magnitudes) = DoubleSum(a, b, i, j);
            double start = accumulate ? i + 0.5 : 0;
            Values.AssertSum(sum + start, magnitudes + start, a.Columns + 1, c[position],
                () => $"{left} times {right}, accumulate {accumulate}");
        }
    }

    static (double Sum, double Magnitudes) DoubleSum(MatrixView a, MatrixView b, int i, int j)
    {
        double sum = 0, magnitudes = 0;
        for (int k = 0; k < a.Columns; k++)
        {
            double term = (double)a.Values[i * a.RowStride + k * a.ColumnStride] * b.Values[k * b.RowStride + j * b.ColumnStride];
            sum += term;
            magnitudes += Math.Abs(term);
        }

        return (sum, magnitudes);
    }

    // One fused multiply-add a term in the order of k is the definition; every width, tile and way of reading b has to give its bits.
    [Fact]
    public void Every_register_width_gives_the_bits_of_the_scalar_definition()
    {
        const int Rows = 23, Columns = 71, Depth = 37;
        float[] a = Values.Random(Rows * Depth, 1), b = Values.Random(Depth * Columns, 2), expected = new float[Rows * Columns];
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Columns; j++)
            {
                for (int k = 0; k < Depth; k++)
                    expected[i * Columns + j] = MathF.FusedMultiplyAdd(a[i * Depth + k], b[k * Columns + j], expected[i * Columns + j]);
            }
        }

        Assert.SkipUnless(Values.IsFused, "this CPU has no fused multiply-add");
        foreach (int bits in new[] { 32, 128, 256, 512 })
        {
            float[] c = new float[Rows * Columns];
            ProductLoop.Run(Rows, Columns, Depth, ref a[0], Depth, 1, ref b[0], Columns, new StoreTarget(ref c[0], Columns), bits);
            Values.AssertSameBits(expected, c, $"{bits} bits, b in place");

            float[] packed = new float[Depth * Columns];
            Packing.PackRows(Columns, Depth, ref b[0], Columns, ref packed[0], bits);
            Array.Clear(c);
            ProductLoop.Run(Rows, Columns, Depth, ref a[0], Depth, 1, ref packed[0], 0, new StoreTarget(ref c[0], Columns), bits);
            Values.AssertSameBits(expected, c, $"{bits} bits, b packed");
        }
    }

    [Fact]
    public void A_sum_that_is_taken_in_passes_has_the_bits_of_one_that_is_not()
    {
        const int Rows = 77, Columns = 333, Depth = 1100, Strip = 11;
        float[] a = Values.Random(Rows * Depth, 1), b = Values.Random(Depth * Columns, 2), passes = new float[Rows * Columns],
            strip = new float[Strip * Columns];
        MatrixView left = new(a, Rows, Depth), right = new(b, Depth, Columns);
        Kernels.Product(left, right, passes, Columns, new float[Kernels.ProductScratchLength(left.Shape, right.Shape)]);
        for (int i = 0; i < Rows; i += Strip)
        {
            var rows = left.RowRange(i, Strip);
            Kernels.Product(rows, right, strip, Columns, new float[Kernels.ProductScratchLength(rows.Shape, right.Shape)]);
            Values.AssertSameBits(strip, passes.AsSpan(i * Columns, Strip * Columns), $"rows from {i}");
        }
    }

    [Fact]
    public void A_fused_update_equals_the_product_followed_by_the_update_to_the_bit()
    {
        var adam = new Adam.AdamStep(0.99f, 0.01f, 0.9f, 0.999f, 1e-8f, 3);
        foreach (var (rows, columns, depth) in new[] { (1, 1, 1), (13, 37, 5), (29, 100, 32), (6, 16, 2) })
        {
            CheckUpdate(rows, columns, depth, new DecayedDescentStep(0.99f, 0.1f));
            CheckUpdate(rows, columns, depth, new SignSgd.SignStep(1, 0.1f));
            CheckUpdate(rows, columns, depth, new Sgd.MomentumStep(1, 0.1f, 0.9f));
            CheckUpdate(rows, columns, depth, new Signum.Step(0.98f, 0.1f, 0.9f));
            CheckUpdate(rows, columns, depth, adam);
        }
    }

    static void CheckUpdate<TUpdate>(int rows, int columns, int depth, TUpdate update)
        where TUpdate : struct, IElementUpdate
    {
        int length = rows * columns;
        using GuardedMemory aMemory = new(depth * rows), bMemory = new(depth * columns), wMemory = new(length);
        var a = new MatrixView(aMemory.Random(depth * rows, 1), depth, rows).Transpose();
        var b = new MatrixView(bMemory.Random(depth * columns, 2), depth, columns);
        var weights = wMemory.Random(length, 3);
        float[] first = TUpdate.StateCount > 0 ? Values.Random(length, 4) : [],
            second = TUpdate.StateCount > 1 ? Values.Random(length, 5) : [];
        for (int i = 0; i < second.Length; i++) second[i] = Math.Abs(second[i]);
        float[] expectedWeights = weights.ToArray(), expectedFirst = [.. first], expectedSecond = [.. second], gradient = new float[length];

        Kernels.Product(a, b, gradient, columns, new float[Kernels.ProductScratchLength(a.Shape, b.Shape)]);
        Kernels.Update(update, expectedWeights, gradient, expectedFirst, expectedSecond);
        Kernels.ProductUpdate(update, a, b, weights, first, second);
        Values.AssertSameBits(expectedWeights, weights, $"{typeof(TUpdate).Name}, weights");
        Values.AssertSameBits(expectedFirst, first, $"{typeof(TUpdate).Name}, first state");
        Values.AssertSameBits(expectedSecond, second, $"{typeof(TUpdate).Name}, second state");
    }

    [Fact]
    public void Transposition_is_exact_at_every_size()
    {
        for (int rows = 0; rows <= 37; rows++)
        {
            for (int columns = 0; columns <= 37; columns++)
            {
                using GuardedMemory source = new(rows * columns + 1), destination = new(rows * columns + 1);
                var from = source.Random(rows * columns, rows);
                var to = destination.Last(rows * columns);
                Kernels.Transpose(rows, columns, from, to);
                for (int i = 0; i < rows * columns; i++) Assert.Equal(from[i], to[i % columns * rows + i / columns]);
            }
        }
    }

    [Fact]
    public void Column_sums_equal_the_double_sums_at_every_length()
    {
        using GuardedMemory dzMemory = new(5 * 257), sumMemory = new(257);
        foreach (int batch in new[] { 0, 1, 2, 5 })
        {
            for (int columns = 0; columns <= 257; columns++)
            {
                var dz = dzMemory.Random(batch * columns, columns);
                var sums = sumMemory.Last(columns);
                sums.Fill(float.NaN);
                Kernels.ColumnSums(batch, dz, sums);
                for (int j = 0; j < columns; j++)
                {
                    double sum = 0, magnitudes = 0;
                    for (int b = 0; b < batch; b++)
                    {
                        sum += dz[b * columns + j];
                        magnitudes += Math.Abs(dz[b * columns + j]);
                    }

                    Values.AssertSum(sum, magnitudes, batch, sums[j], () => $"{columns} columns, batch {batch}");
                }
            }
        }
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new MatrixView(new float[11], 3, 4));
        Assert.Throws<ArgumentException>(() =>
            Kernels.Product(new MatrixView(new float[6], 2, 3), new MatrixView(new float[8], 4, 2), new float[4], 2, default));
        Assert.Throws<ArgumentException>(() =>
            Kernels.Product(new MatrixView(new float[6], 2, 3), new MatrixView(new float[6], 3, 2), new float[3], 2, default));
        Assert.Throws<ArgumentException>(() =>
            Kernels.Product(new MatrixView(new float[6], 2, 3), new MatrixView(new float[6], 2, 3).Transpose(), new float[4], 2, default));
        Assert.Throws<ArgumentException>(() =>
            Kernels.ProductUpdate(new DecayedDescentStep(1, 1), new MatrixView(new float[6], 2, 3), new MatrixView(new float[6], 3, 2),
            new float[5], default, default));
        Assert.Throws<ArgumentException>(() => Kernels.ColumnSums(2, new float[5], new float[3]));
    }

    [Theory]
    [InlineData(5, 7, 1)]
    [InlineData(13, 33, 24)]
    [InlineData(70, 300, 600)]
    [InlineData(17, 40, 5000)]
    public void A_product_that_stops_and_goes_on_has_the_bits_of_the_whole(int rows, int columns, int depth)
    {
        float[] a = Values.Random(depth * rows, 1), b = Values.Random(depth * columns, 2), whole = new float[rows * columns];
        var left = new MatrixView(a, depth, rows).Transpose();
        var right = new MatrixView(b, depth, columns);
        Kernels.Product(left, right, whole, columns, new float[Kernels.ProductScratchLength(left.Shape, right.Shape)]);
        foreach (int part in (int[])[1, 3, 8, 64, depth])
        {
            float[] sums = new float[rows * columns];
            for (int first = 0; first < depth; first += part)
            {
                int terms = Math.Min(part, depth - first);
                Kernels.ContinueProduct(new MatrixView(a.AsSpan(first * rows, terms * rows), terms, rows).Transpose(),
                    new MatrixView(b.AsSpan(first * columns, terms * columns), terms, columns), sums);
            }

            Values.AssertSameBits(whole, sums, $"{part} terms at a time");
        }
    }
}
