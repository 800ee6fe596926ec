namespace EdgeLearn;

/// <summary>
/// y[o] = activation(b[o] + sum over the group's channels c of w[o, c] * x[c]), a cross-correlation of maps with kernels. W [outputs x inputs / groups x kernel height x kernel width],
/// outputs one plane a channel. One sample at a time: its windows become the columns of a product, so that scratch does not grow with the batch.
/// </summary>
public sealed class Conv2dLayer : Layer
{
    readonly PatchGeometry _geometry;
    readonly int _groups;
    readonly Conv2dSpec _spec;
    readonly ParameterSlice _weight;
    readonly ParameterSlice? _bias;

    internal Conv2dLayer(string name, PatchGeometry geometry, Shape output, int groups, Conv2dSpec spec, ParameterSet parameters)
        : base(name, geometry.Image, output)
    {
        _geometry = geometry;
        _groups = groups;
        _spec = spec;
        _weight = parameters.Add(name + ".weight", [output.Channels, geometry.Image.Channels / groups, spec.Height, spec.Width], decay: true);
        _bias = spec.HasNoBias ? null : parameters.Add(name + ".bias", [output.Channels], decay: false);
        Slices = _bias is null ? [_weight] : [_weight, _bias];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSlice> Slices { get; }

    // Of one group.
    int GroupInputs => InputShape.Channels / _groups;

    int GroupOutputs => OutputShape.Channels / _groups;

    // Weights of one output, windows of one map.
    int Fan => GroupInputs * _geometry.KernelLength;

    int Positions => _geometry.OutputLength;

    int PatchLength => _geometry.IsIdentity ? 0 : Fan * Positions;

    /// <inheritdoc/>
    public override long MultiplyAdds => (long)Fan * OutputLength;

    /// <inheritdoc/>
    public override string Describe() => $"{_spec.ToShorthand(_spec.Activation)} {_spec.Activation.Word()}";

    // A read under a probe, or of a tensor that is not stored as floats, makes a copy.
    bool Copies(bool probed) => probed || _weight.Storage != WeightStorage.Float32;

    /// <inheritdoc/>
    public override long ForwardScratchLength(int batch, bool probed, bool saves)
        => PatchLength + Kernels.ProductScratchLength(new MatrixShape(GroupOutputs, Fan), new MatrixShape(Fan, Positions)) + (Copies(probed) ? _weight.Length + OutputShape.Channels : 0);

    /// <inheritdoc/>
    public override long GradientScratchLength(int batch)
        => 2L * _weight.Length + OutputShape.Channels + PatchLength + Kernels.ProductScratchLength(new MatrixShape(Fan, Positions), new MatrixShape(GroupOutputs, Positions).Transpose());

    /// <inheritdoc/>
    public override long InputGradientScratchLength(int batch)
        => PatchLength + Kernels.ProductScratchLength(new MatrixShape(GroupOutputs, Fan).Transpose(), new MatrixShape(GroupOutputs, Positions));

    /// <inheritdoc/>
    public override Activation? OutputActivation => _spec.Activation;

    /// <inheritdoc/>
    public override void Initialise(ParameterSet parameters, ulong seed) => Initialisation.Uniform(parameters, seed, _weight, _bias, Fan, _spec.Activation);

    /// <inheritdoc/>
    public override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y, Span<float> saved, Span<float> scratch)
    {
        bool copies = Copies(!mode.Probe.IsNone);
        int copied = copies ? _weight.Length + OutputShape.Channels : 0;
        var weights = parameters.Read(_weight, mode.Probe, 0, _weight.Length, scratch);
        var bias = _bias is null ? default : parameters.Read(_bias, mode.Probe, 0, _bias.Length, copies ? scratch[_weight.Length..] : default);
        scratch = scratch[copied..];
        for (int b = 0; b < batch; b++)
        {
            var maps = y.Slice(b * OutputLength, OutputLength);
            for (int o = 0; o < OutputShape.Channels; o++) maps.Slice(o * Positions, Positions).Fill(bias.IsEmpty ? 0 : bias[o]);
            for (int g = 0; g < _groups; g++)
            {
                var columns = Columns(x.Slice(b * InputLength, InputLength), g, scratch);
                var w = new MatrixView(weights.Slice(g * GroupOutputs * Fan, GroupOutputs * Fan), GroupOutputs, Fan);
                Kernels.Product(w, new MatrixView(columns, Fan, Positions), maps[(g * GroupOutputs * Positions)..], Positions, scratch[PatchLength..], accumulate: true);
            }

            Kernels.Activate(_spec.Activation, maps);
        }
    }

