namespace EdgeLearn;

/// <summary>
/// Stateless maths of one stage, activation included. Four verbs: a forward-only rule needs the first three, a losses-only rule the first alone.
/// Buffers belong to the caller: <c>saved</c> carries from Forward to the gradients, <c>scratch</c> is free between calls.
/// </summary>
public abstract class Layer
{
    /// <summary>Name of the layer, the first part of its tensors' names.</summary>
    public abstract string Name { get; }

    /// <summary>Values of one sample coming in.</summary>
    public abstract int InputLength { get; }

    /// <summary>Values of one sample going out.</summary>
    public abstract int OutputLength { get; }

    /// <summary>The layer in the shorthand's words.</summary>
    public abstract string Describe();

    /// <summary>Its tensors, in the network's set.</summary>
    public abstract IReadOnlyList<ParameterSlice> Slices { get; }

    /// <summary>Integer tensors that belong to the structure (where units look), by their last name; empty for most layers.</summary>
    public virtual IReadOnlyList<IntegerTensor> Integers => [];

    /// <summary>Takes over the integer tensors of the same layer of another network.</summary>
    /// <exception cref="EdgeLearnException">A value is out of range.</exception>
    public virtual void TakeIntegers(Layer other)
    {
        for (int i = 0; i < Integers.Count; i++) other.Integers[i].Values.CopyTo(Integers[i].Values, 0);
    }

    /// <summary>Multiply-adds of one sample's forward pass.</summary>
    public abstract long MultiplyAdds { get; }

    /// <summary>The activation whose derivative is all that <see cref="LocalGradient"/> applies, so that it may be fused with what comes before; null when there is more to it.</summary>
    public virtual Activation? OutputActivation => null;

    /// <summary>Floats that Forward leaves for the gradients.</summary>
    public virtual long SavedLength(int batch) => 0;

    /// <summary>Floats of scratch for Forward.</summary>
    /// <param name="batch">rows</param>
    /// <param name="probed">whether weights are read through a probe</param>
    public abstract long ForwardScratchLength(int batch, bool probed);

    /// <summary>Floats of scratch for ParameterGradient.</summary>
    public abstract long GradientScratchLength(int batch);

    /// <summary>Floats of scratch for InputGradient.</summary>
    public virtual long InputGradientScratchLength(int batch) => 0;

    /// <summary>Fills the layer's tensors with its starting weights, drawn from the seed and the tensors' names.</summary>
    public abstract void Initialise(ParameterSet parameters, ulong seed);

    /// <summary>y = layer(x).</summary>
    /// <param name="batch">rows</param>
    /// <param name="parameters">the network's weights</param>
    /// <param name="probe">how they are read</param>
    /// <param name="x">[batch x input length]</param>
    /// <param name="y">[batch x output length], written</param>
    /// <param name="saved">[<see cref="SavedLength"/>], written</param>
    /// <param name="scratch">[<see cref="ForwardScratchLength"/>]</param>
    public abstract void Forward(int batch, ParameterSet parameters, in Probe probe, ReadOnlySpan<float> x, Span<float> y, Span<float> saved, Span<float> scratch);

    /// <summary>Whether <see cref="ForwardPair"/> reads the weights once for both signs, which is what a second set of activations is paid for.</summary>
    public virtual bool SharesPairRead => false;

    /// <summary>Floats of scratch that <see cref="ForwardPair"/> needs beside those of Forward.</summary>
    /// <param name="batch">rows</param>
    /// <param name="sharesInput">whether both signs have the same input, as in a first layer</param>
    public virtual long PairScratchLength(int batch, bool sharesInput) => 0;

    /// <summary>
    /// Both signs of a probe: yPlus = layer(xPlus) with the weights w + scale z, yMinus = layer(xMinus) with w - scale z, to the bit as two calls of Forward. A layer that can reads its weights
    /// once for both.
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="parameters">the network's weights</param>
    /// <param name="plus">the probe of the positive sign</param>
    /// <param name="xPlus">[batch x input length]</param>
    /// <param name="xMinus">[batch x input length], may be the same span</param>
    /// <param name="yPlus">[batch x output length], written</param>
    /// <param name="yMinus">[batch x output length], written</param>
    /// <param name="saved">[<see cref="SavedLength"/>], overwritten: no gradient follows a probe</param>
    /// <param name="scratch">[<see cref="ForwardScratchLength"/>]</param>
    /// <param name="pairScratch">[<see cref="PairScratchLength"/>]</param>
    public virtual void ForwardPair(int batch, ParameterSet parameters, in Probe plus, ReadOnlySpan<float> xPlus, ReadOnlySpan<float> xMinus, Span<float> yPlus, Span<float> yMinus, Span<float> saved, Span<float> scratch, Span<float> pairScratch)
    {
        Forward(batch, parameters, plus, xPlus, yPlus, saved, scratch);
        Forward(batch, parameters, plus.Opposite(), xMinus, yMinus, saved, scratch);
    }

    /// <summary>dy becomes dz: all that happens inside the layer (the activation's derivative).</summary>
    /// <param name="batch">rows</param>
    /// <param name="y">[batch x output length] of Forward</param>
    /// <param name="dy">[batch x output length]: gradient by y in, gradient by z out</param>
    public abstract void LocalGradient(int batch, ReadOnlySpan<float> y, Span<float> dy);

    /// <summary>Hands the gradient of each tensor to the sink, panel by panel.</summary>
    /// <param name="batch">rows</param>
    /// <param name="x">[batch x input length] of Forward</param>
    /// <param name="dz">[batch x output length] of LocalGradient</param>
    /// <param name="saved">what Forward left</param>
    /// <param name="scratch">[<see cref="GradientScratchLength"/>]</param>
    /// <param name="sink">takes the panels</param>
    public abstract void ParameterGradient(int batch, ReadOnlySpan<float> x, ReadOnlySpan<float> dz, ReadOnlySpan<float> saved, Span<float> scratch, GradientSink sink);

    /// <summary>dx = gradient by the layer's input, with the weights as they are now.</summary>
    /// <param name="batch">rows</param>
    /// <param name="parameters">the network's weights</param>
    /// <param name="dz">[batch x output length] of LocalGradient</param>
    /// <param name="dx">[batch x input length], written</param>
    /// <param name="scratch">[<see cref="InputGradientScratchLength"/>]</param>
    public abstract void InputGradient(int batch, ParameterSet parameters, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch);
}

/// <summary>
/// A tensor of integers that is part of a layer's structure and of the model file. Like the weights it is described first and allocated at its first use, so that a network
/// can be planned, or refused, before it takes memory.
/// </summary>
/// <param name="name">full name, such as <c>layers.0.window</c></param>
/// <param name="shape">logical shape</param>
public sealed class IntegerTensor(string name, int[] shape)
{
    int[]? _values;

    /// <summary>Full name, such as <c>layers.0.window</c>.</summary>
    public string Name => name;

    /// <summary>Logical shape.</summary>
    public ReadOnlySpan<int> Shape => shape;

    /// <summary>Integers in the tensor.</summary>
    public long Length => shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Row-major; owned by the layer, zero until it is filled.</summary>
    public int[] Values => _values ??= new int[Length];
}
