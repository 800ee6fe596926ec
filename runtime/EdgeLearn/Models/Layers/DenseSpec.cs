using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="DenseLayer"/>: <c>128</c>, <c>128:relu</c>. Whatever comes in is read as one vector.</summary>
/// <param name="Units">outputs</param>
/// <param name="Activation">what follows the weighted sum</param>
public sealed record DenseSpec(int Units, Activation Activation) : LayerSpec, IWeightedSpec
{
    internal static readonly LayerKind Kind = new("dense", "128:relu", Parse, Read);

    /// <summary>Whether there is no bias, as in the first half of a pair of low rank.</summary>
    internal bool HasNoBias { get; init; }

    internal override LayerRole Role => LayerRole.Learner;

    LayerSpec IWeightedSpec.Plain() => this with { Activation = Activation.Identity };

    LayerSpec? IWeightedSpec.OfRank(int rank) => this with { Units = rank, HasNoBias = true, Activation = Activation.Identity };

    static DenseSpec? Parse(LayerText text)
    {
        if (text.Word.Length > 0 || text.Places is not null || text.Body is not null) return null;
        var activation = text.TakeActivation();
        return new DenseSpec(ParseUnits(text), activation);
    }

    internal static int ParseUnits(LayerText text)
        => LayerText.TryParse(text.Sizes, out int units)
            ? units
            : throw text.Wrong("a number of units of 1 or more, or units@HxW, units@K, units:activation");

    static DenseSpec Read(LayerJson json) => new(json.Integer("units"), json.Activation());

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("units", Units);
        json.WriteString("activation", Activation.Word());
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
        => string.Create(CultureInfo.InvariantCulture, $"{Units}{Activation.Suffix(unsaid)}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        CheckUnits(Units, name);
        return Shape.Vector(Units);
    }

    internal static void CheckUnits(int units, string name)
    {
        if (units is < 1 or > NetworkSpec.MostUnits)
            throw new EdgeLearnException($"{name} has {units} units, expected 1 to {NetworkSpec.MostUnits}");
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
        => new DenseLayer(name, input, Shape.Vector(Units), 1, Activation, parameters, HasNoBias);
}

/// <summary>y = activation(x W^T + b), W [outputs x inputs]: of a whole sample, or of every step of a sequence.</summary>
sealed class DenseLayer : ActivatedLayer
{
    // Rows of W that are read at a time when a probe perturbs them: a strip of the product kernel.
    const int ProbedRows = 6;

    readonly ParameterSlice _weight;
    readonly ParameterSlice? _bias;
    readonly float[] _zeros = []; // in the place of a bias that is not there
    readonly int _inputs;
    readonly int _outputs;
    readonly int _steps;

    /// <summary>Describes the layer and its two tensors, <c>name.weight</c> and <c>name.bias</c>, or the first alone.</summary>
    internal DenseLayer(string name, Shape input, Shape output, int steps, Activation activation, ParameterSet parameters,
        bool hasNoBias = false)
        : base(name, input, output, activation)
    {
        _steps = steps;
        _inputs = input.Length / steps;
        _outputs = output.Length / steps;
        _weight = parameters.Add(name + ".weight", [_outputs, _inputs], decay: true);
        if (hasNoBias) _zeros = new float[_outputs];
        else _bias = parameters.Add(name + ".bias", [_outputs], decay: false);
        Slices = _bias is null ? [_weight] : [_weight, _bias];
    }

    public override long MultiplyAdds => (long)_steps * _inputs * _outputs;

    public override string Describe() => $"{(_steps > 1 ? "stepwise " : "")}dense {_outputs} {Activation.Word()}";

    internal override LayerNeeds Needs(int batch, PassKind pass = default)
    {
        long packed = PackedLength(batch * _steps, (pass.IsPart ? pass.StepRows : batch) * _steps);
        long probed = ProbedRows * ((long)_inputs + 1);
        return base.Needs(batch, pass) with
        {
            ForwardScratch = Math.Max(packed + (pass.IsProbed || IsDecoded ? probed : 0), CodesLength(batch * _steps)),
            Sums = pass.IsPart ? SumsLength + (_bias is null ? 0 : _outputs) : 0,
            ParameterScratch = pass.IsPart ? 0 : Math.Max(GradientSink.ProductScratchLength(_outputs, _inputs), _outputs),
            InputScratch = _weight.IsDrawn
                ? ProbedRows * (long)_inputs
                : Kernels.ProductScratchLength(new MatrixShape(batch * _steps, _outputs), new MatrixShape(_outputs, _inputs)),
            PairScratch = (pass.SharesInput ? 0 : packed) + probed,
        };
    }

