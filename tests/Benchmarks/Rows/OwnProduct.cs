namespace EdgeLearn.Benchmarks;

/// <summary>
/// How the core does a product of a given shape in training: the one file to change when a kernel's name does. A product with B transposed is the forward pass of a dense layer (x W^T + b);
/// the others go through the general product.
/// </summary>
sealed unsafe class OwnProduct : IDisposable
{
    readonly NativeBlock _scratch;
    readonly NativeBlock _bias;
    readonly ProductShape _shape;
    readonly MatrixShape _a;
    readonly MatrixShape _b;
    readonly bool _packs;

    public OwnProduct(ProductShape shape)
    {
        _shape = shape;
        _a = shape.TransposeA ? new MatrixShape(shape.K, shape.M).Transpose() : new MatrixShape(shape.M, shape.K);
        _b = shape.TransposeB ? new MatrixShape(shape.N, shape.K).Transpose() : new MatrixShape(shape.K, shape.N);
        _packs = Kernels.PacksBatch(shape.M, shape.N);
        _scratch = new NativeBlock(sizeof(float) * (shape.TransposeB ? Kernels.PackedBatchLength(shape.M, shape.K) : Kernels.ProductScratchLength(_a, _b)));
        _bias = new NativeBlock(shape.N * sizeof(float));
    }

    /// <summary>C = op(A) op(B), <paramref name="count"/> times.</summary>
    public void Multiply(float* a, float* b, float* c, int count)
    {
        var (m, n, k) = (_shape.M, _shape.N, _shape.K);
        var scratch = _scratch.Span<float>(0, (int)(_scratch.LengthBytes / sizeof(float)));
        var left = new ReadOnlySpan<float>(a, m * k);
        var right = new ReadOnlySpan<float>(b, n * k);
        var target = new Span<float>(c, m * n);
        for (int i = 0; i < count; i++)
        {
            if (_shape.TransposeB) Forward(left, right, target, scratch);
            else Kernels.Product(new MatrixView(left, m, k, _a.RowStride, _a.ColumnStride), new MatrixView(right, k, n, _b.RowStride, _b.ColumnStride), target, n, scratch);
        }
    }

    void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> w, Span<float> y, Span<float> scratch)
    {
        ReadOnlySpan<float> bias = _bias.Span<float>(0, _shape.N);
        if (!_packs)
        {
            Kernels.DenseForward(_shape.M, _shape.K, w, bias, x, y, _shape.N);
            return;
        }

        Kernels.PackBatch(_shape.M, _shape.K, x, scratch);
        Kernels.DenseForwardPacked(_shape.M, _shape.K, w, bias, scratch, y, _shape.N);
    }

    public void Dispose()
    {
        _scratch.Dispose();
        _bias.Dispose();
    }
}
