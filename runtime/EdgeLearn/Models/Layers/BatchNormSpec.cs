using System.Numerics.Tensors;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="BatchNormLayer"/>: <c>batchnorm</c>, or <c>batchnorm:frozen</c>, which takes its running statistics in training too: what
/// small batches on a device, or a single sample, need.
/// </summary>
/// <param name="IsFrozen">whether training leaves the statistics as they are</param>
public sealed record BatchNormSpec(bool IsFrozen) : LayerSpec
{
    internal static readonly LayerKind Kind = new("batchnorm", "batchnorm",
        text => text.Is("batchnorm", 0, out _) ? new BatchNormSpec(text.Take("frozen")) : null, Read);

    /// <summary>Added to the variance.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>Weight of a batch in the running statistics.</summary>
    public float Momentum { get; init; } = 0.1f;

    internal override LayerRole Role => LayerRole.Norm;

    static BatchNormSpec Read(LayerJson json)
    {
        var spec = new BatchNormSpec(json.Flag("frozen"));
        return spec with { Epsilon = json.Number("epsilon", spec.Epsilon), Momentum = json.Number("momentum", spec.Momentum) };
    }

    internal override void Write(Utf8JsonWriter json)
    {
        var unsaid = new BatchNormSpec(IsFrozen);
        json.WriteString("kind", Kind.Word);
        if (IsFrozen) json.WriteBoolean("frozen", true);
        if (Epsilon != unsaid.Epsilon) json.WriteNumber("epsilon", Epsilon);
        if (Momentum != unsaid.Momentum) json.WriteNumber("momentum", Momentum);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid) => IsFrozen ? "batchnorm:frozen" : "batchnorm";

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        if (!(Epsilon > 0) || !(Momentum >= 0) || Momentum > 1)
        {
            throw new EdgeLearnException($"{name} has epsilon {Epsilon} and momentum {Momentum}, expected a number above 0 and one from 0 "
                + $"to 1");
        }
        return input;
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new BatchNormLayer(name, input, this, parameters);
}
