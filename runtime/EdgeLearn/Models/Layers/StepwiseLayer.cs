using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// Two weighted sums over the features of a sequence's steps with something between them: y = second(middle(first(n))), where n is x, or
/// layernorm(x) in a block, which also adds x to y. A few steps at a time go all the way, so that what lies between is never there for a
/// whole batch. Forward saves at most what the first sum gave; the way back makes the rest again, and keeps the gradients of all tensors,
/// summed up, in dz or, of a part of a batch, in the sums.
/// </summary>
abstract class StepwiseLayer : Layer
{
    readonly Linear _first;
    readonly Linear _second;
    readonly PreNorm? _norm;

    private protected StepwiseLayer(string name, Shape shape, bool isBlock, (string Weight, string Bias) first, int middleIn,
        (string Weight, string Bias) second, int middleOut, ParameterSet parameters)
        : base(name, shape, shape)
    {
        _norm = isBlock ? new PreNorm(name, shape.Width, parameters) : null;
        _first = new Linear($"{name}.{first.Weight}", $"{name}.{first.Bias}", shape.Width, middleIn, parameters);
        _second = new Linear($"{name}.{second.Weight}", $"{name}.{second.Bias}", middleOut, shape.Width, parameters);
        Slices = _norm is null ? [.. _first.Slices, .. _second.Slices] : [_norm.Weight, _norm.Bias, .. _first.Slices, .. _second.Slices];
    }

    /// <summary>Steps of a sample.</summary>
    private protected int Steps => InputShape.Height;

    /// <summary>Features of a step.</summary>
    private protected int Width => InputShape.Width;

    /// <summary>Steps that go through the layer at a time.</summary>
    private protected abstract int RowsOfPass(int batch);

    /// <summary>Whether Forward keeps what the first sum gave.</summary>
    private protected virtual bool SavesFirst => false;

    /// <summary>Multiply-adds between the sums, for one sample.</summary>
    private protected virtual long MiddleMultiplyAdds => 0;

    /// <summary>Floats of scratch for <see cref="Middle"/> and <see cref="MiddleGradient"/>.</summary>
    private protected virtual long MiddleScratchLength(int rows, bool forGradient) => 0;

    /// <summary>What stands between the sums.</summary>
    /// <param name="rows">steps</param>
    /// <param name="a">[rows x middle in], kept</param>
    /// <param name="c">[rows x middle out], written</param>
    /// <param name="scratch">what <see cref="MiddleGradient"/> finds again</param>
    private protected abstract void Middle(int rows, ReadOnlySpan<float> a, Span<float> c, Span<float> scratch);

    /// <summary>The way back.</summary>
    /// <param name="rows">steps</param>
    /// <param name="a">[rows x middle in]</param>
    /// <param name="dc">[rows x middle out]</param>
    /// <param name="da">[rows x middle in], written</param>
    /// <param name="scratch">as <see cref="Middle"/> left it</param>
    private protected abstract void MiddleGradient(int rows, ReadOnlySpan<float> a, ReadOnlySpan<float> dc, Span<float> da,
        Span<float> scratch);

    int In => _first.Outputs;

    int Out => _second.Inputs;

    public override long MultiplyAdds => (long)Steps * Width * (In + Out) + MiddleMultiplyAdds;

    public override long InnerGradientMultiplyAdds => (long)Steps * Width * Out + MiddleMultiplyAdds;

