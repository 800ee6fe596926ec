namespace EdgeLearn;

/// <summary>y = activation(x W^T + b), W [outputs x inputs].</summary>
public sealed class DenseLayer : Layer
{
    // Rows of W in a gradient panel: whole tiles of the product kernel, few enough to stay in the first-level cache.
    const int PanelRows = 8;

    readonly ParameterSlice _weight;
    readonly ParameterSlice _bias;
    readonly Activation _activation;

    /// <summary>Describes the layer and its two tensors, <c>name.weight</c> and <c>name.bias</c>.</summary>
    public DenseLayer(string name, int inputLength, int outputLength, Activation activation, ParameterSet parameters)
    {
        Name = name;
        InputLength = inputLength;
        OutputLength = outputLength;
        _activation = activation;
        _weight = parameters.Add(name + ".weight", [outputLength, inputLength], decay: true);
        _bias = parameters.Add(name + ".bias", [outputLength], decay: false);
        Slices = [_weight, _bias];
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override int InputLength { get; }

    /// <inheritdoc/>
    public override int OutputLength { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSlice> Slices { get; }

    /// <inheritdoc/>
    public override long MultiplyAdds => (long)InputLength * OutputLength;

    /// <inheritdoc/>
    public override string Describe() => $"dense {OutputLength} {_activation.Word()}";

    /// <inheritdoc/>
    public override long ForwardScratchLength(int batch, bool probed) => probed ? PanelRows * ((long)InputLength + 1) : 0;

    /// <inheritdoc/>
    public override long GradientScratchLength(int batch) => Math.Max(Math.Min(PanelRows, OutputLength) * (long)InputLength, OutputLength);

    /// <inheritdoc/>
    public override void Initialise(ParameterSet parameters, ulong seed) => Initialisation.Uniform(parameters, seed, _weight, _bias, InputLength, _activation);

    /// <inheritdoc/>
    public override void Forward(int batch, ParameterSet parameters, in Probe probe, ReadOnlySpan<float> x, Span<float> y, Span<float> saved, Span<float> scratch)
    {
        int block = probe.IsNone ? OutputLength : PanelRows;
        for (int r = 0; r < OutputLength; r += block)
        {
            int rows = Math.Min(block, OutputLength - r);
            var w = parameters.Read(_weight, probe, r * InputLength, rows * InputLength, scratch);
            var bias = parameters.Read(_bias, probe, r, rows, probe.IsNone ? default : scratch[(PanelRows * InputLength)..]);
            Kernels.DenseForward(batch, InputLength, w, bias, x, y[r..], OutputLength);
        }

        Kernels.Activate(_activation, y);
    }

    /// <inheritdoc/>
    public override void LocalGradient(int batch, ReadOnlySpan<float> y, Span<float> dy) => Kernels.ActivationGradient(_activation, y, dy);

    /// <inheritdoc/>
    public override void ParameterGradient(int batch, ReadOnlySpan<float> x, ReadOnlySpan<float> dz, ReadOnlySpan<float> saved, Span<float> scratch, GradientSink sink)
    {
        for (int r = 0; r < OutputLength; r += PanelRows)
        {
            int rows = Math.Min(PanelRows, OutputLength - r);
            var panel = scratch[..(rows * InputLength)];
            Kernels.Product(rows, InputLength, batch, dz[r..], aRow: 1, aColumn: OutputLength, x, panel);
            sink.Accept(_weight, r * InputLength, panel);
        }

        Kernels.ColumnSums(batch, dz, scratch[..OutputLength]);
        sink.Accept(_bias, 0, scratch[..OutputLength]);
    }

    /// <inheritdoc/>
    public override void InputGradient(int batch, ParameterSet parameters, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => Kernels.Product(batch, InputLength, OutputLength, dz, aRow: OutputLength, aColumn: 1, parameters[_weight], dx);
}
