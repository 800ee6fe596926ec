using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="BottleneckLayer"/>.</summary>
/// <param name="Inner">the layer</param>
/// <param name="Units">of the bottleneck</param>
public sealed record BottleneckSpec(LayerSpec Inner, int Units) : AdaptedSpec(Inner)
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

    /// <inheritdoc/>
    public override Layer Build(string name, Shape input, ParameterSet parameters)
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
