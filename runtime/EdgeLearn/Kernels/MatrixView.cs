using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>What a <see cref="MatrixView"/> looks like without its values, for planning.</summary>
readonly record struct MatrixShape(int Rows, int Columns, int RowStride, int ColumnStride)
{
    /// <summary>Rows that lie one behind the other.</summary>
    public MatrixShape(int rows, int columns)
        : this(rows, columns, columns, 1)
    {
    }

    /// <summary>Rows and columns exchanged.</summary>
    public MatrixShape Transpose() => new(Columns, Rows, ColumnStride, RowStride);
}

/// <summary>A matrix as kernels read it: value (i, j) is <c>Values[i * RowStride + j * ColumnStride]</c>. Owns nothing.</summary>
readonly ref struct MatrixView
{
    /// <summary>Looks at values with strides of its own.</summary>
    /// <exception cref="ArgumentException">The last value lies beyond the span.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MatrixView(ReadOnlySpan<float> values, int rows, int columns, int rowStride, int columnStride)
    {
        long needed = rows > 0 && columns > 0 ? (long)(rows - 1) * rowStride + (long)(columns - 1) * columnStride + 1 : 0;
        if (values.Length < needed) ThrowShort(values, rows, columns, rowStride, columnStride, needed);
        Values = values;
        Rows = rows;
        Columns = columns;
        RowStride = rowStride;
        ColumnStride = columnStride;
    }

    [DoesNotReturn]
    static void ThrowShort(ReadOnlySpan<float> values, int rows, int columns, int rowStride, int columnStride, long needed)
        => throw new ArgumentException($"a matrix of {rows} x {columns} with strides {rowStride} and {columnStride} needs {needed} "
            + $"values, the span has {values.Length}", nameof(values));

    /// <summary>Looks at rows that lie one behind the other.</summary>
    public MatrixView(ReadOnlySpan<float> values, int rows, int columns)
        : this(values, rows, columns, columns, 1)
    {
    }

    /// <summary>The values, owned elsewhere.</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary>Distance between neighbours in a column.</summary>
    public int RowStride { get; }

    /// <summary>Distance between neighbours in a row.</summary>
    public int ColumnStride { get; }

    /// <summary>The same values with rows and columns exchanged.</summary>
    public MatrixView Transpose() => new(Values, Columns, Rows, ColumnStride, RowStride);

    /// <summary>Rows, columns and strides.</summary>
    public MatrixShape Shape => new(Rows, Columns, RowStride, ColumnStride);

    /// <summary>Rows first..first + count - 1.</summary>
    public MatrixView RowRange(int first, int count) => new(Values[(first * RowStride)..], count, Columns, RowStride, ColumnStride);
}
