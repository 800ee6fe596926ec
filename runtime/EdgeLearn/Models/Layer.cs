namespace EdgeLearn;

/// <summary>
/// Stateless maths of one stage. Four verbs: a forward-only rule needs the first three, a losses-only rule the first alone. Buffers belong
/// to the caller and are as long as the layer says:
/// <c>saved</c> carries from Forward to the gradients, <c>dz</c> from InnerGradient to the two that follow it, <c>scratch</c> is free
/// between calls.
/// <code>
/// Forward(x -> y, saved)
/// InnerGradient(dy -> dz)          everything that happens inside the layer: activation, time, an inner backward pass
/// ParameterGradient(dz -> sink)    reads x, never the gradient of another layer
/// InputGradient(dz -> dx)          reads the weights, so it comes before the update
/// </code>
/// A batch may also go through a part at a time: AddGradient takes the place of ParameterGradient for each part, and HandOver gives the
/// sums to the sink after the last, to the same bits.
/// </summary>
/// <param name="name">first part of the tensors' names</param>
/// <param name="input">shape of one sample coming in</param>
/// <param name="output">shape of one sample going out</param>
abstract class Layer(string name, Shape input, Shape output)
{
    /// <summary>Name of the layer, the first part of its tensors' names.</summary>
    public string Name { get; } = name;

    /// <summary>Shape of one sample coming in.</summary>
    public Shape InputShape { get; } = input;

    /// <summary>Shape of one sample going out.</summary>
    public Shape OutputShape { get; } = output;

    /// <summary>Values of one sample coming in.</summary>
    public int InputLength { get; } = input.Length;

    /// <summary>Values of one sample going out.</summary>
    public int OutputLength { get; } = output.Length;

    /// <summary>The layer in words.</summary>
    public abstract string Describe();

    /// <summary>Its tensors, in the network's set; empty for many layers.</summary>
    public IReadOnlyList<ParameterSlice> Slices { get; private protected init; } = [];

    /// <summary>Whether training may change one of its tensors.</summary>
    public bool IsTrainable
    {
        get
        {
            for (int i = 0; i < Slices.Count; i++) // an enumerator would be allocated
            {
                if (Slices[i].Trainable) return true;
            }

            return false;
        }
    }

    /// <summary>Integer tensors that belong to the structure (where units look), by their last name; empty for most layers.</summary>
    public IReadOnlyList<IntegerTensor> Integers { get; private protected init; } = [];

    /// <summary>Takes over the integer tensors of the same layer of another network.</summary>
    /// <exception cref="EdgeLearnException">A value is out of range.</exception>
    public void TakeIntegers(Layer other)
    {
        for (int i = 0; i < Integers.Count; i++) other.Integers[i].Values.CopyTo(Integers[i].Values, 0);
        UseIntegers();
    }

    /// <summary>Called when the integer tensors have been filled.</summary>
    /// <exception cref="EdgeLearnException">A value is out of range.</exception>
    public virtual void UseIntegers()
    {
    }

    /// <summary>Multiply-adds of one sample's forward pass.</summary>
    public virtual long MultiplyAdds => 0;

    /// <summary>Multiply-adds of one sample in <see cref="InnerGradient"/>: signals that go back inside the layer.</summary>
    public virtual long InnerGradientMultiplyAdds => 0;

    /// <summary>
    /// The activation whose derivative is all that <see cref="InnerGradient"/> applies, so that it may be fused with what comes before;
    /// null when there is more to it.
    /// </summary>
    public virtual Activation? OutputActivation => null;

    /// <summary>Floats of the buffers that the verbs need; by default dz is as long as the outputs, and there is nothing else.</summary>
    /// <param name="batch">rows</param>
    /// <param name="pass">what will be asked for</param>
    internal virtual LayerNeeds Needs(int batch, PassKind pass = default) => new()
    {
        InnerGradient = (long)batch * OutputLength,
        IsInPlace = true,
    };

    /// <summary>Floats that a forward pass of so many rows leaves for the gradients.</summary>
    public long SavedLength(int batch) => Needs(batch).Saved;

    /// <summary>Whether one of the gradients reads the input, so that it has to be kept.</summary>
    public virtual bool GradientReadsInput => true;

    /// <summary>Whether one of the gradients reads the output, so that it has to be kept.</summary>
    public virtual bool GradientReadsOutput => true;

    /// <summary>
    /// Whether a compact pass (<see cref="PassKind.IsCompact"/>) saves all that the gradients need to know of input and output: a bit for a
    /// sign, the place of a maximum. Forward does so where <c>saved</c> is not empty.
    /// </summary>
    public virtual bool LeavesMarks => false;