    ReadOnlySpan<float> Columns(ReadOnlySpan<float> image, int group, Span<float> scratch)
    {
        if (_geometry.IsIdentity) return image.Slice(group * Fan * Positions, Fan * Positions);
        Kernels.PatchColumns(_geometry, group * GroupInputs, GroupInputs, image, scratch[..PatchLength]);
        return scratch[..PatchLength];
    }

    /// <inheritdoc/>
    public override void LocalGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
    {
        if (dy != dz) dy.CopyTo(dz);
        Kernels.ActivationGradient(_spec.Activation, trace.Output, dz);
    }

    /// <inheritdoc/>
    public override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        // Weight by weight and output by output, so that the windows are laid out as in the forward pass and the outputs fill the registers: [fan x outputs of a group].
        var transposed = scratch[.._weight.Length];
        var dw = scratch.Slice(_weight.Length, _weight.Length);
        var db = scratch.Slice(2 * _weight.Length, OutputShape.Channels);
        var patches = scratch.Slice(2 * _weight.Length + OutputShape.Channels, PatchLength);
        var rest = scratch[(2 * _weight.Length + OutputShape.Channels + PatchLength)..];
        db.Clear();
        for (int b = 0; b < trace.Batch; b++)
        {
            var maps = dz.Slice(b * OutputLength, OutputLength);
            var image = trace.Input.Slice(b * InputLength, InputLength);
            if (_bias is not null) Kernels.AddRowSums(maps, db);
            for (int g = 0; g < _groups; g++)
            {
                var columns = new MatrixView(Columns(image, g, patches), Fan, Positions);
                var gradient = new MatrixView(maps.Slice(g * GroupOutputs * Positions, GroupOutputs * Positions), GroupOutputs, Positions);
                Kernels.Product(columns, gradient.Transpose(), transposed[(g * GroupOutputs * Fan)..], GroupOutputs, rest, accumulate: b > 0);
            }
        }

        for (int g = 0; g < _groups; g++) Kernels.Transpose(Fan, GroupOutputs, transposed.Slice(g * GroupOutputs * Fan, GroupOutputs * Fan), dw.Slice(g * GroupOutputs * Fan, GroupOutputs * Fan));
        sink.Accept(_weight, 0, dw);
        if (_bias is not null) sink.Accept(_bias, 0, db);
    }

    /// <inheritdoc/>
    public override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        var weights = trace.Parameters[_weight];
        if (!_geometry.IsIdentity) dx.Clear();
        for (int b = 0; b < trace.Batch; b++)
        {
            var maps = dz.Slice(b * OutputLength, OutputLength);
            var image = dx.Slice(b * InputLength, InputLength);
            for (int g = 0; g < _groups; g++)
            {
                var columns = _geometry.IsIdentity ? image.Slice(g * Fan * Positions, Fan * Positions) : scratch[..PatchLength];
                var w = new MatrixView(weights.Slice(g * GroupOutputs * Fan, GroupOutputs * Fan), GroupOutputs, Fan);
                Kernels.Product(w.Transpose(), new MatrixView(maps.Slice(g * GroupOutputs * Positions, GroupOutputs * Positions), GroupOutputs, Positions), columns, Positions, scratch[PatchLength..]);
                if (!_geometry.IsIdentity) Kernels.AddPatchColumns(_geometry, g * GroupInputs, GroupInputs, columns, image);
            }
        }
    }
}
