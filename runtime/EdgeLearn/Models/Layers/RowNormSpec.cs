using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="RowNormLayer"/>: <c>layernorm</c> or <c>rmsnorm</c>, over the features of each step, or over a whole image or vector.
/// </summary>
/// <param name="IsCentred">layer norm: the mean is taken off and there is a bias; else RMS norm</param>
public sealed record RowNormSpec(bool IsCentred) : LayerSpec
{
    internal static readonly LayerKind LayerNormKind = KindOf(new RowNormSpec(true)), RmsNormKind = KindOf(new RowNormSpec(false));

    /// <summary>Added to the variance or the mean square.</summary>
    public float Epsilon { get; init; } = IsCentred ? 1e-5f : 1e-6f;

    internal override LayerRole Role => LayerRole.Norm;

    static LayerKind KindOf(RowNormSpec usual) => new(usual.ToString(), usual.ToString(),
        text => text.Is(usual.ToString(), 0, out _) ? usual : null,
        json => usual with { Epsilon = json.Number("epsilon", usual.Epsilon) });

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", ToString());
        if (Epsilon != new RowNormSpec(IsCentred).Epsilon) json.WriteNumber("epsilon", Epsilon);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid) => IsCentred ? "layernorm" : "rmsnorm";

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
        => Epsilon > 0 ? input : throw new EdgeLearnException($"{name} has epsilon {Epsilon}, expected a number above 0");

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new RowNormLayer(name, input, this, parameters);
}

/// <summary>
/// Layer norm: y = (x - mean) / sqrt(variance + epsilon) * weight + bias over each row, the features of a step or all values of an image or
/// vector. RMS norm: y = x / sqrt(mean square + epsilon) * weight.
/// </summary>
/// <remarks>Source: Ba et al. 2016; Zhang and Sennrich 2019.</remarks>
sealed class RowNormLayer : Layer
{
    readonly RowNormSpec _spec;
    readonly ParameterSlice _weight;
    readonly ParameterSlice? _bias;

    internal RowNormLayer(string name, Shape shape, RowNormSpec spec, ParameterSet parameters)
        : base(name, shape, shape)
    {
        _spec = spec;
        Width = shape.Rank == 2 ? shape.Width : shape.Length;
        ReadOnlySpan<int> sizes = shape.Rank < 3 ? [Width] : shape.IsPlanar
            ? [shape.Channels, shape.Height, shape.Width]
            : [shape.Height, shape.Width, shape.Channels];
        _weight = parameters.AddVector(name + ".weight", sizes);
        _bias = spec.IsCentred ? parameters.AddVector(name + ".bias", sizes) : null;
        Slices = _bias is null ? [_weight] : [_weight, _bias];
    }

    // Values of one row.
    int Width { get; }

    public override long MultiplyAdds => InputLength;

    public override string Describe() => _spec.ToString();

    public override bool GradientReadsOutput => false;

    internal override LayerNeeds Needs(int batch, PassKind pass = default)
        => base.Needs(batch, pass) with
        {
            Sums = pass.IsPart ? 2L * Width : 0,
            ForwardScratch = pass.IsProbed ? 2L * Width : 0,
            ParameterScratch = pass.IsPart ? 0 : 2L * Width,
        };

    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        parameters[_weight].Fill(1);
        if (_bias is not null) parameters[_bias].Clear();
    }

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        var weight = parameters.Read(_weight, mode.Probe, 0, Width, scratch);
        var bias = _bias is null ? default : parameters.Read(_bias, mode.Probe, 0, Width, mode.Probe.IsNone ? default : scratch[Width..]);
        Kernels.NormRows(_spec.IsCentred, _spec.Epsilon, x, weight, bias, y);
    }

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        scratch[..(2 * Width)].Clear();
        AddGradient(trace with { Sums = scratch[..(2 * Width)] }, dz, default);
        HandOver(scratch[..(2 * Width)], default, sink);
    }

    public override bool TakesParts(int rows) => true;

    internal override void AddGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
        => Kernels.NormRowsGradient(_spec.IsCentred, _spec.Epsilon, trace.Input, trace.Parameters[_weight], dz, default,
            trace.Sums[..Width], trace.Sums[Width..]);

    internal override void HandOver(ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
        sink.Accept(_weight, 0, sums[..Width]);
        if (_bias is not null) sink.Accept(_bias, 0, sums[Width..]);
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        dx.Clear();
        Kernels.NormRowsGradient(_spec.IsCentred, _spec.Epsilon, trace.Input, trace.Parameters[_weight], dz, dx, default, default);
    }
}
