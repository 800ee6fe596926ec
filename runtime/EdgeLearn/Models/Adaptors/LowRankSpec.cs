using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="LowRankLayer"/> around a weighted sum, a <see cref="LowRankMatricesLayer"/> around a layer with more inside it.
/// </summary>
/// <param name="Inner">the layer</param>
/// <param name="Rank">r</param>
/// <param name="Alpha">the pair counts alpha / r times</param>
sealed record LowRankSpec(LayerSpec Inner, int Rank, float Alpha) : AdaptedSpec(Inner)
{
    internal static readonly LayerKind Kind = new("lora", "lora4(128:relu)", Parse, Read);

    static LowRankSpec? Parse(LayerText text)
    {
        if (text.Word != "lora" || text.Body is null || text.Places is not null) return null;
        int rank = Size(text);
        return OneOf(text.ParseLayers(text.Body), rank, text.Take("alpha", rank)) ?? throw text.Wrong($"{Expected} in the parentheses");
    }

    static LowRankSpec Read(LayerJson json)
    {
        int rank = Size(json, "rank");
        return OneOf(json.Layers("body"), rank, json.Number("alpha", rank))
            ?? throw new EdgeLearnException($"{json.FileName}: lora around layers that can have none, expected {Expected}");
    }

    const string Expected = "one dense layer, convolution without groups, recurrent layer, attn or mlp";

    static LowRankSpec? OneOf(IReadOnlyList<LayerSpec> body, int rank, float alpha)
        => body is [var layer] ? Check(new LowRankSpec(layer, rank, alpha)) : null;

    // Layers that read their matrices through ParameterSet.Read alone and give the gradients of whole rows.
    bool IsOfMatrices => Inner is RecurrentSpec or AttentionSpec or MlpSpec;

    /// <summary>The same where there can be such a layer, else null.</summary>
    internal static LowRankSpec? Check(LowRankSpec spec)
        => spec.IsOfMatrices || (spec.Inner as IWeightedSpec)?.OfRank(spec.Rank) is not null ? spec : null;

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("rank", Rank);
        if (Alpha != Rank) json.WriteNumber("alpha", Alpha);
        LayerJson.WriteAll(json, "body", [Inner]);
    }

    private protected override string Head => string.Create(CultureInfo.InvariantCulture, $"lora{Rank}");

    public override LayerSpec Merged => Inner;

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
    {
        if (IsOfMatrices)
        {
            var layer = Inner.Build(name, input, parameters);
            return AsFloats(parameters, () => new LowRankMatricesLayer(layer, this, parameters));
        }

        var weighted = (IWeightedSpec)Inner;
        var inner = weighted.Plain().Build(name, input, parameters);
        return AsFloats(parameters,
            () => new LowRankLayer(inner, weighted.OfRank(Rank)!.Build(name + ".adaptor.down", input, parameters), weighted.Activation,
            this, parameters));
    }
}

/// <summary>
/// y = activation(inner(x) + alpha / r * B A x): a pair of matrices of rank r beside a weighted sum. A is a sum like the layer's own with r
/// outputs and no bias (<c>adaptor.down.weight</c>, of a convolution r maps of its kernel), B mixes them at each position
/// (<c>adaptor.up.weight</c> [outputs x r]) and begins at zero, so that nothing changes before the first step.
/// </summary>
/// <remarks>Source: Hu et al. 2021 (LoRA).</remarks>
sealed class LowRankLayer : AdaptedLayer
{
    readonly Layer _down;
    readonly LowRankSpec _spec;
    readonly ParameterSlice _up;

    internal LowRankLayer(Layer inner, Layer down, Activation activation, LowRankSpec spec, ParameterSet parameters)
        : base(inner, activation)
    {
        _down = down;
        _spec = spec;
        _up = parameters.Add(Name + ".adaptor.up.weight", [Channels, spec.Rank], decay: true);
        Slices = [.. inner.Slices, .. down.Slices, _up];
    }

    public override string Describe() => $"{_spec.ToShorthand(Activation.Identity)}";

    public override long MultiplyAdds => Inner.MultiplyAdds + _down.MultiplyAdds + (long)_spec.Rank * OutputLength;

    // alpha / r.
    float Share => _spec.Alpha / _spec.Rank;

    int Rank => _spec.Rank;

    public override bool GradientReadsInput => true;

    // dz: the gradient by the sums, and by what the pair's first half gave.
    internal override LayerNeeds Needs(int batch, PassKind pass = default)
    {
        LayerNeeds inner = Inner.Needs(batch, pass), down = _down.Needs(batch, pass);
        long mix = MixScratchLength(batch), saved = (long)batch * _down.OutputLength;
        return new LayerNeeds
        {
            Saved = saved,
            InnerGradient = (long)batch * OutputLength + saved,
            IsInPlace = false,
            ForwardScratch = (pass.Saves ? 0 : saved) + (pass.IsProbed ? _up.Length : 0)
                + Math.Max(Math.Max(inner.ForwardScratch, down.ForwardScratch), mix),
            InnerScratch = Math.Max(mix, inner.InnerScratch),
            ParameterScratch = Math.Max(Math.Max(inner.ParameterScratch, down.ParameterScratch),
                Math.Max(GradientSink.ProductScratchLength(Channels, Rank), _up.Length + mix)),
            InputScratch = (long)batch * InputLength + Math.Max(inner.InputScratch, down.InputScratch),
        };
    }

