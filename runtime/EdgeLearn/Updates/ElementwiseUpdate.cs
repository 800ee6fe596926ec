namespace EdgeLearn;

/// <summary>A rule that treats every weight by itself, so that a gradient may come as a panel or as a product that is still to be formed: both are used up register by register.</summary>
public abstract class ElementwiseUpdate : UpdateRule
{
    /// <inheritdoc/>
    public sealed override void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient) => Use(slice, offset, new GradientPart(gradient));

    /// <inheritdoc/>
    public sealed override void AcceptProduct(ParameterSlice slice, int offset, MatrixView a, MatrixView b, Span<float> scratch) => Use(slice, offset, new GradientPart(a, b));

    /// <summary>Applies the gradient of part of a tensor to its weights.</summary>
    private protected abstract void Use(ParameterSlice slice, int offset, GradientPart gradient);

    private protected Span<float> Weights(ParameterSlice slice, int offset, int length) => Parameters[slice].Slice(offset, length);

    /// <summary>The gradient of part of a tensor: its values, or two matrices whose product they are.</summary>
    private protected readonly ref struct GradientPart
    {
        readonly ReadOnlySpan<float> _values;
        readonly MatrixView _a;
        readonly MatrixView _b;

        public GradientPart(ReadOnlySpan<float> values)
        {
            _values = values;
            Length = values.Length;
        }

        public GradientPart(MatrixView a, MatrixView b)
        {
            _a = a;
            _b = b;
            Length = a.Rows * b.Columns;
        }

        public int Length { get; }

        public void Apply<TUpdate>(in TUpdate update, Span<float> weights, Span<float> first, Span<float> second)
            where TUpdate : struct, IElementUpdate
        {
            if (_a.Rows > 0) Kernels.ProductUpdate(update, _a, _b, weights, first, second);
            else Kernels.Update(update, weights, _values, first, second);
        }
    }
}
