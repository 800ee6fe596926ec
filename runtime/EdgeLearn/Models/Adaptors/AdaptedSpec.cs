using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A layer with an adaptor, a small piece that learns where the layer itself is frozen: <c>lora4(128:tanh)</c>, <c>scale(conv3x3x8)</c>,
/// <c>bottleneck8(128)</c>. The layer keeps the names of its tensors, the adaptor's are <c>name.adaptor.*</c>, so that a network with
/// adaptors takes the weights of its base by name.
/// </summary>
/// <param name="Inner">the layer</param>
public abstract record AdaptedSpec(LayerSpec Inner) : LayerSpec
{
    /// <inheritdoc/>
    public sealed override LayerRole Role => Inner.Role;

    /// <summary>First word of the shorthand, with the size behind it.</summary>
    private protected abstract string Head { get; }

    /// <inheritdoc/>
    public sealed override string ToShorthand(Activation unsaid) => $"{Head}({Inner.ToShorthand(Activation.Identity)})";

    /// <summary>The shape of what the layer makes, which an adaptor never changes.</summary>
    public override Shape OutputShape(Shape input, string name) => Inner.OutputShape(input, name);

    /// <summary>
    /// The layer that does the same without an adaptor, once its weights have taken the adaptor's up; the layer with its adaptor where that
    /// cannot be.
    /// </summary>
    public abstract LayerSpec Merged { get; }

    /// <summary>A layer with the adaptor of a key; null when it is none that can have it, or has one already.</summary>
    internal static AdaptedSpec? Around(LayerSpec layer, TrainablePart part) => part.Kind switch
    {
        TrainableKind.LowRank => LowRankSpec.Check(new LowRankSpec(layer, part.Rank, part.Alpha)),
        _ when layer is not IWeightedSpec => null,
        TrainableKind.ScaleShift => layer is LocallyConnectedSpec ? null : new ScaleShiftSpec(layer),
        TrainableKind.Bottleneck => new BottleneckSpec(layer, part.Rank),
        _ => null,
    };

    /// <summary>The one layer in the parentheses of a shorthand.</summary>
    private protected static LayerSpec ReadBody(LayerText text)
        => text.ParseLayers(text.Body ?? "") is [IWeightedSpec body]
            ? (LayerSpec)body
            : throw text.Wrong("one dense or convolution layer in the parentheses");

    private protected static LayerSpec ReadBody(LayerJson json)
        => json.Layers("body") is [IWeightedSpec body]
            ? (LayerSpec)body
            : throw new EdgeLearnException($"{json.FileName}: an adaptor with a body that is not one dense or convolution layer");

    private protected static int Size(LayerText text)
        => LayerText.TryParse(text.Sizes, out int size) ? size : throw text.Wrong($"a number of 1 or more behind {text.Word}");

    private protected static int Size(LayerJson json, string property)
    {
        int size = json.Integer(property);
        return size >= 1 ? size : throw new EdgeLearnException($"{json.FileName}: an adaptor with {property} {size}, expected 1 or more");
    }

    /// <summary>Builds the adaptor's own tensors as floats, whatever the layer's are.</summary>
    private protected static T AsFloats<T>(ParameterSet parameters, Func<T> build)
    {
        parameters.AppendsFloats = true;
        try
        {
            return build();
        }
        finally
        {
            parameters.AppendsFloats = false;
        }
    }
}

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
