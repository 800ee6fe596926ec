using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>An <see cref="MlpLayer"/>: <c>mlp512</c> over the features of each step; <c>block</c>: x + mlp(layernorm(x)).</summary>
/// <param name="Units">hidden units</param>
/// <param name="IsBlock">whether a norm comes before and the input is added</param>
public sealed record MlpSpec(int Units, bool IsBlock) : LayerSpec
{
    internal static readonly LayerKind Kind = new("mlp", "mlp512",
        text => text.Is("mlp", 1, out int[] sizes) ? new MlpSpec(sizes[0], text.Take("block")) : null,
        json => new MlpSpec(json.Integer("units"), json.Flag("block")));

    internal override LayerRole Role => LayerRole.Learner;

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("units", Units);
        if (IsBlock) json.WriteBoolean("block", true);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
        => string.Create(CultureInfo.InvariantCulture, $"mlp{Units}{(IsBlock ? ":block" : "")}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        input.ExpectSequence(name);
        DenseSpec.CheckUnits(Units, name);
        return input;
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new MlpLayer(name, input, this, parameters);
}

/// <summary>
/// y = gelu(x W_up^T + b_up) W_down^T + b_down for every step, GELU by its tanh approximation: the second half of a transformer's block.
/// Tensors: <c>up.weight</c> [units x features], <c>up.bias</c>, <c>down.weight</c> [features x units], <c>down.bias</c>. Saves nothing:
/// hidden units are made again on the way back, some steps at a time.
/// </summary>
sealed class MlpLayer : StepwiseLayer
{
    // Deep enough for the products of the way back, few enough to stay in the second-level cache.
    const int PassRows = 64;

    readonly MlpSpec _spec;

    internal MlpLayer(string name, Shape shape, MlpSpec spec, ParameterSet parameters)
        : base(name, shape, spec.IsBlock, ("up.weight", "up.bias"), spec.Units, ("down.weight", "down.bias"), spec.Units, parameters)
        => _spec = spec;

    public override string Describe() => _spec.ToString();

    // Whole samples, or equal parts of one, so that a part of a batch is whole passes.
    private protected override int RowsOfPass(int batch)
    {
        if (Steps <= PassRows) return Steps * Math.Min(batch, 1 << BitOperations.Log2((uint)(PassRows / Steps)));
        for (int rows = PassRows; rows >= PassRows / 2; rows--)
        {
            if (Steps % rows == 0) return rows;
        }

        return Steps <= 4 * PassRows ? Steps : PassRows;
    }

    // Slopes, which come with the values for little.
    private protected override long MiddleScratchLength(int rows, bool forGradient) => forGradient ? (long)rows * _spec.Units : 0;

    private protected override void Middle(int rows, ReadOnlySpan<float> a, Span<float> c, Span<float> scratch)
    {
        if (scratch.IsEmpty) Kernels.Pointwise(default(GeluTanhFunction), a, c);
        else Kernels.GeluTanhWithSlope(a, c, scratch[..c.Length]);
    }

    private protected override void MiddleGradient(int rows, ReadOnlySpan<float> a, ReadOnlySpan<float> dc, Span<float> da,
        Span<float> scratch) => TensorPrimitives.Multiply(dc, scratch[..da.Length], da);
}
