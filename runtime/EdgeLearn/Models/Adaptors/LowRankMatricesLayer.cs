namespace EdgeLearn;

/// <summary>
/// A layer with more inside it than one weighted sum (recurrent, attention, mlp), with a pair of low rank beside each of its matrices: it
/// reads W + alpha / r * B A where it would read W. A matrix's pair is <c>adaptor.NAME.down.weight</c> [r x columns] and
/// <c>adaptor.NAME.up.weight</c> [rows x r], which begins at zero, so that nothing changes before the first step. Gates of a recurrent
/// layer, and queries, keys and values, lie in one matrix and share its A.
/// </summary>
/// <remarks>Source: Hu et al. 2021 (LoRA). The sums W + BA are never stored for longer than a verb of the layer, but the layer's own
/// gradient of W is made and then projected: what the adaptor saves is update state and the size of its file, not activations.</remarks>
sealed class LowRankMatricesLayer : AdaptedLayer
{
    readonly LowRankSpec _spec;
    readonly LowRankPair[] _pairs;
    readonly LowRankSink _sink;

    internal LowRankMatricesLayer(Layer inner, LowRankSpec spec, ParameterSet parameters)
        : base(inner, Activation.Identity)
    {
        _spec = spec;
        _pairs = [.. inner.Slices.Where(slice => slice.Shape.Length == 2).Select(matrix => PairOf(matrix, parameters))];
        _sink = new LowRankSink(_pairs);
        foreach (var pair in _pairs) pair.Matrix.Pair = pair;
        Slices = [.. inner.Slices, .. _pairs.SelectMany(pair => new[] { pair.Down, pair.Up })];
    }

    // weight_hh_l0 and out_proj.weight become adaptor.weight_hh_l0 and adaptor.out_proj.
    LowRankPair PairOf(ParameterSlice matrix, ParameterSet parameters)
    {
        const string Weight = ".weight";
        string name = matrix.Name[(Name.Length + 1)..];
        name = $"{Name}{TrainableParts.AdaptorMark}{(name.EndsWith(Weight, StringComparison.Ordinal) ? name[..^Weight.Length] : name)}";
        var down = parameters.Add(name + ".down.weight", [_spec.Rank, matrix.RowLength], decay: true);
        var up = parameters.Add(name + ".up.weight", [matrix.Shape[0], _spec.Rank], decay: true);
        return new LowRankPair(matrix, up, down, _spec.Alpha / _spec.Rank);
    }

    public override string Describe() => _spec.ToShorthand(Activation.Identity);

    public override long MultiplyAdds => Inner.MultiplyAdds;

    public override long InnerGradientMultiplyAdds => Inner.InnerGradientMultiplyAdds;

    public override Activation? OutputActivation => Inner.OutputActivation;

    public override bool GradientReadsInput => Inner.GradientReadsInput;

    public override bool GradientReadsOutput => Inner.GradientReadsOutput;

    internal override LayerNeeds Needs(int batch, PassKind pass = default)
    {
        var inner = Inner.Needs(batch, pass);
        return inner with { ParameterScratch = _sink.ScratchLength + inner.ParameterScratch };
    }

    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        Inner.Initialise(parameters, seed);
        foreach (var pair in _pairs)
        {
            Initialisation.Uniform(parameters, seed, pair.Down, null, pair.Down.RowLength, Activation.Identity);
            parameters[pair.Up].Clear();
        }
    }

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
        => Inner.Forward(batch, parameters, mode, x, y, saved, scratch);

    internal override void InnerGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
        => Inner.InnerGradient(trace, dy, dz, scratch);

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
        => _sink.Run(Inner, trace, dz, scratch, sink);

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => Inner.InputGradient(trace, dz, dx, scratch);

    /// <summary>W becomes W + alpha / r * B A, for each matrix.</summary>
    internal override void Merge(ParameterSet parameters, ParameterSet merged)
    {
        foreach (var pair in _pairs)
        {
            var matrix = merged.Find(pair.Matrix.Name)!;
            float[] row = new float[matrix.RowLength];
            for (int at = 0; at < matrix.Length; at += row.Length)
            {
                parameters.Read(pair.Matrix, Probe.None, at, row.Length, row); // always copies, for there is a sum to be made
                merged.EncodeRow(matrix, at, row);
            }
        }
    }
}
