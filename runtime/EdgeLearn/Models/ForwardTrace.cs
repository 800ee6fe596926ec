namespace EdgeLearn;

/// <summary>What one forward pass of a layer left for its gradients. Owns nothing.</summary>
/// <param name="batch">rows</param>
/// <param name="parameters">the network's weights, as they were in the forward pass</param>
/// <param name="mode">how the pass was run</param>
/// <param name="input">see <see cref="Input"/></param>
/// <param name="output">see <see cref="Output"/></param>
/// <param name="saved">see <see cref="Saved"/></param>
/// <param name="wantsInputGradient">see <see cref="WantsInputGradient"/></param>
/// <param name="sharedGradient">see <see cref="SharedGradient"/></param>
readonly ref struct ForwardTrace(int batch, ParameterSet parameters, scoped in ForwardMode mode, ReadOnlySpan<float> input,
    ReadOnlySpan<float> output, ReadOnlySpan<float> saved, bool wantsInputGradient = true, Span<float> sharedGradient = default)
{
    /// <summary>Rows.</summary>
    public int Batch { get; } = batch;

    /// <summary>The network's weights.</summary>
    public ParameterSet Parameters { get; } = parameters;

    /// <summary>How the pass was run.</summary>
    public ForwardMode Mode { get; } = mode;

    /// <summary>
    /// [batch x input length]; holds other values by now when the layer said that it does not read it
    /// (<see cref="Layer.GradientReadsInput"/>).
    /// </summary>
    public ReadOnlySpan<float> Input { get; } = input;

    /// <summary>
    /// [batch x output length]; holds other values by now when the layer said that it does not read it
    /// (<see cref="Layer.GradientReadsOutput"/>).
    /// </summary>
    public ReadOnlySpan<float> Output { get; } = output;

    /// <summary>[<see cref="Layer.SavedLength"/>] of the pass.</summary>
    public ReadOnlySpan<float> Saved { get; } = saved;

    /// <summary>
    /// [of the layer's weights] what a later layer that shares them has to add to their gradient; overwritten. Empty where nobody shares
    /// them.
    /// </summary>
    public Span<float> SharedGradient { get; init; } = sharedGradient;

    /// <summary>
    /// Whether <see cref="Layer.InputGradient"/> will be asked for; false for the first layer that learns, so that a layer need not prepare
    /// it.
    /// </summary>
    public bool WantsInputGradient { get; init; } = wantsInputGradient;
}