    public override bool GradientReadsOutput => false;

    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        _norm?.Initialise(parameters);
        _first.Initialise(parameters, seed);
        _second.Initialise(parameters, seed);
    }

    // dz: gradients of the second sum, of the first, of the norm, and by the input. A small batch may need more scratch than a larger one.
    internal override LayerNeeds Needs(int batch, PassKind pass = default)
    {
        int step = pass.IsPart ? pass.StepRows : batch, few = FewSamples(step);
        bool keepsSums = pass.IsPart && IsTrainable;
        return new()
        {
            Saved = SavesFirst ? (long)batch * Steps * In : 0,
            InnerGradient = (keepsSums ? 0 : SumsLength) + (long)batch * InputLength,
            IsInPlace = keepsSums,
            Sums = keepsSums ? SumsLength : 0,
            ForwardScratch = Math.Max(ForwardLength(batch, step, pass.IsProbed, pass.Saves),
                ForwardLength(Math.Min(batch, few), few, pass.IsProbed, pass.Saves)),
            InnerScratch = Math.Max(GradientScratchOf(batch, step), GradientScratchOf(Math.Min(batch, few), few)),
        };
    }

    int SumsLength => _second.Length + _first.Length + NormLength;

    /// <summary>Whether the steps of so many rows are whole passes, whose sums are added up one after the other.</summary>
    public override bool TakesParts(int rows) => rows * Steps % RowsOfPass(rows) == 0 && RowsOfPass(rows) == RowsOfPass(2 * rows);

    // The largest batch whose weights are not packed: the last batch of an epoch may be as small, in scratch that was planned for more.
    int FewSamples(int batch) => Math.Min(batch, (Linear.ManyRows - 1) / Steps);

    long ForwardLength(int batch, int step, bool probed, bool saves)
    {
        int rows = RowsOfPass(batch), all = step * Steps;
        long inner =
            Math.Max(_norm?.ScratchLength(probed) ?? 0,
            Math.Max(_first.ForwardScratchLength(rows, all), _second.ForwardScratchLength(rows, all)));
        long pass = (long)rows * ((_norm is null ? 0 : Width) + (saves && SavesFirst ? 0 : In) + Out)
            + MiddleScratchLength(rows, forGradient: false) + inner;
        long panel = Math.Max(_first.ReadForwardPanelLength(all, probed), _second.ReadForwardPanelLength(all, probed));
        return _first.ReadForwardScratchLength(all, probed) + _second.ReadForwardScratchLength(all, probed) + Math.Max(panel, pass);
    }

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        int most = RowsOfPass(batch), all = batch * Steps, inStep = StepsOf(mode, batch);
        bool keeps = SavesFirst && !saved.IsEmpty;
        Linear.Weights firstWeights = _first.ReadForward(parameters, mode.Probe, inStep, ref scratch),
            secondWeights = _second.ReadForward(parameters, mode.Probe, inStep, ref scratch);
        var normalised = Take(ref scratch, _norm is null ? 0 : most * Width);
        var first = keeps ? saved : Take(ref scratch, most * In);
        var middle = Take(ref scratch, most * Out);
        var middleScratch = Take(ref scratch, MiddleScratchLength(most, forGradient: false));
        for (int row = 0; row < all; row += most)
        {
            int rows = Math.Min(most, all - row);
            var input = x.Slice(row * Width, rows * Width);
            var output = y.Slice(row * Width, rows * Width);
            var a = first.Slice(keeps ? row * In : 0, rows * In);
            _norm?.Apply(parameters, mode.Probe, input, normalised, scratch);
            _first.Forward(rows, firstWeights, _norm is null ? input : normalised, a, scratch);
            Middle(rows, a, middle[..(rows * Out)], middleScratch);
            _second.Forward(rows, secondWeights, middle, output, scratch);
            if (_norm is not null) TensorPrimitives.Add(output, input, output);
        }
    }

    // Of the whole batch: they decide how weights are read.
    int StepsOf(in ForwardMode mode, int batch) => (mode.StepRows > 0 ? mode.StepRows : batch) * Steps;

    int NormLength => _norm is null ? 0 : 2 * Width;

    long GradientScratchOf(int batch, int step)
    {
        int rows = RowsOfPass(batch), all = step * Steps;
        long inner =
            Math.Max(_first.ForwardScratchLength(rows, all),
            Math.Max(Width, Math.Max(_first.GradientScratchLength(rows), _second.GradientScratchLength(rows))));
        long again = SavesFirst ? 0 : _first.ReadForwardScratchLength(all, probed: false),
            panel = SavesFirst ? 0 : _first.ReadForwardPanelLength(all, probed: false);
        return again
            + Math.Max(panel,
            _first.ReadScratchLength(probed: false) + _second.ReadScratchLength(probed: false)
            + (long)rows * ((_norm is null ? 0 : Width) + (SavesFirst ? In : 2 * In) + Out) + MiddleScratchLength(rows, forGradient: true)
            + inner);
    }

    internal override void InnerGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
    {
        int most = RowsOfPass(trace.Batch), all = trace.Batch * Steps;
        var again = SavesFirst ? default
            : _first.ReadForward(trace.Parameters, Probe.None, StepsOf(trace.Mode, trace.Batch), ref scratch);
        Linear.Weights firstWeights = _first.Read(trace.Parameters, Probe.None, ref scratch),
            secondWeights = _second.Read(trace.Parameters, Probe.None, ref scratch);
        var normalised = Take(ref scratch, _norm is null ? 0 : most * Width);
        var first = SavesFirst ? default : Take(ref scratch, most * In);
        var dFirst = Take(ref scratch, most * In);
        var middle = Take(ref scratch, most * Out);
        var middleScratch = Take(ref scratch, MiddleScratchLength(most, forGradient: true));
        var sums = trace.Sums;
        if (sums.IsEmpty)
        {
            sums = Take(ref dz, SumsLength);
            sums.Clear();
        }

        Span<float> secondSums = Take(ref sums, _second.Length), firstSums = Take(ref sums, _first.Length), normSums = sums;
        for (int row = 0; row < all; row += most)
        {
            int rows = Math.Min(most, all - row);
            var input = trace.Input.Slice(row * Width, rows * Width);
            Span<float> gradient = dy.Slice(row * Width, rows * Width), dx = dz.Slice(row * Width, rows * Width),
                n = _norm is null ? default : normalised[..(rows * Width)];
            Span<float> c = middle[..(rows * Out)], da = dFirst[..(rows * In)];
            _norm?.Apply(trace.Parameters, Probe.None, input, n, scratch);
            if (!SavesFirst) _first.Forward(rows, again, _norm is null ? input : n, first, scratch);
            var a = SavesFirst ? trace.Saved.Slice(row * In, rows * In) : first[..(rows * In)];
            Middle(rows, a, c, middleScratch);
            _second.AddGradients(rows, c, gradient, secondSums, scratch);
            _second.InputGradient(rows, secondWeights, gradient, c, scratch); // where what the middle gave has served
            MiddleGradient(rows, a, c, da, middleScratch);
            _first.AddGradients(rows, _norm is null ? input : n, da, firstSums, scratch);
            if (_norm is null)
            {
                if (trace.WantsInputGradient) _first.InputGradient(rows, firstWeights, da, dx, scratch);
                continue;
            }

            _first.InputGradient(rows, firstWeights, da, n, scratch);
            gradient.CopyTo(dx);
            _norm.Gradient(trace.Parameters, input, n, dx, normSums[..Width], normSums[Width..]);
        }
    }

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
        => HandOver(dz[..SumsLength], scratch, sink);

    // InnerGradient has added them to the sums already.
    internal override void AddGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
    {
    }

    internal override void HandOver(ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
        int first = _second.Length, norm = first + _first.Length;
        _second.Accept(sums[..first], sink);
        _first.Accept(sums[first..norm], sink);
        if (_norm is null) return;
        sink.Accept(_norm.Weight, 0, sums.Slice(norm, Width));
        sink.Accept(_norm.Bias, 0, sums.Slice(norm + Width, Width));
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => dz[^dx.Length..].CopyTo(dx);
}

