namespace EdgeLearn;

/// <summary>
/// Where a layer's parameter gradient goes, panel by panel. Each panel is finished when it arrives (its sum over the batch is complete), so
/// that an update can consume it and no gradient buffer is needed.
/// </summary>
public abstract class GradientSink
{
    /// <summary>Takes the gradient of part of a tensor; the span is scratch of the caller and dies with the call.</summary>
    /// <param name="slice">the tensor</param>
    /// <param name="offset">first float in the tensor</param>
    /// <param name="gradient">gradient of the mean loss</param>
    public abstract void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient);

    // Rows that a product is cut into for a sink that wants panels: a strip of the product kernel.
    const int PanelRows = 6;

    /// <summary>Floats of scratch for <see cref="AcceptProduct"/>.</summary>
    /// <param name="rows">rows of the gradient</param>
    /// <param name="columns">columns of the gradient</param>
    public static long ProductScratchLength(int rows, int columns) => Math.Min(PanelRows, rows) * (long)columns;

    /// <summary>
    /// Takes a gradient as the product that it is, gradient[i, j] = sum over k of a[i, k] * b[k, j], so that it need not exist in memory. A
    /// sink that cannot use up a product gets panels.
    /// </summary>
    /// <param name="slice">the tensor</param>
    /// <param name="offset">where the [a.Rows x b.Columns] weights begin in the tensor</param>
    /// <param name="a">[rows x samples], any strides: local gradients, transposed</param>
    /// <param name="b">[samples x columns], its rows contiguous: inputs</param>
    /// <param name="scratch">[<see cref="ProductScratchLength"/>]</param>
    internal virtual void AcceptProduct(ParameterSlice slice, int offset, in MatrixView a, in MatrixView b, Span<float> scratch)
    {
        if (!slice.Trainable) return;
        for (int r = 0; r < a.Rows; r += PanelRows)
        {
            var rows = a.RowRange(r, Math.Min(PanelRows, a.Rows - r));
            var panel = scratch[..(rows.Rows * b.Columns)];
            Kernels.Product(rows, b, panel, b.Columns, default);
            Accept(slice, offset + r * b.Columns, panel);
        }
    }
}
