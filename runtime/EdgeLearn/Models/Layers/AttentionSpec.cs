using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// An <see cref="AttentionLayer"/>: <c>attn4</c> of 4 heads; <c>causal</c>: no step sees a later one; <c>block</c>: x +
/// attention(layernorm(x)).
/// </summary>
/// <param name="Heads">divide the features</param>
/// <param name="IsCausal">whether no step sees a later one</param>
/// <param name="IsBlock">whether a norm comes before and the input is added</param>
public sealed record AttentionSpec(int Heads, bool IsCausal, bool IsBlock) : LayerSpec
{
    internal static readonly LayerKind Kind = new("attention", "attn4",
        text => text.Is("attn", 1, out int[] sizes) ? new AttentionSpec(sizes[0], text.Take("causal"), text.Take("block")) : null,
        json => new AttentionSpec(json.Integer("heads"), json.Flag("causal"), json.Flag("block")));

    internal override LayerRole Role => LayerRole.Learner;

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("heads", Heads);
        if (IsCausal) json.WriteBoolean("causal", true);
        if (IsBlock) json.WriteBoolean("block", true);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
        => string.Create(CultureInfo.InvariantCulture, $"attn{Heads}{(IsCausal ? ":causal" : "")}{(IsBlock ? ":block" : "")}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        input.ExpectSequence(name);
        if (Heads < 1 || input.Width % Heads != 0)
        {
            throw new EdgeLearnException($"{name} has {Heads} heads, which do not divide the {input.Width} features of {input}: choose a "
                + $"divisor of {input.Width}");
        }
        if ((long)input.Height * input.Height * (Heads + 1) >= Shape.LongestLength)
        {
            throw new EdgeLearnException($"{name} has {Heads} heads over {input.Height} steps, whose attention weights "
                + $"are {(long)input.Height * input.Height * Heads:N0} values, at most {Shape.LongestLength:N0} are supported: use fewer "
                + $"steps, or a pool before it");
        }
        return input;
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new AttentionLayer(name, input, this, parameters);
}

/// <summary>
/// Self-attention: q, k, v = three thirds of x W_in^T + b_in, each head's o = softmax(q k^T / sqrt(features of a head)) v, y = o W_out^T +
/// b_out. Tensors are those of PyTorch's MultiheadAttention: <c>in_proj_weight</c> [3 features x features], <c>in_proj_bias</c>,
/// <c>out_proj.weight</c>, <c>out_proj.bias</c>. Saves q, k and v; attention weights are made again on the way back, a sample at a time.
/// </summary>
/// <remarks>Source: Vaswani et al. 2017.</remarks>
sealed class AttentionLayer : StepwiseLayer
{
    readonly AttentionSpec _spec;

    internal AttentionLayer(string name, Shape shape, AttentionSpec spec, ParameterSet parameters)
        : base(name, shape, spec.IsBlock, ("in_proj_weight", "in_proj_bias"), 3 * shape.Width, ("out_proj.weight", "out_proj.bias"),
            shape.Width, parameters)
        => _spec = spec;

    public override string Describe() => _spec.ToString();

    private protected override int RowsOfPass(int batch) => Steps;

    private protected override bool SavesFirst => true;

    private protected override long MiddleMultiplyAdds => 2L * Steps * Steps * Width;

    int HeadWidth => Width / _spec.Heads;

    float Scale => 1 / MathF.Sqrt(HeadWidth);

    int Squared => Steps * Steps;

    // Queries, keys and values of a head lie in rows of 3 Width values.
    MatrixShape PartShape => new(Steps, HeadWidth, 3 * Width, 1);

    MatrixShape OutputPartShape => new(Steps, HeadWidth, Width, 1);

    // Rows of attention weights that are formed at a time: one strip of a product's tiles where no step sees a later one, so that little
    // above the diagonal is formed at all; else all.
    int StripRows => _spec.IsCausal ? Math.Min(12, Steps) : Steps;

    // Columns that are formed for rows before `end`: whole registers.
    int ColumnsBefore(int end) => _spec.IsCausal ? Math.Min(Steps, (end + 15) / 16 * 16) : Steps;

    // Rows of keys or values that lie as columns do not share cache sets.
    int TransposedStride => Steps + 16;

    MatrixShape TransposedShape => new(HeadWidth, Steps, TransposedStride, 1);

    int TransposedLength => HeadWidth * TransposedStride;

