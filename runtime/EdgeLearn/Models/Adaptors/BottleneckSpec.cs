using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="BottleneckLayer"/>.</summary>
/// <param name="Inner">the layer</param>
/// <param name="Units">of the bottleneck</param>
sealed record BottleneckSpec(LayerSpec Inner, int Units) : AdaptedSpec(Inner)
{
    internal static readonly LayerKind Kind = new("bottleneck", "bottleneck8(128:relu)",
        text => text.Word != "bottleneck" || text.Body is null || text.Places is not null
        ? null
        : new BottleneckSpec(ReadBody(text), Size(text)), json => new BottleneckSpec(ReadBody(json), Size(json, "units")));

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("units", Units);
        LayerJson.WriteAll(json, "body", [Inner]);
    }

    private protected override string Head => string.Create(CultureInfo.InvariantCulture, $"bottleneck{Units}");

    /// <summary>The layer with its bottleneck: something stands between the sums, so that they cannot become one.</summary>
    public override LayerSpec Merged => this;

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
    {
        var inner = Inner.Build(name, input, parameters);
        return AsFloats(parameters,
            () => new BottleneckLayer(inner,
            new ResidualLayer(name + ".adaptor", inner.OutputShape, new ResidualSpec(BodyOf(inner.OutputShape), []), parameters), this));
    }

    // The same two sums at each position, over the channels of an image, the features of a step or all values of a vector.
    LayerSpec[] BodyOf(Shape shape) => shape.Rank switch
    {
        3 => [new Conv2dSpec(1, 1, Units, Activation.Tanh), new Conv2dSpec(1, 1, shape.Channels, Activation.Identity)],
        2 => [new StepwiseDenseSpec(Units, Activation.Tanh), new StepwiseDenseSpec(shape.Width, Activation.Identity)],
        _ => [new DenseSpec(Units, Activation.Tanh), new DenseSpec(shape.Length, Activation.Identity)],
    };
}

/// <summary>
/// y = h + up(tanh(down(h))), h = inner(x): a residual adaptor behind a layer, the same two sums at each position of an image or sequence.
/// Tensors: <c>adaptor.body.0.weight</c> [units x channels],
/// <c>adaptor.body.1.weight</c> and their biases; the second begins at zero, so that nothing changes before the first step.
/// </summary>
/// <remarks>Source: Rebuffi et al. 2017 (residual adapters), Houlsby et al. 2019. Differs: tanh, under which no unit dies.</remarks>
sealed class BottleneckLayer : AdaptedLayer
{
    readonly BottleneckSpec _spec;
    readonly LayerStack _stack;
    readonly ResidualLayer _adaptor;

    internal BottleneckLayer(Layer inner, ResidualLayer adaptor, BottleneckSpec spec)
        : base(inner, Activation.Identity)
    {
        _spec = spec;
        _adaptor = adaptor;
        _stack = new LayerStack(inner, adaptor);
        Slices = [.. inner.Slices, .. adaptor.Slices];
    }

    public override string Describe() => _spec.ToShorthand(Activation.Identity);

    public override long MultiplyAdds => _stack.MultiplyAdds;

    public override bool GradientReadsInput => _stack.GradientReadsInput;

    public override bool GradientReadsOutput => false;

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => _stack.Needs(batch, pass);

    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        _stack.Initialise(parameters, seed);
        parameters[_adaptor.Slices[^2]].Clear();
        parameters[_adaptor.Slices[^1]].Clear();
    }

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
        => _stack.Forward(batch, parameters, mode, x, saved, scratch).CopyTo(y);

    internal override void InnerGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
        => _stack.InnerGradient(trace, dy, dz, scratch);

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
        => _stack.ParameterGradient(trace, dz, scratch, sink);

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => _stack.InputGradient(trace, dz, dx, scratch);
}
