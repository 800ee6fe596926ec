namespace EdgeLearn;

/// <summary>
/// A rule that treats every weight by itself, so that a gradient may come as a panel or as a product that is still to be formed: both are
/// used up register by register.
/// </summary>
/// <param name="settings">of the update</param>
abstract class ElementwiseUpdate(UpdateSettings settings) : UpdateRule(settings)
{
    public sealed override void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient)
    {
        if (!slice.Trainable) return;
        if (slice.Storage != WeightStorage.Float32)
        {
            AcceptRounded(slice, offset, gradient);
            return;
        }

        var part = new GradientPart(gradient); // as an argument it would be copied, which shows in small steps
        Use(slice, offset, part, Parameters[slice].Slice(offset, gradient.Length));
    }

    internal sealed override void AcceptProduct(ParameterSlice slice, int offset, in MatrixView a, in MatrixView b, Span<float> scratch)
    {
        if (!slice.Trainable) return;
        if (slice.Storage != WeightStorage.Float32)
        {
            base.AcceptProduct(slice, offset, a, b, scratch);
            return;
        }

        var part = new GradientPart(a, b);
        Use(slice, offset, part, Parameters[slice].Slice(offset, a.Rows * b.Columns));
    }

    // Weights of fewer bits: decoded, updated as floats, and stored again with stochastic rounding.
    void AcceptRounded(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient)
    {
        ulong key = RoundingKeyOf(slice);
        Span<float> chunk = stackalloc float[ParameterSet.ChunkLength];
        for (int i = 0; i < gradient.Length; i += chunk.Length)
        {
            var weights = chunk[..Math.Min(chunk.Length, gradient.Length - i)];
            Parameters.Decode(slice, offset + i, weights);
            Use(slice, offset + i, new GradientPart(gradient.Slice(i, weights.Length)), weights);
            Parameters.EncodeStochastic(slice, offset + i, weights, key);
        }
    }

    /// <summary>Applies the gradient of part of a tensor to its weights.</summary>
    /// <param name="slice">the tensor</param>
    /// <param name="offset">first element in the tensor</param>
    /// <param name="gradient">of these elements</param>
    /// <param name="weights">these elements, or a copy of them in float32; changed in place</param>
    private protected abstract void Use(ParameterSlice slice, int offset, in GradientPart gradient, Span<float> weights);

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

        public GradientPart(in MatrixView a, in MatrixView b)
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
