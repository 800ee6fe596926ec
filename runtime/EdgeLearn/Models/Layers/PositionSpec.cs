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

/// <summary>y = x + positions, [steps x features], the same for every sample.</summary>
abstract class PositionsLayer(string name, Shape shape) : Layer(name, shape, shape)
{
    /// <summary>The positions as a pass reads them: where they lie, or in its scratch.</summary>
    private protected abstract ReadOnlySpan<float> Read(ParameterSet parameters, in Probe probe, Span<float> scratch);

    public sealed override bool GradientReadsInput => false;

    public sealed override bool GradientReadsOutput => false;

    internal sealed override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        var positions = Read(parameters, mode.Probe, scratch);
        for (int b = 0; b < batch; b++)
            TensorPrimitives.Add(x.Slice(b * InputLength, InputLength), positions, y.Slice(b * InputLength, InputLength));
    }

    public override bool OverwritesGradient => true;

    internal sealed override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => dz.CopyTo(dx);
}

/// <summary>Learned positions: y[t] = x[t] + W[t], W [steps x features], the same for every sample.</summary>
sealed class PositionLayer : PositionsLayer
{
    readonly ParameterSlice _weight;

    internal PositionLayer(string name, Shape shape, ParameterSet parameters)
        : base(name, shape)
    {
        _weight = parameters.Add(name + ".weight", [shape.Height, shape.Width], decay: false);
        Slices = [_weight];
    }

    public override string Describe() => "positions";

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        ForwardScratch = pass.IsProbed || _weight.Storage != WeightStorage.Float32 ? InputLength : 0,
        Sums = pass.IsPart ? InputLength : 0,
        ParameterScratch = pass.IsPart ? 0 : InputLength,
    };

    public override void Initialise(ParameterSet parameters, ulong seed)
        => Initialisation.Uniform(parameters, seed, _weight, Initialisation.EmbeddingBound);

    private protected override ReadOnlySpan<float> Read(ParameterSet parameters, in Probe probe, Span<float> scratch)
        => parameters.Read(_weight, probe, 0, InputLength, scratch);

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        Kernels.ColumnSums(trace.Batch, dz, scratch[..InputLength]);
        sink.Accept(_weight, 0, scratch[..InputLength]);
    }

    public override bool TakesParts(int rows) => true;

    internal override void AddGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
        => Kernels.AddColumnSums(trace.Batch, dz, trace.Sums);

    internal override void HandOver(ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink) => sink.Accept(_weight, 0, sums);
}

/// <summary>A <see cref="SinusoidLayer"/>: <c>sinusoids</c>.</summary>
public sealed record SinusoidSpec : LayerSpec
{
    internal static readonly LayerKind Kind = new("sinusoids", "sinusoids",
        text => text.Is("sinusoids", 0, out _) ? new SinusoidSpec() : null, _ => new SinusoidSpec());

    /// <summary>Belongs to the unit before it.</summary>
    internal override LayerRole Role => LayerRole.Norm;

    internal override void Write(Utf8JsonWriter json) => json.WriteString("kind", Kind.Word);

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid) => "sinusoids";

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        input.ExpectSequence(name);
        return input;
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new SinusoidLayer(name, input);
}

/// <summary>
/// Positions that nobody learns: y[t, 2i] = x[t, 2i] + sin(t w_i), y[t, 2i + 1] = x[t, 2i + 1] + cos(t w_i), w_i = 10000^(-2i / features),
/// the same for every sample.
/// </summary>
/// <remarks>Source: Vaswani et al. 2017.</remarks>
sealed class SinusoidLayer(string name, Shape shape) : PositionsLayer(name, shape)
{
    const double LogLongest = 9.210340371976184; // ln 10000

    public override string Describe() => "sinusoids";

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with { ForwardScratch = InputLength };

    private protected override ReadOnlySpan<float> Read(ParameterSet parameters, in Probe probe, Span<float> scratch)
    {
        Write(InputShape.Height, InputShape.Width, scratch[..InputLength]);
        return scratch[..InputLength];
    }

    // Each angle is the one before it, turned by w: two products and a sum a value, and no table that outlives the call.
    static void Write(int steps, int width, Span<float> waves)
    {
        for (int i = 0; i < width; i += 2)
        {
            var (turnSine, turnCosine) = PortableMath.SineCosine(PortableMath.Exp(-LogLongest * i / width));
            double sine = 0, cosine = 1;
            for (int t = 0; t < steps; t++)
            {
                waves[t * width + i] = (float)sine;
                if (i + 1 < width) waves[t * width + i + 1] = (float)cosine;
                (sine, cosine) = (sine * turnCosine + cosine * turnSine, cosine * turnCosine - sine * turnSine);
            }
        }
    }
}
