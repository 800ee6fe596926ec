namespace EdgeLearn;

/// <summary>
/// y[t, o] = activation(b[o] + sum over k, f of w[o, f, k] * x[t * stride + k - padding, f]) over a sequence, steps x features. W [outputs
/// x inputs / groups x kernel]. One product for each step k of the kernel, of the sequence shifted by k where it lies with w[:, :, k]: no
/// copy of the sequence is made.
/// </summary>
/// <remarks>PyTorch lays sequences for its conv1d out as features x steps; y here is its transpose.</remarks>
sealed class Conv1dLayer : ActivatedLayer
{
    readonly Conv1dSpec _spec;
    readonly int _groups;
    readonly ParameterSlice _weight;
    readonly ParameterSlice? _bias;

    internal Conv1dLayer(string name, Shape input, Shape output, int groups, Conv1dSpec spec, ParameterSet parameters)
        : base(name, input, output, spec.Activation)
    {
        _spec = spec;
        _groups = groups;
        _weight = parameters.Add(name + ".weight", [output.Width, input.Width / groups, spec.Length], decay: true);
        _bias = spec.HasNoBias ? null : parameters.Add(name + ".bias", [output.Width], decay: false);
        Slices = _bias is null ? [_weight] : [_weight, _bias];
    }

    int Features => InputShape.Width;

    int Outputs => OutputShape.Width;

    // Of one group.
    int GroupInputs => Features / _groups;

    int GroupOutputs => Outputs / _groups;

    int Kernel => _spec.Length;

    // Weights that are put in order at a time; and weights whose gradients are summed up over a whole batch at a time, fewer in a compact
    // pass, whole strips of the product kernel.
    const int PanelLength = 4096, BlockLength = 16384, CompactBlockLength = 8192, StripOutputs = 12;

    public override long MultiplyAdds => (long)GroupInputs * Kernel * OutputLength;

    public override string Describe() => $"{_spec.ToShorthand(Activation)} {Activation.Word()}";

    // A read under a probe, or of a tensor that is not stored as floats, makes a copy.
    bool Copies(bool probed) => probed || _weight.Storage != WeightStorage.Float32;

    // w[:, :, k] of a group.
    MatrixShape TapShape => new(GroupOutputs, GroupInputs, GroupInputs * Kernel, Kernel);

    MatrixShape InputsShape(int count) => new(count, GroupInputs, _spec.Stride * Features, 1);

    MatrixShape GradientsShape(int count) => new(count, GroupOutputs, Outputs, 1);