    // Whether reading weights makes floats of them.
    bool IsDecoded => _weight.Storage != WeightStorage.Float32 || _weight.IsDrawn;

    // To multiply bytes instead.
    long CodesLength(int batch) => _weight.Storage == WeightStorage.Int8 ? Kernels.Int8ScratchLength(batch, _inputs) : 0;

    long PackedLength(int rows, int stepRows)
        => Kernels.PacksBatch(stepRows, _outputs) ? Kernels.PackedBatchLength(Math.Min(rows, Kernels.SamplesPacked(_outputs)), _inputs) : 0;

    public override void Initialise(ParameterSet parameters, ulong seed)
        => Initialisation.Uniform(parameters, seed, _weight, _bias, _inputs, Activation);

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        batch *= _steps; // each is a row of its own
        if (mode.MultipliesBytes && _weight.Storage == WeightStorage.Int8 && mode.Probe.IsNone)
        {
            Kernels.DenseForwardInt8(batch, _inputs, parameters.Codes(_weight, 0, _weight.Length), parameters.Scales(_weight),
                _bias is null ? _zeros : parameters[_bias], x, y, _outputs, scratch);
            Kernels.Activate(Activation, y);
            return;
        }

        bool packs = Kernels.PacksBatch(mode.StepRows > 0 ? mode.StepRows * _steps : batch, _outputs),
            copies = !mode.Probe.IsNone || IsDecoded;
        int samples = packs ? Kernels.SamplesPacked(_outputs) : batch;
        int block = copies ? ProbedRows : _outputs;
        for (int b = 0; b < batch; b += samples)
        {
            int count = Math.Min(samples, batch - b);
            var part = Pack(packs, count, x, b, scratch);
            var rest = scratch[(packs ? part.Length : 0)..];
            for (int r = 0; r < _outputs; r += block)
            {
                int rows = Math.Min(block, _outputs - r);
                var w = parameters.Read(_weight, mode.Probe, r * _inputs, rows * _inputs, rest);
                var bias = _bias is null
                    ? _zeros.AsSpan(r, rows)
                    : parameters.Read(_bias, mode.Probe, r, rows, copies ? rest[(ProbedRows * _inputs)..] : default);
                Multiply(packs, count, w, bias, part, y[(b * _outputs + r)..]);
            }
        }

        Kernels.Activate(Activation, y);
    }

    public override bool SharesPairRead => true;

    internal override void ForwardPair(int batch, ParameterSet parameters, in Probe plus, ReadOnlySpan<float> xPlus,
        ReadOnlySpan<float> xMinus, Span<float> yPlus, Span<float> yMinus, Span<float> scratch, Span<float> pairScratch)
    {
        if (!_weight.Trainable || _bias is not { Trainable: true })
        {
            base.ForwardPair(batch, parameters, plus, xPlus, xMinus, yPlus, yMinus, scratch, pairScratch);
            return;
        }

        batch *= _steps;
        if (batch == 1 && plus.Kind == NoiseKind.Sign && !IsDecoded)
        {
            parameters.ReadPair(_bias!, plus, 0, yPlus, yMinus);
            Kernels.MatrixVectorPair(_outputs, _inputs, Noise.Key(plus.Seed, _weight.NameHash), 0, plus.Scale, parameters[_weight], xPlus,
                xMinus, yPlus, yMinus);
        }
        else
        {
            bool packs = Kernels.PacksBatch(batch, _outputs);
            int samples = packs ? Kernels.SamplesPacked(_outputs) : batch;
            for (int b = 0; b < batch; b += samples)
            {
                int count = Math.Min(samples, batch - b);
                var packedPlus = Pack(packs, count, xPlus, b, scratch);
                var packedMinus = xPlus == xMinus ? packedPlus : Pack(packs, count, xMinus, b, pairScratch);
                MultiplyPair(packs, count, parameters, plus, packedPlus, packedMinus, yPlus[(b * _outputs)..], yMinus[(b * _outputs)..],
                    scratch[(packs ? packedPlus.Length : 0)..], pairScratch[(packs && xPlus != xMinus ? packedMinus.Length : 0)..]);
            }
        }

        Kernels.Activate(Activation, yPlus);
        Kernels.Activate(Activation, yMinus);
    }

