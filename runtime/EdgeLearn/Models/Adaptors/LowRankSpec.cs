using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="LowRankLayer"/> around a weighted sum, a <see cref="LowRankMatricesLayer"/> around a layer with more inside it.
/// </summary>
/// <param name="Inner">the layer</param>
/// <param name="Rank">r</param>
/// <param name="Alpha">the pair counts alpha / r times</param>
public sealed record LowRankSpec(LayerSpec Inner, int Rank, float Alpha) : AdaptedSpec(Inner)
{
    internal static readonly LayerKind Kind = new("lora", "lora4(128:relu)", Parse, Read);

    static LowRankSpec? Parse(LayerText text)
    {
        if (text.Word != "lora" || text.Body is null || text.Places is not null) return null;
        int rank = Size(text);
        return OneOf(text.ParseLayers(text.Body), rank, text.Take("alpha", rank)) ?? throw text.Wrong($"{Expected} in the parentheses");
    }

    static LowRankSpec Read(LayerJson json)
    {
        int rank = Size(json, "rank");
        return OneOf(json.Layers("body"), rank, json.Number("alpha", rank))
            ?? throw new EdgeLearnException($"{json.FileName}: lora around layers that can have none, expected {Expected}");
    }

    const string Expected = "one dense layer, convolution without groups, recurrent layer, attn or mlp";

    static LowRankSpec? OneOf(IReadOnlyList<LayerSpec> body, int rank, float alpha)
        => body is [var layer] ? Check(new LowRankSpec(layer, rank, alpha)) : null;

    // Layers that read their matrices through ParameterSet.Read alone and give the gradients of whole rows.
    bool IsOfMatrices => Inner is RecurrentSpec or AttentionSpec or MlpSpec;

    /// <summary>The same where there can be such a layer, else null.</summary>
    internal static LowRankSpec? Check(LowRankSpec spec)
        => spec.IsOfMatrices || (spec.Inner as IWeightedSpec)?.OfRank(spec.Rank) is not null ? spec : null;

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("rank", Rank);
        if (Alpha != Rank) json.WriteNumber("alpha", Alpha);
        LayerJson.WriteAll(json, "body", [Inner]);
    }

    private protected override string Head => string.Create(CultureInfo.InvariantCulture, $"lora{Rank}");

    /// <inheritdoc/>
    public override LayerSpec Merged => Inner;

    /// <inheritdoc/>
    public override Layer Build(string name, Shape input, ParameterSet parameters)
    {
        if (IsOfMatrices)
        {
            var layer = Inner.Build(name, input, parameters);
            return AsFloats(parameters, () => new LowRankMatricesLayer(layer, this, parameters));
        }

        var weighted = (IWeightedSpec)Inner;
        var inner = weighted.Plain().Build(name, input, parameters);
        return AsFloats(parameters,
            () => new LowRankLayer(inner, weighted.OfRank(Rank)!.Build(name + ".adaptor.down", input, parameters), weighted.Activation,
            this, parameters));
    }
}