    // Attention weights of all heads, on the way back their gradient of one; keys or values of a head; and the products' own.
    private protected override long MiddleScratchLength(int rows, bool forGradient)
    {
        MatrixShape inputs = new(StripRows, HeadWidth, 3 * Width, 1), outputs = new(StripRows, HeadWidth, Width, 1),
            weights = new(StripRows, Steps), columns = new(StripRows, Steps, 1, Steps);
        long forward = Math.Max(Kernels.ProductScratchLength(inputs, TransposedShape), Kernels.ProductScratchLength(weights, PartShape));
        if (!forGradient) return Squared + TransposedLength + forward;
        long backward =
            Math.Max(Kernels.ProductScratchLength(outputs, TransposedShape),
            Math.Max(Kernels.ProductScratchLength(columns, PartShape), Kernels.ProductScratchLength(columns, OutputPartShape)));
        return (_spec.Heads + 1L) * Squared + TransposedLength + Math.Max(forward, backward);
    }

    MatrixView Part(ReadOnlySpan<float> a, int third, int head)
        => new(a[(third * Width + head * HeadWidth)..], Steps, HeadWidth, 3 * Width, 1);

    private protected override void Middle(int rows, ReadOnlySpan<float> a, Span<float> c, Span<float> scratch)
    {
        bool keeps = scratch.Length >= MiddleScratchLength(rows, forGradient: true);
        int squares = keeps ? (_spec.Heads + 1) * Squared : Squared;
        var keys = scratch.Slice(squares, TransposedLength);
        var own = scratch[(squares + TransposedLength)..];
        for (int head = 0; head < _spec.Heads; head++)
        {
            var weights = scratch.Slice(keeps ? head * Squared : 0, Squared);
            Kernels.Transpose(Steps, HeadWidth, Part(a, 1, head).Values, 3 * Width, keys, TransposedStride);
            Scores(Part(a, 0, head), keys, weights, own);
            Kernels.SoftmaxRows(Steps, Steps, Scale, _spec.IsCausal, weights);
            SumOverSeen(weights, Part(a, 2, head), c[(head * HeadWidth)..], Width, own);
        }
    }

    // scores[i, j] = left[i] . right[j], right as columns; above the diagonal, where there is one to heed, only what falls into whole
    // registers.
    void Scores(MatrixView left, ReadOnlySpan<float> right, Span<float> scores, Span<float> own)
    {
        for (int first = 0; first < Steps; first += StripRows)
        {
            int count = Math.Min(StripRows, Steps - first);
            Kernels.Product(left.RowRange(first, count),
                new MatrixView(right, HeadWidth, ColumnsBefore(first + count), TransposedStride, 1), scores[(first * Steps)..], Steps, own);
        }
    }

    // y[i] = sum over the steps j that i sees of weights[i, j] * x[j].
    void SumOverSeen(ReadOnlySpan<float> weights, MatrixView x, Span<float> y, int yStride, Span<float> own)
    {
        for (int first = 0; first < Steps; first += StripRows)
        {
            int count = Math.Min(StripRows, Steps - first), depth = _spec.IsCausal ? first + count : Steps;
            Kernels.Product(new MatrixView(weights[(first * Steps)..], count, depth, Steps, 1), x.RowRange(0, depth),
                y[(first * yStride)..], yStride, own);
        }
    }

    // y[j] = sum over the steps i that see j of weights[i, j] * x[i].
    void SumOverSeeing(ReadOnlySpan<float> weights, MatrixView x, Span<float> y, int yStride, Span<float> own)
    {
        for (int first = 0; first < Steps; first += StripRows)
        {
            int count = Math.Min(StripRows, Steps - first), from = _spec.IsCausal ? first : 0;
            Kernels.Product(new MatrixView(weights[(from * Steps + first)..], count, Steps - from, 1, Steps),
                x.RowRange(from, Steps - from), y[(first * yStride)..], yStride, own);
        }
    }

    private protected override void MiddleGradient(int rows, ReadOnlySpan<float> a, ReadOnlySpan<float> dc, Span<float> da,
        Span<float> scratch)
    {
        int squares = (_spec.Heads + 1) * Squared;
        var gradient = scratch.Slice(_spec.Heads * Squared, Squared);
        var values = scratch.Slice(squares, TransposedLength);
        var own = scratch[(squares + TransposedLength)..];
        for (int head = 0; head < _spec.Heads; head++)
        {
            ReadOnlySpan<float> weights = scratch.Slice(head * Squared, Squared);
            MatrixView output = new(dc[(head * HeadWidth)..], Steps, HeadWidth, Width, 1);
            int query = head * HeadWidth, key = query + Width, value = key + Width;
            Kernels.Transpose(Steps, HeadWidth, Part(a, 2, head).Values, 3 * Width, values, TransposedStride);
            Scores(output, values, gradient, own);
            Kernels.SoftmaxRowsGradient(Steps, Steps, Scale, _spec.IsCausal, weights, gradient);
            SumOverSeeing(weights, output, da[value..], 3 * Width, own);
            SumOverSeen(gradient, Part(a, 1, head), da[query..], 3 * Width, own);
            SumOverSeeing(gradient, Part(a, 0, head), da[key..], 3 * Width, own);
        }
    }
}