    /// <summary>Whether y may lie where x lies.</summary>
    public virtual bool OverwritesInput => false;

    /// <summary>Whether a training pass draws random numbers under the layer's name, so that no other layer computes the same.</summary>
    public virtual bool DrawsNoise => false;

    /// <summary>Whether one of the gradients of a pass reads the input.</summary>
    public bool ReadsInput(bool isCompact) => GradientReadsInput && !(isCompact && LeavesMarks);

    /// <summary>Whether one of the gradients of a pass reads the output.</summary>
    public bool ReadsOutput(bool isCompact) => GradientReadsOutput && !(isCompact && LeavesMarks);

    /// <summary>Fills the layer's tensors with its starting weights, drawn from the seed and the tensors' names.</summary>
    public virtual void Initialise(ParameterSet parameters, ulong seed)
    {
    }

    /// <summary>y = layer(x).</summary>
    /// <param name="batch">rows</param>
    /// <param name="parameters">the network's weights; a norm in training writes its running statistics there</param>
    /// <param name="mode">how weights are read, and whether random layers draw</param>
    /// <param name="x">[batch x input length]; empty where <see cref="SaveInput"/> has taken all rows</param>
    /// <param name="y">[batch x output length], written</param>
    /// <param name="saved">[<see cref="LayerNeeds.Saved"/>], written; empty when no gradient will be asked for</param>
    /// <param name="scratch">[<see cref="LayerNeeds.ForwardScratch"/>]</param>
    internal abstract void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch);

    /// <summary>
    /// Whether what it saves is its input in another order, so that <see cref="SaveInput"/> may take that some rows at a time before a
    /// forward pass of all.
    /// </summary>
    public virtual bool SavesInput => false;

    /// <summary>Takes some rows of the input of the next forward pass, which then is called with no input.</summary>
    /// <param name="first">of these rows in the batch</param>
    /// <param name="count">of these rows</param>
    /// <param name="batch">rows of the forward pass</param>
    /// <param name="x">[count x input length]</param>
    /// <param name="saved">[<see cref="LayerNeeds.Saved"/>] of the whole batch; what belongs to these rows is written</param>
    internal virtual void SaveInput(int first, int count, int batch, ReadOnlySpan<float> x, Span<float> saved)
        => throw new InvalidOperationException($"{Name} does not save its input");

    /// <summary>
    /// Whether <see cref="ForwardPair"/> reads the weights once for both signs, which is what a second set of activations is paid for; or
    /// has none to read.
    /// </summary>
    public virtual bool SharesPairRead => Slices.Count == 0;

    /// <summary>
    /// Both signs of a probe: yPlus = layer(xPlus) with the weights w + scale z, yMinus = layer(xMinus) with w - scale z, to the bit as two
    /// calls of Forward. A layer that can reads its weights once for both.
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="parameters">the network's weights</param>
    /// <param name="plus">the probe of the positive sign</param>
    /// <param name="xPlus">[batch x input length]</param>
    /// <param name="xMinus">[batch x input length], may be the same span</param>
    /// <param name="yPlus">[batch x output length], written</param>
    /// <param name="yMinus">[batch x output length], written</param>
    /// <param name="scratch">[<see cref="LayerNeeds.ForwardScratch"/>] of a probed pass that saves nothing</param>
    /// <param name="pairScratch">[<see cref="LayerNeeds.PairScratch"/>]</param>
    internal virtual void ForwardPair(int batch, ParameterSet parameters, in Probe plus, ReadOnlySpan<float> xPlus,
        ReadOnlySpan<float> xMinus, Span<float> yPlus, Span<float> yMinus, Span<float> scratch, Span<float> pairScratch)
    {
        Forward(batch, parameters, ForwardMode.Probed(plus), xPlus, yPlus, default, scratch);
        Forward(batch, parameters, ForwardMode.Probed(plus.Opposite()), xMinus, yMinus, default, scratch);
    }

    /// <summary>
    /// dz from dy: all that happens inside the layer (an activation's derivative, the steps of time, the layers of a block). By default dz
    /// is dy.
    /// </summary>
    /// <param name="trace">of Forward</param>
    /// <param name="dy">[batch x output length], the gradient by y; may be overwritten</param>
    /// <param name="dz">[<see cref="LayerNeeds.InnerGradient"/>], written; dy itself where the layer can
    /// (<see cref="LayerNeeds.IsInPlace"/>) and the caller likes</param>
    /// <param name="scratch">[<see cref="LayerNeeds.InnerScratch"/>]</param>
    internal virtual void InnerGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
    {
        if (dy != dz) dy.CopyTo(dz);
    }

    /// <summary>Hands the gradient of each tensor to the sink, panel by panel.</summary>
    /// <param name="trace">of Forward</param>
    /// <param name="dz">[<see cref="LayerNeeds.InnerGradient"/>] of InnerGradient</param>
    /// <param name="scratch">[<see cref="LayerNeeds.ParameterScratch"/>]</param>
    /// <param name="sink">takes the panels</param>
    internal virtual void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
    }

    /// <summary>
    /// Whether the layer takes a batch so many rows at a time. One that compares the samples of a batch does not, and one that adds up some
    /// steps at a time takes whole ones of these.
    /// </summary>
    /// <param name="rows">of a part; the last of a batch may have fewer</param>
    public virtual bool TakesParts(int rows) => Slices.Count == 0;

    /// <summary>
    /// Whether parts give other bits than the whole batch, for its sums run across the samples in another order; neither is nearer to the
    /// sum in exact numbers.
    /// </summary>
    public virtual bool PartsDiffer => false;

    /// <summary>
    /// Whether it takes statistics of the whole batch between its input and its output, behind which parts of the batch can be taken again:
    /// <see cref="TakeStatistics"/>, then twice forward and back for each part, since its input gradient needs sums over all.
    /// </summary>
    public virtual bool TakesStatistics => false;

    /// <summary>Takes the statistics of a whole batch.</summary>
    /// <param name="batch">rows</param>
    /// <param name="parameters">the network's weights; the running statistics follow</param>
    /// <param name="mode">of a training step</param>
    /// <param name="x">[batch x input length]</param>
    /// <param name="saved">[<see cref="LayerNeeds.Saved"/>], written</param>
    /// <param name="scratch">[<see cref="LayerNeeds.ForwardScratch"/>]</param>
    internal virtual void TakeStatistics(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> saved,
        Span<float> scratch)
    {
    }

    /// <summary>Adds the gradients of the tensors, of a part of a batch, to the trace's sums.</summary>
    /// <param name="trace">of Forward</param>
    /// <param name="dz">[<see cref="LayerNeeds.InnerGradient"/>] of InnerGradient</param>
    /// <param name="scratch">[<see cref="LayerNeeds.ParameterScratch"/>]</param>
    internal virtual void AddGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
    {
    }

    /// <summary>Hands the sums over all parts of a batch to the sink.</summary>
    /// <param name="sums">[<see cref="LayerNeeds.Sums"/>]</param>
    /// <param name="scratch">[<see cref="LayerNeeds.ParameterScratch"/>]</param>
    /// <param name="sink">takes them</param>
    internal virtual void HandOver(ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
    }

    /// <summary>
    /// Whether dx, as long as dz, may lie where dz lies. What ParameterGradient then still needs, InputGradient leaves in the scratch
    /// (<see cref="ForwardTrace.OverwritesGradient"/>).
    /// </summary>
    public virtual bool OverwritesGradient => false;

    /// <summary>dx = gradient by the layer's input, with the weights as they are now.</summary>
    /// <param name="trace">of Forward</param>
    /// <param name="dz">[<see cref="LayerNeeds.InnerGradient"/>] of InnerGradient</param>
    /// <param name="dx">[batch x input length], written</param>
    /// <param name="scratch">[<see cref="LayerNeeds.InputScratch"/>]</param>
    internal abstract void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch);

    /// <summary>Cuts the first floats off a buffer.</summary>
    internal static Span<float> Take(scoped ref Span<float> rest, long length)
    {
        var taken = rest[..(int)length];
        rest = rest[(int)length..];
        return taken;
    }
}

/// <summary>A layer whose outputs are an activation of sums, so that its derivative is all that happens inside it.</summary>
/// <param name="name">first part of the tensors' names</param>
/// <param name="input">shape of one sample coming in</param>
/// <param name="output">shape of one sample going out</param>
/// <param name="activation">what follows the sums</param>
abstract class ActivatedLayer(string name, Shape input, Shape output, Activation activation) : Layer(name, input, output)
{
    private protected Activation Activation => activation;

    public sealed override Activation? OutputActivation => activation;

    internal sealed override void InnerGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
    {
        if (dy != dz) dy.CopyTo(dz);
        Kernels.ActivationGradient(activation, trace.Output, dz);
    }
}
