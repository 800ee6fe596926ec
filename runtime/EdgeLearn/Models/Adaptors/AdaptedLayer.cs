namespace EdgeLearn;

/// <summary>
/// A layer with an adaptor. To rules and units it is one layer; the inner layer's verbs are used as they are, with nothing behind its sum where the adaptor comes before the activation.
/// </summary>
/// <param name="inner">the layer, under the name that it would have alone</param>
/// <param name="activation">what follows the sum and the adaptor</param>
public abstract class AdaptedLayer(Layer inner, Activation activation) : Layer(inner.Name, inner.InputShape, inner.OutputShape)
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

    /// <summary>Takes the adaptor up into the inner layer's weights, one output at a time.</summary>
    /// <param name="parameters">of the network with adaptors</param>
    /// <param name="row">which output</param>
    /// <param name="weights">its weights, changed in place</param>
    /// <param name="bias">its bias, 0 where there is none</param>
    internal virtual void MergeRow(ParameterSet parameters, int row, Span<float> weights, ref float bias)
    {
    }
}
