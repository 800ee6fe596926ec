using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="ScaleShiftLayer"/>.</summary>
/// <param name="Inner">the layer</param>
public sealed record ScaleShiftSpec(LayerSpec Inner) : AdaptedSpec(Inner)
{
    internal static readonly LayerKind Kind = new("scale", "scale(128:relu)",
        text => text.Word != "scale" || text.Body is null || text.Sizes.Length > 0 || text.Places is not null
        ? null
        : new ScaleShiftSpec(ReadBody(text)), json => new ScaleShiftSpec(ReadBody(json)));

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        LayerJson.WriteAll(json, "body", [Inner]);
    }

    private protected override string Head => "scale";

    /// <summary>The layer, with a bias that takes the shift up.</summary>
    public override LayerSpec Merged => ((IWeightedSpec)Inner).WithBias();

    /// <inheritdoc/>
    public override Layer Build(string name, Shape input, ParameterSet parameters)
    {
        var weighted = (IWeightedSpec)Inner;
        return new ScaleShiftLayer(weighted.Plain().Build(name, input, parameters), weighted.Activation, this, parameters);
    }
}
