namespace EdgeLearn;

/// <summary>
/// y[o] = activation(b[o] + sum over the group's channels c of w[o, c] * x[c]), a cross-correlation of maps with kernels. W [outputs x
/// inputs / groups x kernel height x kernel width], outputs one plane a channel. One sample at a time, so that scratch does not grow with
/// the batch: with few maps, and for the gradient of the weights at stride 1, straight from the planes (<see cref="DirectConvolution"/>),
/// else its windows become the columns of a product.
/// </summary>
sealed class Conv2dLayer : ActivatedLayer
{
    readonly PatchGeometry _geometry;
    readonly int _groups;
    readonly Conv2dSpec _spec;
    readonly ParameterSlice _weight;
    readonly ParameterSlice? _bias;

    internal Conv2dLayer(string name, PatchGeometry geometry, Shape output, int groups, Conv2dSpec spec, ParameterSet parameters)
        : base(name, geometry.Image, output, spec.Activation)
    {
        _geometry = geometry;
        _groups = groups;
        _spec = spec;
        _weight = parameters.Add(name + ".weight", [output.Channels, geometry.Image.Channels / groups, spec.Height, spec.Width],
            decay: true);
        _bias = spec.HasNoBias ? null : parameters.Add(name + ".bias", [output.Channels], decay: false);
        Slices = _bias is null ? [_weight] : [_weight, _bias];
    }

    // Of one group.
    int GroupInputs => InputShape.Channels / _groups;

    int GroupOutputs => OutputShape.Channels / _groups;

    // Weights of one output, windows of one map.
    int Fan => GroupInputs * _geometry.KernelLength;

    int Positions => _geometry.OutputLength;

    // Laying windows out costs as much as some maps of sums; the gradient of the input has as many as there are channels.
    const int MostDirectMaps = 64, FewestDirectInputs = 4;

    // Weights that are put in order at a time.
    const int PanelLength = 4096;

    // Neighbouring outputs read neighbouring values.
    bool IsDense => _geometry.Stride == 1 && !_geometry.IsIdentity;

    bool IsDirect => IsDense && GroupOutputs <= MostDirectMaps;

    bool ReturnsDirectly => IsDirect && GroupInputs >= FewestDirectInputs;

    DirectConvolution Direct
        => new(GroupInputs, _geometry.PaddedLength, _geometry.PaddedWidth, _spec.Height, _spec.Width, _geometry.OutputHeight,
            _geometry.OutputWidth);

    int PatchLength => _geometry.IsIdentity ? 0 : Fan * Positions;

    // All planes of one sample with their padding; 0 where they lie so already.
    int PaddedLength => IsDense && !_geometry.IsPlain ? InputShape.Channels * _geometry.PaddedLength : 0;

    // Maps of a group as the direct gradient of the weights reads them, position by position.
    int PaddedMaps => DirectConvolution.PaddedMaps(GroupOutputs);

    public override long MultiplyAdds => (long)Fan * OutputLength;

    public override string Describe() => $"{_spec.ToShorthand(Activation)} {Activation.Word()}";

    // A read under a probe, or of a tensor that is not stored as floats, makes a copy; a layer without a bias has zeros in its place.
    bool Copies(bool probed) => probed || _weight.Storage != WeightStorage.Float32;

