using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>An <see cref="AttentionLayer"/>: <c>attn4</c> of 4 heads; <c>causal</c>: no step sees a later one; <c>block</c>: x + attention(layernorm(x)).</summary>
/// <param name="Heads">divide the features</param>
/// <param name="IsCausal">whether no step sees a later one</param>
/// <param name="IsBlock">whether a norm comes before and the input is added</param>
public sealed record AttentionSpec(int Heads, bool IsCausal, bool IsBlock) : LayerSpec
{
    internal static readonly LayerKind Kind = new("attention", "attn4", text => text.Is("attn", 1, out int[] sizes) ? new AttentionSpec(sizes[0], text.Take("causal"), text.Take("block")) : null, json => new AttentionSpec(json.Integer("heads"), json.Flag("causal"), json.Flag("block")));

    /// <inheritdoc/>
    public override LayerRole Role => LayerRole.Learner;

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("heads", Heads);
        if (IsCausal) json.WriteBoolean("causal", true);
        if (IsBlock) json.WriteBoolean("block", true);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid) => string.Create(CultureInfo.InvariantCulture, $"attn{Heads}{(IsCausal ? ":causal" : "")}{(IsBlock ? ":block" : "")}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        input.ExpectSequence(name);
        if (Heads < 1 || input.Width % Heads != 0) throw new EdgeLearnException($"{name} has {Heads} heads, which do not divide the {input.Width} features of {input}: choose a divisor of {input.Width}");
        if ((long)input.Height * input.Height * (Heads + 1) >= Shape.LongestLength) throw new EdgeLearnException($"{name} has {Heads} heads over {input.Height} steps, whose attention weights are {(long)input.Height * input.Height * Heads:N0} values, at most {Shape.LongestLength:N0} are supported: use fewer steps, or a pool before it");
        return input;
    }

    /// <inheritdoc/>
    public override Layer Build(string name, Shape input, ParameterSet parameters) => new AttentionLayer(name, input, this, parameters);
}

/// <summary>
/// Self-attention: q, k, v = three thirds of x W_in^T + b_in, each head's o = softmax(q k^T / sqrt(features of a head)) v, y = o W_out^T + b_out. Tensors are those of PyTorch's MultiheadAttention:
/// <c>in_proj_weight</c> [3 features x features], <c>in_proj_bias</c>, <c>out_proj.weight</c>, <c>out_proj.bias</c>. Saves q, k and v; attention weights are made again on the way back, a sample at a time.
/// </summary>
/// <remarks>Source: Vaswani et al. 2017.</remarks>
public sealed class AttentionLayer : StepwiseLayer
{
    readonly AttentionSpec _spec;

    internal AttentionLayer(string name, Shape shape, AttentionSpec spec, ParameterSet parameters)
        : base(name, shape, spec.IsBlock, ("in_proj_weight", "in_proj_bias"), 3 * shape.Width, ("out_proj.weight", "out_proj.bias"), shape.Width, parameters)
        => _spec = spec;

    /// <inheritdoc/>
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

    MatrixShape WeightsShape => new(Steps, Steps);

    // Attention weights of all heads, on the way back their gradient of one, and the products' own.
    private protected override long MiddleScratchLength(int rows, bool forGradient)
    {
        long forward = Math.Max(Kernels.ProductScratchLength(PartShape, PartShape.Transpose()), Kernels.ProductScratchLength(WeightsShape, PartShape));
        if (!forGradient) return Squared + forward;
        long backward = Math.Max(Kernels.ProductScratchLength(OutputPartShape, PartShape.Transpose()), Math.Max(Kernels.ProductScratchLength(WeightsShape.Transpose(), PartShape), Kernels.ProductScratchLength(WeightsShape.Transpose(), OutputPartShape)));
        return (_spec.Heads + 1L) * Squared + Math.Max(forward, backward);
    }

    MatrixView Part(ReadOnlySpan<float> a, int third, int head) => new(a[(third * Width + head * HeadWidth)..], Steps, HeadWidth, 3 * Width, 1);

    private protected override void Middle(int rows, ReadOnlySpan<float> a, Span<float> c, Span<float> scratch)
    {
        bool keeps = scratch.Length >= MiddleScratchLength(rows, forGradient: true);
        var own = scratch[(keeps ? (_spec.Heads + 1) * Squared : Squared)..];
        for (int head = 0; head < _spec.Heads; head++)
        {
            var weights = scratch.Slice(keeps ? head * Squared : 0, Squared);
            Kernels.Product(Part(a, 0, head), Part(a, 1, head).Transpose(), weights, Steps, own);
            Kernels.SoftmaxRows(Steps, Steps, Scale, _spec.IsCausal, weights);
            Kernels.Product(new MatrixView(weights, Steps, Steps), Part(a, 2, head), c[(head * HeadWidth)..], Width, own);
        }
    }

    private protected override void MiddleGradient(int rows, ReadOnlySpan<float> a, ReadOnlySpan<float> dc, Span<float> da, Span<float> scratch)
    {
        var gradient = scratch.Slice(_spec.Heads * Squared, Squared);
        var own = scratch[((_spec.Heads + 1) * Squared)..];
        for (int head = 0; head < _spec.Heads; head++)
        {
            MatrixView weights = new(scratch.Slice(head * Squared, Squared), Steps, Steps), output = new(dc[(head * HeadWidth)..], Steps, HeadWidth, Width, 1), scores = new(gradient, Steps, Steps);
            int query = head * HeadWidth, key = query + Width, value = key + Width;
            Kernels.Product(weights.Transpose(), output, da[value..], 3 * Width, own);
            Kernels.Product(output, Part(a, 2, head).Transpose(), gradient, Steps, own);
            Kernels.SoftmaxRowsGradient(Steps, Steps, Scale, weights.Values, gradient);
            Kernels.Product(scores, Part(a, 1, head), da[query..], 3 * Width, own);
            Kernels.Product(scores.Transpose(), Part(a, 0, head), da[key..], 3 * Width, own);
        }
    }
}