    // The longest scratch of the products of all steps of the kernel; steps with a short batch ask for it, so nothing is captured.
    long LongestScratch(Func<Conv1dLayer, int, long> ofCount)
    {
        long longest = 0;
        for (int k = 0; k < Kernel; k++) longest = Math.Max(longest, ofCount(this, Meets(k).Count));
        return longest;
    }

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        ForwardScratch = LongestScratch(static (own, count)
            => Kernels.ProductScratchLength(own.InputsShape(count), own.TapShape.Transpose()))
            + (Copies(pass.IsProbed) ? _weight.Length + Outputs : 0),
        Sums = pass.IsPart ? SumsLength + Outputs : 0,
        ParameterScratch = (pass.IsPart ? 0 : Math.Min(SumsLength, BlockOutputs(pass.IsCompact) * Fan) + Outputs)
            + Math.Max(PanelOutputs * Fan,
                LongestScratch(static (own, count)
                    => Kernels.ProductScratchLength(own.GradientsShape(count).Transpose(), own.InputsShape(count)))),
        InputScratch = LongestScratch(static (own, count) => Kernels.ProductScratchLength(own.GradientsShape(count), own.TapShape)),
    };

    public override bool GradientReadsInput => _weight.Trainable;

    public override bool GradientReadsOutput => Activation != Activation.Identity;

    public override void Initialise(ParameterSet parameters, ulong seed)
        => Initialisation.Uniform(parameters, seed, _weight, _bias, GroupInputs * Kernel, Activation);

    // The outputs that meet step k of the kernel inside the sequence, and the input step of the first.
    (int First, int Count, int Source) Meets(int k)
    {
        var (first, end) = PatchGeometry.Inside(OutputShape.Height, InputShape.Height, _spec.Stride, k - _spec.PaddingSteps);
        return (first, end - first, first * _spec.Stride + k - _spec.PaddingSteps);
    }

    MatrixView Tap(ReadOnlySpan<float> weights, int group, int k)
        => new(weights[(group * GroupOutputs * GroupInputs * Kernel + k)..], GroupOutputs, GroupInputs, GroupInputs * Kernel, Kernel);

    MatrixView Inputs(ReadOnlySpan<float> x, int source, int count, int group)
        => new(x[(source * Features + group * GroupInputs)..], count, GroupInputs, _spec.Stride * Features, 1);

    MatrixView Gradients(ReadOnlySpan<float> dz, int first, int count, int group)
        => new(dz[(first * Outputs + group * GroupOutputs)..], count, GroupOutputs, Outputs, 1);

    // Weights of one output.
    int Fan => GroupInputs * Kernel;

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        bool copies = Copies(!mode.Probe.IsNone);
        var weights = parameters.Read(_weight, mode.Probe, 0, _weight.Length, scratch);
        var bias = _bias is null ? default : parameters.Read(_bias, mode.Probe, 0, Outputs, copies ? scratch[_weight.Length..] : default);
        if (copies) scratch = scratch[(_weight.Length + Outputs)..];
        for (int b = 0; b < batch; b++)
        {
            var sequence = x.Slice(b * InputLength, InputLength);
            var steps = y.Slice(b * OutputLength, OutputLength);
            if (bias.IsEmpty) steps.Clear();
            for (int t = 0; t < OutputShape.Height && !bias.IsEmpty; t++) bias.CopyTo(steps[(t * Outputs)..]);
            for (int k = 0; k < Kernel; k++)
            {
                var (first, count, source) = Meets(k);
                for (int g = 0; g < _groups && count > 0; g++)
                {
                    Kernels.Product(Inputs(sequence, source, count, g), Tap(weights, g, k).Transpose(),
                        steps[(first * Outputs + g * GroupOutputs)..], Outputs, scratch, accumulate: true);
                }
            }

            Kernels.Activate(Activation, steps);
        }
    }

    // Sums: block by block of outputs, each [kernel x outputs x inputs of a group]; then the biases.
    int SumsLength => _weight.Trainable ? _weight.Length : 0;

    // Outputs of a group that are a block.
    int BlockOutputs(bool isCompact = false)
        => Math.Min(GroupOutputs, Math.Max(1, (isCompact ? CompactBlockLength : BlockLength) / (Fan * StripOutputs)) * StripOutputs);

    // From one output to the end of its block.
    int BlockFrom(int output, bool isCompact = false) => Math.Min(BlockOutputs(isCompact), GroupOutputs - output % GroupOutputs);

    // A block at a time, so that the gradient of all weights is never there; with parts of a batch it has to be.
    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        var biases = scratch[..Outputs];
        scratch = scratch[Outputs..];
        for (int first = 0, count; first < Outputs && _weight.Trainable; first += count)
        {
            count = BlockFrom(first, trace.IsCompact);
            var sums = scratch[..(count * Fan)];
            sums.Clear();
            AddBlock(trace, dz, first, count, sums, scratch[sums.Length..]);
            HandOverBlock(first, count, sums, scratch[sums.Length..], sink);
        }

        if (_bias is null) return;
        biases.Clear();
        Kernels.AddColumnSums(trace.Batch * OutputShape.Height, dz, biases);
        sink.Accept(_bias, 0, biases);
    }

    public override bool TakesParts(int rows) => true;

    internal override void AddGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
    {
        for (int first = 0, count; first < Outputs && _weight.Trainable; first += count)
        {
            count = BlockFrom(first);
            AddBlock(trace, dz, first, count, trace.Sums.Slice(first * Fan, count * Fan), scratch);
        }

        if (_bias is not null) Kernels.AddColumnSums(trace.Batch * OutputShape.Height, dz, trace.Sums.Slice(SumsLength, Outputs));
    }

    void AddBlock(in ForwardTrace trace, ReadOnlySpan<float> dz, int firstOutput, int outputs, Span<float> sums, Span<float> scratch)
    {
        for (int b = 0; b < trace.Batch; b++)
        {
            var sequence = trace.Input.Slice(b * InputLength, InputLength);
            var steps = dz.Slice(b * OutputLength, OutputLength)[firstOutput..];
            for (int k = 0; k < Kernel; k++)
            {
                var (first, count, source) = Meets(k);
                if (count <= 0) continue;
                Kernels.Product(new MatrixView(steps[(first * Outputs)..], outputs, count, 1, Outputs),
                    Inputs(sequence, source, count, firstOutput / GroupOutputs), sums[(k * outputs * GroupInputs)..], GroupInputs, scratch,
                    accumulate: true);
            }
        }
    }

    // Outputs whose weights are put in order at a time.
    int PanelOutputs => Math.Clamp(PanelLength / Fan, 1, BlockOutputs());

    internal override void HandOver(ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
        for (int first = 0, count; first < Outputs && _weight.Trainable; first += count)
        {
            count = BlockFrom(first);
            HandOverBlock(first, count, sums.Slice(first * Fan, count * Fan), scratch, sink);
        }

        if (_bias is not null) sink.Accept(_bias, 0, sums.Slice(SumsLength, Outputs));
    }

    void HandOverBlock(int first, int count, ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
        for (int output = 0; output < count; output += PanelOutputs)
        {
            int outputs = Math.Min(PanelOutputs, count - output);
            var panel = scratch[..(outputs * Fan)];
            for (int i = 0; i < outputs * GroupInputs; i++)
            {
                for (int k = 0; k < Kernel; k++) panel[i * Kernel + k] = sums[(k * count + output) * GroupInputs + i];
            }

            sink.Accept(_weight, (first + output) * Fan, panel);
        }
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        var weights = trace.Parameters[_weight];
        dx.Clear();
        for (int b = 0; b < trace.Batch; b++)
        {
            var steps = dz.Slice(b * OutputLength, OutputLength);
            var sequence = dx.Slice(b * InputLength, InputLength);
            for (int k = 0; k < Kernel; k++)
            {
                var (first, count, source) = Meets(k);
                for (int g = 0; g < _groups && count > 0; g++)
                {
                    Kernels.Product(Gradients(steps, first, count, g), Tap(weights, g, k),
                        sequence[(source * Features + g * GroupInputs)..], _spec.Stride * Features, scratch, accumulate: true);
                }
            }
        }
    }
}