/// <summary>
/// What makes a layer of sequences a pre-norm block, y = x + layer(layernorm(x)): the norm's two tensors <c>norm.weight</c> and
/// <c>norm.bias</c>, and its way back. Normalised values are never kept, for they cost less to make than to store.
/// </summary>
sealed class PreNorm
{
    const float Epsilon = 1e-5f;

    /// <summary>Describes the two tensors.</summary>
    public PreNorm(string name, int width, ParameterSet parameters)
    {
        Weight = parameters.AddVector(name + ".norm.weight", [width]);
        Bias = parameters.AddVector(name + ".norm.bias", [width]);
    }

    /// <summary>Factors.</summary>
    public ParameterSlice Weight { get; }

    /// <summary>Addends.</summary>
    public ParameterSlice Bias { get; }

    int Width => Weight.Length;

    /// <summary>Floats of scratch for <see cref="Apply"/>.</summary>
    public long ScratchLength(bool probed) => probed ? 2L * Width : 0;

    /// <summary>Weights 1, biases 0.</summary>
    public void Initialise(ParameterSet parameters)
    {
        parameters[Weight].Fill(1);
        parameters[Bias].Clear();
    }

    /// <summary>y = layernorm(x), row by row.</summary>
    public void Apply(ParameterSet parameters, in Probe probe, ReadOnlySpan<float> x, Span<float> y, Span<float> scratch)
    {
        var weight = parameters.Read(Weight, probe, 0, Width, scratch);
        var bias = parameters.Read(Bias, probe, 0, Width, probe.IsNone ? default : scratch[Width..]);
        Kernels.NormRows(isCentred: true, Epsilon, x, weight, bias, y[..x.Length]);
    }

    /// <summary>The way back: adds to the gradients of weight and bias, and adds the gradient by the norm's input to dx.</summary>
    /// <param name="parameters">the network's weights</param>
    /// <param name="x">[rows x width], the norm's input</param>
    /// <param name="dy">[rows x width], gradient by its output</param>
    /// <param name="dx">[rows x width], added to</param>
    /// <param name="dWeight">[width], added to</param>
    /// <param name="dBias">[width], added to</param>
    public void Gradient(ParameterSet parameters, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx, Span<float> dWeight,
        Span<float> dBias)
        => Kernels.NormRowsGradient(isCentred: true, Epsilon, x, parameters[Weight], dy, dx, dWeight, dBias);
}
