namespace EdgeLearn;

/// <summary>
/// y[o] = activation(b[o] + sum over the group's channels c of w[o, c] * x[c]), a cross-correlation of maps with kernels. W [outputs x
/// inputs / groups x kernel height x kernel width], outputs one plane a channel. One sample at a time, so that scratch does not grow with
/// the batch: with few maps, and for the gradient of the weights at stride 1, straight from the planes (<see cref="DirectConvolution"/>),
/// else its windows become the columns of a product.
/// </summary>
sealed partial class Conv2dLayer : ActivatedLayer
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

    // Weights that are put in order at a time; and maps of a group whose gradients are summed up at a time, two of the widest registers.
    const int PanelLength = 4096, MostBlockMaps = 32;

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
        ParameterScratch = (pass.IsPart ? 0 : (_weight.Trainable ? Fan * SumsMaps(BlockMaps) : 0) + OutputShape.Channels)
            + Math.Max(PanelOutputs * Fan, IsDense
                ? PaddedLength + Positions * SumsMaps(BlockMaps)
                : PatchLength + Kernels.ProductScratchLength(new MatrixShape(Fan, Positions),
                    new MatrixShape(BlockMaps, Positions).Transpose())),
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
}
