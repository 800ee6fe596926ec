using System.Numerics.Tensors;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="PositionLayer"/>: <c>positions</c>.</summary>
public sealed record PositionSpec : LayerSpec
{
    internal static readonly LayerKind Kind = new("positions", "positions",
        text => text.Is("positions", 0, out _) ? new PositionSpec() : null, _ => new PositionSpec());

    /// <summary>Belongs to the unit before it.</summary>
    internal override LayerRole Role => LayerRole.Norm;

    internal override void Write(Utf8JsonWriter json) => json.WriteString("kind", Kind.Word);

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid) => "positions";

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        input.ExpectSequence(name);
        return input;
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new PositionLayer(name, input, parameters);
}

/// <summary>Learned positions: y[t] = x[t] + W[t], W [steps x features], the same for every sample.</summary>
sealed class PositionLayer : Layer
{
    readonly ParameterSlice _weight;

    internal PositionLayer(string name, Shape shape, ParameterSet parameters)
        : base(name, shape, shape)
    {
        _weight = parameters.Add(name + ".weight", [shape.Height, shape.Width], decay: false);
        Slices = [_weight];
    }

    public override string Describe() => "positions";

    public override bool GradientReadsInput => false;

    public override bool GradientReadsOutput => false;

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        ForwardScratch = pass.IsProbed || _weight.Storage != WeightStorage.Float32 ? InputLength : 0,
        ParameterScratch = InputLength,
    };

    public override void Initialise(ParameterSet parameters, ulong seed)
        => Initialisation.Uniform(parameters, seed, _weight, Initialisation.EmbeddingBound);

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        var weight = parameters.Read(_weight, mode.Probe, 0, InputLength, scratch);
        for (int b = 0; b < batch; b++)
            TensorPrimitives.Add(x.Slice(b * InputLength, InputLength), weight, y.Slice(b * InputLength, InputLength));
    }

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        Kernels.ColumnSums(trace.Batch, dz, scratch[..InputLength]);
        sink.Accept(_weight, 0, scratch[..InputLength]);
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => dz.CopyTo(dx);
}