    int CopiedLength(bool probed) => (Copies(probed) ? _weight.Length : 0) + (Copies(probed) || _bias is null ? OutputShape.Channels : 0);

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        ForwardScratch = CopiedLength(pass.IsProbed) + (IsDirect
            ? PaddedLength
            : PatchLength + Kernels.ProductScratchLength(WeightShape, new MatrixShape(Fan, Positions))),
        Sums = pass.IsPart ? SumsLength + OutputShape.Channels : 0,
        ParameterScratch = (pass.IsPart ? 0 : SumsLength + OutputShape.Channels) + Math.Max(PanelOutputs * Fan, IsDense
            ? PaddedLength + Positions * PaddedMaps
            : PatchLength + Kernels.ProductScratchLength(new MatrixShape(Fan, Positions), MapsShape.Transpose())),
        InputScratch = ReturnsDirectly
            ? Math.Min(2, batch) * PaddedLength
            : PatchLength + Kernels.ProductScratchLength(WeightShape.Transpose(), MapsShape),
    };

    // Of one group.
    MatrixShape WeightShape => new(GroupOutputs, Fan);

    MatrixShape MapsShape => new(GroupOutputs, Positions);

    public override bool GradientReadsInput => _weight.Trainable;

    public override bool GradientReadsOutput => Activation != Activation.Identity;

    public override void Initialise(ParameterSet parameters, ulong seed)
        => Initialisation.Uniform(parameters, seed, _weight, _bias, Fan, Activation);

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        var copied = scratch[..CopiedLength(!mode.Probe.IsNone)];
        scratch = scratch[copied.Length..];
        var weights = parameters.Read(_weight, mode.Probe, 0, _weight.Length, copied);
        var biasCopy = copied.IsEmpty ? default : copied[^OutputShape.Channels..];
        if (_bias is null) biasCopy.Clear();
        var bias = _bias is null ? biasCopy : parameters.Read(_bias, mode.Probe, 0, _bias.Length, biasCopy);
        for (int b = 0; b < batch; b++)
        {
            var maps = y.Slice(b * OutputLength, OutputLength);
            if (IsDirect)
            {
                var planes = Planes(x.Slice(b * InputLength, InputLength), scratch);
                for (int g = 0; g < _groups; g++)
                {
                    int first = g * GroupOutputs;
                    Direct.Forward(weights.Slice(first * Fan, GroupOutputs * Fan), bias.Slice(first, GroupOutputs),
                        planes[(g * GroupInputs * _geometry.PaddedLength)..], maps.Slice(first * Positions, GroupOutputs * Positions));
                }

                Kernels.Activate(Activation, maps);
                continue;
            }

            for (int o = 0; o < OutputShape.Channels; o++) maps.Slice(o * Positions, Positions).Fill(bias[o]);
            for (int g = 0; g < _groups; g++)
            {
                var columns = Columns(x.Slice(b * InputLength, InputLength), g, scratch);
                var w = new MatrixView(weights.Slice(g * GroupOutputs * Fan, GroupOutputs * Fan), GroupOutputs, Fan);
                Kernels.Product(w, new MatrixView(columns, Fan, Positions), maps[(g * GroupOutputs * Positions)..], Positions,
                    scratch[PatchLength..], accumulate: true);
            }

            Kernels.Activate(Activation, maps);
        }
    }

    // The image in padded planes: where it lies, or copied.
    ReadOnlySpan<float> Planes(ReadOnlySpan<float> image, Span<float> scratch)
    {
        if (PaddedLength == 0) return image;
        Kernels.PadPlanes(_geometry, image, scratch[..PaddedLength]);
        return scratch[..PaddedLength];
    }

    ReadOnlySpan<float> Columns(ReadOnlySpan<float> image, int group, Span<float> scratch)
    {
        if (_geometry.IsIdentity) return image.Slice(group * Fan * Positions, Fan * Positions);
        Kernels.PatchColumns(_geometry, group * GroupInputs, GroupInputs, image, scratch[..PatchLength]);
        return scratch[..PatchLength];
    }

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        var sums = scratch[..(SumsLength + OutputShape.Channels)];
        scratch = scratch[sums.Length..];
        sums.Clear();
        AddGradient(trace with { Sums = sums }, dz, scratch);
        HandOver(sums, scratch, sink);
    }

    public override bool TakesParts => true;

    // Sums of the weights, group by group [fan x maps], so that neighbouring maps fill the registers; then those of the biases.
    int SumsLength => _weight.Trainable ? _groups * Fan * SumsMaps : 0;

    int SumsMaps => IsDense ? PaddedMaps : GroupOutputs;

    internal override void AddGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
    {
        var biases = trace.Sums.Slice(SumsLength, OutputShape.Channels);
        for (int b = 0; b < trace.Batch && _bias is not null; b++) Kernels.AddRowSums(dz.Slice(b * OutputLength, OutputLength), biases);
        if (!_weight.Trainable) return;
        if (IsDense) AddDirectly(trace, dz, scratch);
        else AddProducts(trace, dz, scratch);
    }

    void AddDirectly(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
    {
        int maps = PaddedMaps, length = Fan * maps;
        var transposed = scratch[..(Positions * maps)];
        var padded = scratch[transposed.Length..];
        transposed.Clear();
        for (int b = 0; b < trace.Batch; b++)
        {
            var planes = Planes(trace.Input.Slice(b * InputLength, InputLength), padded);
            for (int g = 0; g < _groups; g++)
            {
                Kernels.Transpose(GroupOutputs, Positions,
                    dz.Slice(b * OutputLength + g * GroupOutputs * Positions, GroupOutputs * Positions), Positions, transposed, maps);
                Direct.AddWeightGradient(planes[(g * GroupInputs * _geometry.PaddedLength)..], maps, transposed,
                    trace.Sums.Slice(g * length, length));
            }
        }
    }

    // Windows are laid out as in the forward pass.
    void AddProducts(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
    {
        var patches = scratch[..PatchLength];
        var rest = scratch[PatchLength..];
        for (int b = 0; b < trace.Batch; b++)
        {
            var maps = dz.Slice(b * OutputLength, OutputLength);
            var image = trace.Input.Slice(b * InputLength, InputLength);
            for (int g = 0; g < _groups; g++)
            {
                var columns = new MatrixView(Columns(image, g, patches), Fan, Positions);
                var gradient = new MatrixView(maps.Slice(g * GroupOutputs * Positions, GroupOutputs * Positions), GroupOutputs, Positions);
                Kernels.Product(columns, gradient.Transpose(), trace.Sums[(g * GroupOutputs * Fan)..], GroupOutputs, rest,
                    accumulate: true);
            }
        }
    }

    // Maps of a group whose weights are put in order at a time.
    int PanelOutputs => Math.Clamp(PanelLength / Fan, 1, GroupOutputs);

    internal override void HandOver(ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
        for (int o = 0; o < OutputShape.Channels && _weight.Trainable;)
        {
            int group = o / GroupOutputs, first = o - group * GroupOutputs, maps = Math.Min(PanelOutputs, GroupOutputs - first);
            var panel = scratch[..(maps * Fan)];
            Kernels.Transpose(Fan, maps, sums.Slice(group * Fan * SumsMaps, Fan * SumsMaps)[first..], SumsMaps, panel, Fan);
            sink.Accept(_weight, o * Fan, panel);
            o += maps;
        }

        if (_bias is not null) sink.Accept(_bias, 0, sums.Slice(SumsLength, OutputShape.Channels));
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        var weights = trace.Parameters[_weight];
        if (ReturnsDirectly)
        {
            DirectInputGradient(trace.Batch, weights, dz, dx, scratch);
            return;
        }

        if (!_geometry.IsIdentity) dx.Clear();
        for (int b = 0; b < trace.Batch; b++)
        {
            var maps = dz.Slice(b * OutputLength, OutputLength);
            var image = dx.Slice(b * InputLength, InputLength);
            for (int g = 0; g < _groups; g++)
            {
                var columns = _geometry.IsIdentity ? image.Slice(g * Fan * Positions, Fan * Positions) : scratch[..PatchLength];
                var w = new MatrixView(weights.Slice(g * GroupOutputs * Fan, GroupOutputs * Fan), GroupOutputs, Fan);
                Kernels.Product(w.Transpose(),
                    new MatrixView(maps.Slice(g * GroupOutputs * Positions, GroupOutputs * Positions), GroupOutputs, Positions), columns,
                    Positions, scratch[PatchLength..]);
                if (!_geometry.IsIdentity) Kernels.AddPatchColumns(_geometry, g * GroupInputs, GroupInputs, columns, image);
            }
        }
    }

    // Two samples at a time share the weights.
    void DirectInputGradient(int batch, ReadOnlySpan<float> weights, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        int length = PaddedLength > 0 ? PaddedLength : InputLength;
        for (int b = 0; b < batch; b += 2)
        {
            int samples = Math.Min(2, batch - b);
            var images = dx.Slice(b * InputLength, samples * InputLength);
            var planes = PaddedLength > 0 ? scratch[..(samples * length)] : images;
            planes.Clear();
            for (int g = 0; g < _groups; g++)
            {
                int first = g * GroupOutputs;
                var maps = dz.Slice(b * OutputLength + first * Positions, (samples - 1) * OutputLength + GroupOutputs * Positions);
                Direct.AddInputGradient(weights.Slice(first * Fan, GroupOutputs * Fan), maps, (samples - 1) * OutputLength,
                    planes[(g * GroupInputs * _geometry.PaddedLength)..], (samples - 1) * length);
            }

            for (int i = 0; i < samples && PaddedLength > 0; i++)
                Kernels.TakePlanes(_geometry, planes.Slice(i * length, length), images.Slice(i * InputLength, InputLength));
        }
    }
}
