using System.Runtime.InteropServices;
using Xunit;

namespace EdgeLearn.Tests;

public class ProductTests
{
    delegate void Product(int rows, int columns, int depth, ReadOnlySpan<float> a, int aRow, int aColumn, ReadOnlySpan<float> b, Span<float> c);

    static readonly (string Name, Product Run)[] s_forms =
    [
        ("chosen by the machine", Kernels.Product),
        ("1 lane", Lanes<Lanes1>),
        ("4 lanes", Lanes<Lanes4>),
        ("8 lanes", Lanes<Lanes8>),
        ("16 lanes", Lanes<Lanes16>),
    ];

    static void Lanes<T>(int rows, int columns, int depth, ReadOnlySpan<float> a, int aRow, int aColumn, ReadOnlySpan<float> b, Span<float> c)
        where T : struct, ILanes<T>
    {
        ref float a0 = ref MemoryMarshal.GetReference(a);
        ref float b0 = ref MemoryMarshal.GetReference(b);
        ref float c0 = ref MemoryMarshal.GetReference(c);
        int done = Kernels.ProductColumns<T>(0, rows, columns, depth, ref a0, aRow, aColumn, ref b0, ref c0);
        Assert.Equal(columns / T.Count * T.Count, done);
        Kernels.ProductColumns<Lanes1>(done, rows, columns, depth, ref a0, aRow, aColumn, ref b0, ref c0);
    }

    [Fact]
    public void Every_number_of_columns_and_width_equals_the_double_sum()
    {
        foreach (var (rows, depth) in new[] { (1, 1), (3, 2), (4, 3), (5, 0), (9, 7) })
        {
            for (int columns = 0; columns <= 257; columns++) Check(rows, columns, depth, odd: columns % 2);
        }
    }

    [Fact]
    public void Every_depth_and_width_equals_the_double_sum()
    {
        foreach (var (rows, columns) in new[] { (1, 3), (5, 35) })
        {
            for (int depth = 0; depth <= 257; depth++) Check(rows, columns, depth, odd: depth % 3);
        }
    }

    // Both readings of a: rows x depth (input gradient) and depth x rows (parameter gradient), each with rows that are `odd` floats longer than needed.
    static void Check(int rows, int columns, int depth, int odd)
    {
        using GuardedMemory aMemory = new((depth + odd + 1) * (rows + odd + 1)), bMemory = new(depth * columns + 1), cMemory = new(rows * columns + 1);
        var b = bMemory.Random(depth * columns, depth + 17 * columns);
        foreach (bool transposed in new[] { false, true })
        {
            int aRow = transposed ? 1 : depth + odd, aColumn = transposed ? rows + odd : 1;
            var a = aMemory.Random(depth == 0 ? 0 : (rows - 1) * aRow + (depth - 1) * aColumn + 1, rows);
            foreach (var (name, run) in s_forms)
            {
                var c = cMemory.Last(rows * columns);
                c.Fill(float.NaN);
                run(rows, columns, depth, a, aRow, aColumn, b, c);
                for (int m = 0; m < rows; m++)
                {
                    for (int j = 0; j < columns; j++)
                    {
                        double sum = 0, magnitudes = 0;
                        for (int k = 0; k < depth; k++)
                        {
                            double term = (double)a[m * aRow + k * aColumn] * b[k * columns + j];
                            sum += term;
                            magnitudes += Math.Abs(term);
                        }

                        Values.AssertSum(sum, magnitudes, depth, c[m * columns + j], () => $"{name}, {rows} x {columns} x {depth}, transposed {transposed}");
                    }
                }
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
    public void Spans_of_wrong_length_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Kernels.Product(2, 3, 4, new float[7], 4, 1, new float[12], new float[6]));
        Assert.Throws<ArgumentException>(() => Kernels.Product(2, 3, 4, new float[8], 4, 1, new float[11], new float[6]));
        Assert.Throws<ArgumentException>(() => Kernels.Product(2, 3, 4, new float[8], 4, 1, new float[12], new float[7]));
        Assert.Throws<ArgumentException>(() => Kernels.ColumnSums(2, new float[5], new float[3]));
    }
}
