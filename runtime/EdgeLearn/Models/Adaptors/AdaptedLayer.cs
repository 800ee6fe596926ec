namespace EdgeLearn;

/// <summary>
/// A layer with an adaptor. To rules and units it is one layer; the inner layer's verbs are used as they are, with nothing behind its sum
/// where the adaptor comes before the activation.
/// </summary>
/// <param name="inner">the layer, under the name that it would have alone</param>
/// <param name="activation">what follows the sum and the adaptor</param>
abstract class AdaptedLayer(Layer inner, Activation activation) : Layer(inner.Name, inner.InputShape, inner.OutputShape)
{
    /// <summary>The layer without the adaptor.</summary>
    public Layer Inner => inner;

    /// <summary>What follows.</summary>
    private protected Activation Activation => activation;

    /// <inheritdoc/>
    public sealed override IReadOnlyList<IntegerTensor> Integers => inner.Integers;

    /// <inheritdoc/>
    public sealed override void UseIntegers() => inner.UseIntegers();

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
        var row = new float[weight.RowLength];
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
