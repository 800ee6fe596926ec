using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="ScaleShiftLayer"/>.</summary>
/// <param name="Inner">the layer</param>
sealed record ScaleShiftSpec(LayerSpec Inner) : AdaptedSpec(Inner)
{
    internal static readonly LayerKind Kind = new("scale", "scale(128:relu)",
        text => text.Word != "scale" || text.Body is null || text.Sizes.Length > 0 || text.Places is not null
        ? null
        : new ScaleShiftSpec(ReadBody(text)), json => new ScaleShiftSpec(ReadBody(json)));

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        LayerJson.WriteAll(json, "body", [Inner]);
    }

    private protected override string Head => "scale";

    /// <summary>The layer, with a bias that takes the shift up.</summary>
    public override LayerSpec Merged => ((IWeightedSpec)Inner).WithBias();

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
    {
        var weighted = (IWeightedSpec)Inner;
        return new ScaleShiftLayer(weighted.Plain().Build(name, input, parameters), weighted.Activation, this, parameters);
    }
}

/// <summary>
/// y = activation(scale * inner(x) + shift), one scale and one shift for each unit of a vector, feature of a step or channel of an image:
/// <c>adaptor.scale</c> begins at 1, <c>adaptor.shift</c> at 0.
/// </summary>
/// <remarks>Source: Lian et al. 2022 (scaling and shifting features).</remarks>
sealed class ScaleShiftLayer : AdaptedLayer
{
    readonly ScaleShiftSpec _spec;
    readonly ParameterSlice _scale;
    readonly ParameterSlice _shift;

    internal ScaleShiftLayer(Layer inner, Activation activation, ScaleShiftSpec spec, ParameterSet parameters)
        : base(inner, activation)
    {
        _spec = spec;
        _scale = parameters.AddVector(Name + ".adaptor.scale", [Channels]);
        _shift = parameters.AddVector(Name + ".adaptor.shift", [Channels]);
        Slices = [.. inner.Slices, _scale, _shift];
    }

    public override string Describe() => _spec.ToShorthand(Activation.Identity);

    public override long MultiplyAdds => Inner.MultiplyAdds + OutputLength;

    public override bool GradientReadsInput => Inner.GradientReadsInput;

    // dz: the gradient by what the activation reads, then the inner layer's.
    internal override LayerNeeds Needs(int batch, PassKind pass = default)
    {
        long sums = (long)batch * OutputLength;
        var inner = Inner.Needs(batch, pass);
        return inner with
        {
            Saved = sums + inner.Saved,
            InnerGradient = sums + inner.InnerGradient,
            IsInPlace = false,
            ForwardScratch = Math.Max(inner.ForwardScratch, pass.IsProbed ? 2L * Channels : 0),
            InnerScratch = sums + inner.InnerScratch,
            ParameterScratch = Math.Max(2L * Channels + RunLength, inner.ParameterScratch),
        };
    }

    // Neighbouring values that belong to one channel, or to all of them.
    int RunLength => IsPlanar ? Positions : Channels;

    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        Inner.Initialise(parameters, seed);
        parameters[_scale].Fill(1);
        parameters[_shift].Clear();
    }

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        var sums = saved.IsEmpty ? y : saved[..y.Length];
        Inner.Forward(batch, parameters, mode, x, sums, saved.IsEmpty ? default : saved[y.Length..], scratch);
        bool isProbed = !mode.Probe.IsNone;
        var scale = parameters.Read(_scale, mode.Probe, 0, Channels, isProbed ? scratch[..Channels] : default);
        var shift = parameters.Read(_shift, mode.Probe, 0, Channels, isProbed ? scratch.Slice(Channels, Channels) : default);
        for (int at = 0, run = 0; at < y.Length; at += RunLength, run++)
        {
            ReadOnlySpan<float> source = sums.Slice(at, RunLength);
            var target = y.Slice(at, RunLength);
            if (IsPlanar)
            {
                TensorPrimitives.Multiply(source, scale[run % Channels], target);
                TensorPrimitives.Add(target, shift[run % Channels], target);
            }
            else
            {
                TensorPrimitives.MultiplyAdd(source, scale, shift, target);
            }
        }

        Kernels.Activate(Activation, y);
    }

    ForwardTrace InnerTrace(in ForwardTrace trace)
    {
        int length = trace.Batch * OutputLength;
        return new ForwardTrace(trace.Batch, trace.Parameters, trace.Mode, trace.Input, trace.Saved[..length], trace.Saved[length..],
            trace.WantsInputGradient)
        {
            IsCompact = trace.IsCompact,
        };
    }

    internal override void InnerGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
    {
        var own = dz[..dy.Length];
        dy.CopyTo(own);
        Kernels.ActivationGradient(Activation, trace.Output, own);
        if (!Inner.IsTrainable && !trace.WantsInputGradient) return;
        var sums = scratch[..dy.Length];
        var scale = trace.Parameters[_scale];
        for (int at = 0, run = 0; at < sums.Length; at += RunLength, run++)
        {
            ReadOnlySpan<float> source = own.Slice(at, RunLength);
            if (IsPlanar) TensorPrimitives.Multiply(source, scale[run % Channels], sums.Slice(at, RunLength));
            else TensorPrimitives.Multiply(source, scale, sums.Slice(at, RunLength));
        }

        Inner.InnerGradient(InnerTrace(trace), sums, dz[dy.Length..], scratch[dy.Length..]);
    }

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        int length = trace.Batch * OutputLength;
        if (Inner.IsTrainable) Inner.ParameterGradient(InnerTrace(trace), dz[length..], scratch, sink);
        if (!_scale.Trainable && !_shift.Trainable) return;
        Span<float> scale = scratch[..Channels], shift = scratch.Slice(Channels, Channels),
            products = scratch.Slice(2 * Channels, RunLength);
        scratch[..(2 * Channels)].Clear();
        for (int at = 0, run = 0; at < length; at += RunLength, run++)
        {
            var gradient = dz.Slice(at, RunLength);
            var sums = trace.Saved.Slice(at, RunLength);
            if (IsPlanar)
            {
                TensorPrimitives.Multiply(gradient, sums, products);
                scale[run % Channels] += TensorPrimitives.Sum<float>(products);
                shift[run % Channels] += TensorPrimitives.Sum(gradient);
            }
            else
            {
                TensorPrimitives.MultiplyAdd(gradient, sums, scale, scale);
                TensorPrimitives.Add(shift, gradient, shift);
            }
        }

        sink.Accept(_scale, 0, scale);
        sink.Accept(_shift, 0, shift);
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => Inner.InputGradient(InnerTrace(trace), dz[(trace.Batch * OutputLength)..], dx, scratch);

    /// <summary>scale * W, scale * b + shift.</summary>
    private protected override void MergeRow(ParameterSet parameters, int row, Span<float> weights, ref float bias)
    {
        float scale = parameters[_scale][row];
        TensorPrimitives.Multiply(weights, scale, weights);
        bias = scale * bias + parameters[_shift][row];
    }
}
