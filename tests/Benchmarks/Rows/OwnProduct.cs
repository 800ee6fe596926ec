namespace EdgeLearn.Benchmarks;

/// <summary>
/// How the core does a product of a given shape in training: the one file to change when a kernel's name does. A product with B transposed
/// is the forward pass of a dense layer (x W^T + b); the others go through the general product.
/// </summary>
sealed unsafe class OwnProduct : IDisposable
{
    readonly NativeBlock _scratch;
    readonly NativeBlock _bias;
    readonly ProductShape _shape;
    readonly MatrixShape _a;
    readonly MatrixShape _b;
    readonly ParameterSet _weights = new();
    readonly ParameterSlice _slice;
    readonly Sgd _update = new(new());
    readonly Workspace _state;

    public OwnProduct(ProductShape shape)
    {
        _shape = shape;
        _a = shape.TransposeA ? new MatrixShape(shape.K, shape.M).Transpose() : new MatrixShape(shape.M, shape.K);
        _b = shape.TransposeB ? new MatrixShape(shape.N, shape.K).Transpose() : new MatrixShape(shape.K, shape.N);
        _scratch = new NativeBlock(sizeof(float)
            * (shape.TransposeB
            ? Kernels.DenseForwardScratchLength(shape.M, shape.K, shape.N)
            : Math.Max(Kernels.ProductScratchLength(_a, _b), GradientSink.ProductScratchLength(shape.M, shape.N))));
        _bias = new NativeBlock(shape.N * sizeof(float));
        _slice = _weights.Add("weight", [shape.M, shape.N], decay: false);
        var plan = new MemoryPlan();
        _update.Plan(_weights, plan);
        _weights.Allocate();
        _state = new Workspace(plan);
        _update.BeginStep(new StepClock(0, ProductShape.Rate));
    }

    /// <summary>The product, <paramref name="count"/> times; an update goes to weights of its own, see <see cref="Weights"/>.</summary>
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
            else if (_shape.IsUpdate) _update.AcceptProduct(_slice, 0, Left(left), Right(right), scratch);
            else Kernels.Product(Left(left), Right(right), target, n, scratch);
        }
    }

    /// <summary>What updates have changed; zero at the start.</summary>
    public ReadOnlySpan<float> Weights => _weights[_slice];

    MatrixView Left(ReadOnlySpan<float> values) => new(values, _shape.M, _shape.K, _a.RowStride, _a.ColumnStride);

    MatrixView Right(ReadOnlySpan<float> values) => new(values, _shape.K, _shape.N, _b.RowStride, _b.ColumnStride);

    void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> w, Span<float> y, Span<float> scratch)
    {
        Kernels.DenseForward(_shape.M, _shape.K, w, _bias.Span<float>(0, _shape.N), x, y, _shape.N, scratch);
    }

    public void Dispose()
    {
        _state.Dispose();
        _weights.Dispose();
        _scratch.Dispose();
        _bias.Dispose();
    }
}