    // Samples as the product reads them: packed into scratch, or as they lie.
    ReadOnlySpan<float> Pack(bool packs, int count, ReadOnlySpan<float> x, int first, Span<float> scratch)
    {
        var part = x.Slice(first * _inputs, count * _inputs);
        if (!packs) return part;
        var packed = scratch[..(int)Kernels.PackedBatchLength(count, _inputs)];
        Kernels.PackBatch(count, _inputs, part, packed);
        return packed;
    }

    void MultiplyPair(bool packs, int count, ParameterSet parameters, in Probe plus, ReadOnlySpan<float> xPlus, ReadOnlySpan<float> xMinus,
        Span<float> yPlus, Span<float> yMinus, Span<float> plusScratch, Span<float> minusScratch)
    {
        for (int r = 0; r < _outputs; r += ProbedRows)
        {
            int rows = Math.Min(ProbedRows, _outputs - r), length = rows * _inputs;
            parameters.ReadPair(_weight, plus, r * _inputs, plusScratch[..length], minusScratch[..length]);
            parameters.ReadPair(_bias!, plus, r, plusScratch.Slice(length, rows), minusScratch.Slice(length, rows));
            Multiply(packs, count, plusScratch[..length], plusScratch.Slice(length, rows), xPlus, yPlus[r..]);
            Multiply(packs, count, minusScratch[..length], minusScratch.Slice(length, rows), xMinus, yMinus[r..]);
        }
    }

    void Multiply(bool packs, int count, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x, Span<float> y)
    {
        if (packs) Kernels.DenseForwardPacked(count, _inputs, w, bias, x, y, _outputs);
        else Kernels.DenseForward(count, _inputs, w, bias, x, y, _outputs);
    }

    public override bool GradientReadsInput => _weight.Trainable;

    public override bool GradientReadsOutput => Activation != Activation.Identity;

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        int rows = trace.Batch * _steps;
        MatrixView gradients = new(dz, _outputs, rows, 1, _outputs), inputs = new(trace.Input, rows, _inputs); // transposed by its strides
        sink.AcceptProduct(_weight, 0, gradients, inputs, scratch);
        if (rows > 1 && _bias is not null) Kernels.ColumnSums(rows, dz, scratch[.._outputs]);
        if (_bias is not null) sink.Accept(_bias, 0, rows > 1 ? scratch[.._outputs] : dz);
    }

    public override bool TakesParts(int rows) => true;

    // Of the weights; a frozen matrix has none.
    int SumsLength => _weight.Trainable ? _weight.Length : 0;

    internal override void AddGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
    {
        int rows = trace.Batch * _steps;
        MatrixView gradients = new(dz, _outputs, rows, 1, _outputs), inputs = new(trace.Input, rows, _inputs);
        if (_weight.Trainable) Kernels.ContinueProduct(gradients, inputs, trace.Sums[..SumsLength]);
        if (_bias is not null) Kernels.AddColumnSums(rows, dz, trace.Sums[SumsLength..]);
    }

    internal override void HandOver(ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
        if (_weight.Trainable) sink.Accept(_weight, 0, sums[..SumsLength]);
        if (_bias is not null) sink.Accept(_bias, 0, sums[SumsLength..]);
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        int samples = trace.Batch * _steps;
        if (!_weight.IsDrawn)
        {
            Kernels.Product(new MatrixView(dz, samples, _outputs), new MatrixView(trace.Parameters[_weight], _outputs, _inputs), dx,
                _inputs, scratch);
            return;
        }

        dx.Clear();
        for (int r = 0; r < _outputs; r += ProbedRows)
        {
            int rows = Math.Min(ProbedRows, _outputs - r);
            var w = trace.Parameters.Read(_weight, Probe.None, r * _inputs, rows * _inputs, scratch);
            Kernels.ContinueProduct(new MatrixView(dz[r..], samples, rows, _outputs, 1), new MatrixView(w, rows, _inputs), dx);
        }
    }
}
