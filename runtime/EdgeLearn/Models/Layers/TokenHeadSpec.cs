using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="TokenHeadLayer"/>, the last layer of a network with a label for each step: <c>tokens8192</c>; <c>tokens8192:tied</c> has
/// the weights of the embedding that the network begins with.
/// </summary>
/// <param name="Words">the vocabulary</param>
/// <param name="IsTied">whether the weights are the embedding's</param>
public sealed record TokenHeadSpec(int Words, bool IsTied) : LayerSpec
{
    internal static readonly LayerKind Kind = new("tokens", "tokens8192",
        text => text.Is("tokens", 1, out int[] sizes) ? new TokenHeadSpec(sizes[0], text.Take("tied")) : null,
        json => new TokenHeadSpec(json.Integer("words"), json.Flag("tied")));

    /// <summary>Whether each word has a bias, as in a local head; no network can say so.</summary>
    internal bool HasBias { get; init; }

    internal override LayerRole Role => LayerRole.Learner;

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("words", Words);
        if (IsTied) json.WriteBoolean("tied", true);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
        => string.Create(CultureInfo.InvariantCulture, $"tokens{Words}{(IsTied ? ":tied" : "")}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        input.ExpectSequence(name);
        DenseSpec.CheckUnits(Words, name);
        return Shape.Sequence(input.Height, Words);
    }

    /// <summary>Refuses tied weights without an embedding of their shape.</summary>
    internal void CheckPlace(IReadOnlyList<LayerSpec> layers, int place, Shape input)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"layer {place + 1} ({ToShorthand(Activation.Identity)})");
        if (place < layers.Count - 1)
        {
            throw new EdgeLearnException($"{name} has {layers.Count - 1 - place} layers behind it, but it is a head: put it last, or use "
                + $"stepwise{Words} there");
        }
        if (IsTied && (layers[0] is not EmbeddingSpec embedding || embedding.Words != Words || embedding.Width != input.Width))
        {
            throw new EdgeLearnException($"{name} shares the weights of an embedding of {Words} words and {input.Width} values, but the "
                + $"network begins with {layers[0].ToShorthand(Activation.Identity)}: begin it with embed{Words}x{input.Width}, or write "
                + $"tokens{Words}");
        }
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new TokenHeadLayer(name, input, this, parameters);
}