    // B in two layouts of its product: rows of a batch, or the planes of one sample.
    MatrixShape DownShape(int batch) => IsPlanar ? new MatrixShape(Rank, Positions) : new MatrixShape(batch * Positions, Rank);

    MatrixShape SumsShape(int batch) => IsPlanar ? new MatrixShape(Channels, Positions) : new MatrixShape(batch * Positions, Channels);

    MatrixShape UpShape => new(Channels, Rank);

    long MixScratchLength(int batch) => IsPlanar
        ? Math.Max(Kernels.ProductScratchLength(UpShape, DownShape(batch)),
            Math.Max(Kernels.ProductScratchLength(UpShape.Transpose(), SumsShape(batch)),
            Kernels.ProductScratchLength(SumsShape(batch), DownShape(batch).Transpose())))
        : Math.Max(Kernels.ProductScratchLength(DownShape(batch), UpShape.Transpose()),
            Kernels.ProductScratchLength(SumsShape(batch), UpShape));

    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        Inner.Initialise(parameters, seed);
        _down.Initialise(parameters, seed);
        parameters[_up].Clear();
    }

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        if (saved.IsEmpty)
        {
            saved = scratch[..(batch * _down.OutputLength)];
            scratch = scratch[saved.Length..];
        }

        bool isProbed = !mode.Probe.IsNone;
        var up = parameters.Read(_up, mode.Probe, 0, _up.Length, isProbed ? scratch[.._up.Length] : default);
        if (isProbed) scratch = scratch[_up.Length..];
        Inner.Forward(batch, parameters, mode, x, y, default, scratch);
        _down.Forward(batch, parameters, mode, x, saved, default, scratch);
        Scale(saved);
        var mix = new MatrixView(up, Channels, Rank);
        if (IsPlanar)
        {
            for (int b = 0; b < batch; b++)
                Kernels.Product(mix, Down(saved, b), y.Slice(b * OutputLength, OutputLength), Positions, scratch, accumulate: true);
        }
        else
        {
            Kernels.Product(new MatrixView(saved, batch * Positions, Rank), mix.Transpose(), y, Channels, scratch, accumulate: true);
        }

        Kernels.Activate(Activation, y);
    }

    void Scale(Span<float> values)
    {
        if (Share != 1) TensorPrimitives.Multiply(values, Share, values);
    }

    // The maps of one sample.
    MatrixView Down(ReadOnlySpan<float> values, int sample)
        => new(values.Slice(sample * Rank * Positions, Rank * Positions), Rank, Positions);

    MatrixView Sums(ReadOnlySpan<float> values, int sample) => new(values.Slice(sample * OutputLength, OutputLength), Channels, Positions);

    internal override void InnerGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
    {
        var sums = dz[..dy.Length];
        var down = dz[dy.Length..];
        dy.CopyTo(sums);
        Kernels.ActivationGradient(Activation, trace.Output, sums);
        var mix = new MatrixView(trace.Parameters[_up], Channels, Rank);
        if (IsPlanar)
        {
            for (int b = 0; b < trace.Batch; b++)
                Kernels.Product(mix.Transpose(), Sums(sums, b), down[(b * Rank * Positions)..], Positions, scratch);
        }
        else
        {
            Kernels.Product(new MatrixView(sums, trace.Batch * Positions, Channels), mix, down, Rank, scratch);
        }

        Scale(down);
    }

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        var sums = dz[..(trace.Batch * OutputLength)];
        if (Inner.IsTrainable) Inner.ParameterGradient(trace, sums, scratch, sink);
        if (_down.IsTrainable) _down.ParameterGradient(trace, dz[sums.Length..], scratch, sink);
        if (!_up.Trainable) return;
        if (!IsPlanar)
        {
            sink.AcceptProduct(_up, 0, new MatrixView(sums, trace.Batch * Positions, Channels).Transpose(),
                new MatrixView(trace.Saved, trace.Batch * Positions, Rank), scratch);
            return;
        }

        var gradient = scratch[.._up.Length];
        for (int b = 0; b < trace.Batch; b++)
            Kernels.Product(Sums(sums, b), Down(trace.Saved, b).Transpose(), gradient, Rank, scratch[_up.Length..], accumulate: b > 0);
        sink.Accept(_up, 0, gradient);
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        var beside = scratch[..dx.Length];
        Inner.InputGradient(trace, dz[..(trace.Batch * OutputLength)], dx, scratch[dx.Length..]);
        _down.InputGradient(trace, dz[(trace.Batch * OutputLength)..], beside, scratch[dx.Length..]);
        TensorPrimitives.Add(dx, beside, dx);
    }

    /// <summary>W + alpha / r * B A.</summary>
    private protected override void MergeRow(ParameterSet parameters, int row, Span<float> weights, ref float bias)
    {
        var up = parameters[_up].Slice(row * Rank, Rank);
        var down = parameters[_down.Slices[0]];
        for (int k = 0; k < Rank; k++)
        {
            float share = Share * up[k];
            var direction = down.Slice(k * weights.Length, weights.Length);
            for (int i = 0; i < weights.Length; i++) weights[i] += share * direction[i];
        }
    }
}
