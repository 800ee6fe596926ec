using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A layer with an adaptor, a small piece that learns where the layer itself is frozen: <c>lora4(128:tanh)</c>, <c>scale(conv3x3x8)</c>,
/// <c>bottleneck8(128)</c>. The layer keeps the names of its tensors, the adaptor's are <c>name.adaptor.*</c>, so that a network with
/// adaptors takes the weights of its base by name.
/// </summary>
/// <param name="Inner">the layer</param>
abstract record AdaptedSpec(LayerSpec Inner) : LayerSpec
{
    internal sealed override LayerRole Role => Inner.Role;

    /// <summary>First word of the shorthand, with the size behind it.</summary>
    private protected abstract string Head { get; }

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
/// A layer with an adaptor. To rules and units it is one layer; the inner layer's verbs are used as they are, with nothing behind its sum
/// where the adaptor comes before the activation.
/// </summary>
abstract class AdaptedLayer : Layer
{
    private protected AdaptedLayer(Layer inner, Activation activation)
        : base(inner.Name, inner.InputShape, inner.OutputShape)
        => (Inner, Activation, Integers) = (inner, activation, inner.Integers);

    /// <summary>The layer without the adaptor.</summary>
    public Layer Inner { get; }

    /// <summary>What follows the sum and the adaptor.</summary>
    private protected Activation Activation { get; }

    public sealed override void UseIntegers() => Inner.UseIntegers();

    /// <summary>Units of a vector, features of a step, channels of an image.</summary>
    private protected int Channels => OutputShape.Rank == 3 ? OutputShape.Channels : OutputShape.Width;

    /// <summary>Values of one channel in a sample.</summary>
    private protected int Positions => OutputLength / Channels;

    /// <summary>Whether the values of one channel are neighbours; else those of one position are.</summary>
    private protected bool IsPlanar => OutputShape.IsPlanar;

    /// <summary>Takes the adaptor up into the weights of the inner layer in a network without it.</summary>
    /// <param name="parameters">of the network with adaptors</param>
    /// <param name="merged">of the other; has the inner layer's weights already, changed in place</param>
    internal virtual void Merge(ParameterSet parameters, ParameterSet merged)
    {
        var weight = merged.Find(Name + ".weight")!;
        var bias = merged.Find(Name + ".bias");
        bool hadBias = parameters.Find(Name + ".bias") is not null;
        float[] row = new float[weight.RowLength];
        for (int r = 0; r < weight.Shape[0]; r++)
        {
            merged.Decode(weight, r * row.Length, row);
            float offset = bias is not null && hadBias ? merged[bias][r] : 0;
            MergeRow(parameters, r, row, ref offset);
            merged.EncodeRow(weight, r * row.Length, row);
            if (bias is not null) merged[bias][r] = offset;
        }
    }

    /// <summary>Takes the adaptor up into the weights of one output.</summary>
    /// <param name="parameters">of the network with adaptors</param>
    /// <param name="row">which output</param>
    /// <param name="weights">its weights, changed in place</param>
    /// <param name="bias">its bias, 0 where there is none</param>
    private protected virtual void MergeRow(ParameterSet parameters, int row, Span<float> weights, ref float bias)
    {
    }
}
