using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="Conv1dLayer"/> over the steps of a sequence: <c>conv5x32</c> gives 32 features from kernels of 5 steps; options
/// <c>strideN</c>, <c>padN</c> or <c>same</c>, <c>groupsN</c>, <c>nobias</c>. <c>depthwise5</c> has one kernel a feature.
/// </summary>
/// <param name="Length">steps of the kernel</param>
/// <param name="Features">features of a step that come out; 0 = as many as come in, one kernel a feature</param>
/// <param name="Activation">what follows the weighted sum</param>
public sealed record Conv1dSpec(int Length, int Features, Activation Activation) : LayerSpec, IWeightedSpec
{
    internal static readonly LayerKind Kind = new("conv1d", "conv5x32", Parse, Read);

    /// <summary>Steps between neighbouring positions of the kernel.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Steps of zeros before and behind.</summary>
    public int Padding { get; init; }

    /// <summary>Padding of half a kernel, so that with stride 1 the sequence keeps its length; the kernel has to be odd.</summary>
    public bool Same { get; init; }

    /// <summary>Groups of features that see nothing of each other.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Whether there is no bias.</summary>
    public bool HasNoBias { get; init; }

    bool IsDepthwise => Features == 0;

    internal override LayerRole Role => LayerRole.Learner;

    LayerSpec IWeightedSpec.Plain() => this with { Activation = Activation.Identity };

    LayerSpec? IWeightedSpec.OfRank(int rank)
        => IsDepthwise || Groups > 1 ? null : this with { Features = rank, HasNoBias = true, Activation = Activation.Identity };

    LayerSpec IWeightedSpec.WithBias() => this with { HasNoBias = false };

    static Conv1dSpec? Parse(LayerText text)
    {
        Conv1dSpec spec;
        if (text.Is("conv", 2, out int[] sizes)) spec = new Conv1dSpec(sizes[0], sizes[1], text.TakeActivation());
        else if (text.Is("depthwise", 1, out sizes)) spec = new Conv1dSpec(sizes[0], 0, text.TakeActivation());
        else return null;
        return spec with
        {
            Stride = text.Take("stride", 1),
            Padding = text.Take("pad", 0),
            Same = text.Take("same"),
            Groups = spec.IsDepthwise ? 1 : text.Take("groups", 1),
            HasNoBias = text.Take("nobias")
        };
    }

    static Conv1dSpec Read(LayerJson json) => new(json.Integer("kernel"), json.Integer("features"), json.Activation())
    {
        Stride = json.Integer("stride", 1),
        Padding = json.Integer("padding", 0),
        Same = json.Flag("same"),
        Groups = json.Integer("groups", 1),
        HasNoBias = json.Flag("no_bias"),
    };

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("kernel", Length);
        json.WriteNumber("features", Features);
        Conv2dSpec.WriteOptions(json, Stride, Padding, Same, Groups, HasNoBias);
        json.WriteString("activation", Activation.Word());
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
    {
        var invariant = CultureInfo.InvariantCulture;
        string kernel = IsDepthwise ? string.Create(invariant, $"depthwise{Length}") : string.Create(invariant, $"conv{Length}x{Features}");
        return kernel + Conv2dSpec.Options(Stride, Padding, Same, Groups, HasNoBias) + Activation.Suffix(unsaid);
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        if (input.Rank != 2)
        {
            throw new EdgeLearnException($"{name} needs a sequence of steps x features, but its input is {input}: use "
                + $"conv{Length}x{Length}x{Math.Max(Features, 1)} for an image, or put reshapeTxF before it");
        }
        int outputs = IsDepthwise ? input.Width : Features, groups = IsDepthwise ? input.Width : Groups;
        if (outputs is < 1 or > NetworkSpec.MostUnits)
            throw new EdgeLearnException($"{name} has {outputs} features, expected 1 to {NetworkSpec.MostUnits}");
        if (groups < 1 || outputs % groups != 0 || input.Width % groups != 0)
        {
            throw new EdgeLearnException($"{name} has {groups} groups, which do not divide both {input.Width} features coming in "
                + $"and {outputs} going out: choose a common divisor");
        }
        if (Length < 1 || Stride < 1)
            throw new EdgeLearnException($"{name} has a kernel of {Length} steps and stride {Stride}, expected 1 or more");
        if (Same && (Length % 2 == 0 || Padding != 0))
            throw new EdgeLearnException($"{name} is 'same', which needs an odd kernel and no other padding: use {Length | 1}");
        if (Padding < 0 || Padding >= Length)
            throw new EdgeLearnException($"{name} has a padding of {Padding}, expected less than the kernel's {Length}");
        if (Length > input.Height + 2L * PaddingSteps)
        {
            throw new EdgeLearnException($"{name} has a kernel of {Length} steps, longer than its sequence of {input.Height} ({input}): "
                + $"use a shorter kernel, same, or fewer pools before it");
        }
        return Shape.Sequence((input.Height + 2 * PaddingSteps - Length) / Stride + 1, outputs);
    }

    internal int PaddingSteps => Same ? Length / 2 : Padding;

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
        => new Conv1dLayer(name, input, OutputShape(input, name), IsDepthwise ? input.Width : Groups, this, parameters);
}

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

    // Weights that are put in order at a time.
    const int PanelLength = 4096;

    public override long MultiplyAdds => (long)GroupInputs * Kernel * OutputLength;

    public override string Describe() => $"{_spec.ToShorthand(Activation)} {Activation.Word()}";

    // A read under a probe, or of a tensor that is not stored as floats, makes a copy.
    bool Copies(bool probed) => probed || _weight.Storage != WeightStorage.Float32;

    // w[:, :, k] of a group.
    MatrixShape TapShape => new(GroupOutputs, GroupInputs, GroupInputs * Kernel, Kernel);

    MatrixShape InputsShape(int count) => new(count, GroupInputs, _spec.Stride * Features, 1);

    MatrixShape GradientsShape(int count) => new(count, GroupOutputs, Outputs, 1);

    // The longest scratch of the products of all steps of the kernel.
    long LongestScratch(Func<int, long> ofCount)
    {
        long longest = 0;
        for (int k = 0; k < Kernel; k++) longest = Math.Max(longest, ofCount(Meets(k).Count));
        return longest;
    }

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        ForwardScratch = LongestScratch(count => Kernels.ProductScratchLength(InputsShape(count), TapShape.Transpose()))
            + (Copies(pass.IsProbed) ? _weight.Length + Outputs : 0),
        Sums = pass.IsPart ? SumsLength + Outputs : 0,
        ParameterScratch = (pass.IsPart ? 0 : SumsLength + Outputs) + Math.Max(PanelOutputs * GroupInputs * Kernel,
            LongestScratch(count => Kernels.ProductScratchLength(GradientsShape(count).Transpose(), InputsShape(count)))),
        InputScratch = LongestScratch(count => Kernels.ProductScratchLength(GradientsShape(count), TapShape)),
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

    // Sums: step of the kernel by step of the kernel, [kernel x outputs x inputs of a group], then the biases.
    int SumsLength => _weight.Trainable ? _weight.Length : 0;

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        var sums = scratch[..(SumsLength + Outputs)];
        scratch = scratch[sums.Length..];
        sums.Clear();
        AddGradient(trace with { Sums = sums }, dz, scratch);
        HandOver(sums, scratch, sink);
    }

    public override bool TakesParts => true;

    internal override void AddGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
    {
        var sums = trace.Sums;
        for (int b = 0; b < trace.Batch && _weight.Trainable; b++)
        {
            var sequence = trace.Input.Slice(b * InputLength, InputLength);
            var steps = dz.Slice(b * OutputLength, OutputLength);
            for (int k = 0; k < Kernel; k++)
            {
                var (first, count, source) = Meets(k);
                for (int g = 0; g < _groups && count > 0; g++)
                {
                    Kernels.Product(Gradients(steps, first, count, g).Transpose(), Inputs(sequence, source, count, g),
                        sums[((k * Outputs + g * GroupOutputs) * GroupInputs)..], GroupInputs, scratch, accumulate: true);
                }
            }
        }

        if (_bias is not null) Kernels.AddColumnSums(trace.Batch * OutputShape.Height, dz, sums.Slice(SumsLength, Outputs));
    }

    // Outputs whose weights are put in order at a time.
    int PanelOutputs => Math.Clamp(PanelLength / (GroupInputs * Kernel), 1, Outputs);

    internal override void HandOver(ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
        int fan = GroupInputs * Kernel, taps = Outputs * GroupInputs;
        for (int first = 0; first < Outputs && _weight.Trainable; first += PanelOutputs)
        {
            int outputs = Math.Min(PanelOutputs, Outputs - first);
            var panel = scratch[..(outputs * fan)];
            for (int i = 0; i < outputs * GroupInputs; i++)
            {
                for (int k = 0; k < Kernel; k++) panel[i * Kernel + k] = sums[k * taps + first * GroupInputs + i];
            }

            sink.Accept(_weight, first * fan, panel);
        }

        if (_bias is not null) sink.Accept(_bias, 0, sums.Slice(SumsLength, Outputs));
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
