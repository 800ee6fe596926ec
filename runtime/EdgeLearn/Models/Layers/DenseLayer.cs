using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>y = activation(x W^T + b), W [outputs x inputs].</summary>
public sealed class DenseLayer : Layer
{
    // Rows of W that are read at a time when a probe perturbs them: a strip of the product kernel.
    const int ProbedRows = 6;

    // Samples that are packed at a time: a tile of the widest registers. More would cost memory, and weights are read from the second-level cache fast enough.
    const int PackedSamples = 32;

    readonly ParameterSlice _weight;
    readonly ParameterSlice _bias;
    readonly Activation _activation;

    /// <summary>Describes the layer and its two tensors, <c>name.weight</c> and <c>name.bias</c>.</summary>
    public DenseLayer(string name, Shape input, int units, Activation activation, ParameterSet parameters)
        : base(name, input, Shape.Vector(units))
    {
        _activation = activation;
        _weight = parameters.Add(name + ".weight", [units, input.Length], decay: true);
        _bias = parameters.Add(name + ".bias", [units], decay: false);
        Slices = [_weight, _bias];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSlice> Slices { get; }

    /// <inheritdoc/>
    public override long MultiplyAdds => (long)InputLength * OutputLength;

    /// <inheritdoc/>
    public override string Describe() => $"dense {OutputLength} {_activation.Word()}";

    /// <inheritdoc/>
    public override long ForwardScratchLength(int batch, bool probed, bool saves) => Math.Max(PackedLength(batch) + (probed || IsDecoded ? ProbedRows * ((long)InputLength + 1) : 0), CodesLength(batch));

    // Whether reading weights makes floats of them.
    bool IsDecoded => _weight.Storage != WeightStorage.Float32;

    // Codes and scales of a batch of inputs.
    long CodesLength(int batch) => _weight.Storage == WeightStorage.Int8 ? batch + ((long)batch * InputLength + 3) / 4 : 0;

    long PackedLength(int batch) => Kernels.PacksBatch(batch, OutputLength) ? Kernels.PackedBatchLength(Math.Min(batch, PackedSamples), InputLength) : 0;

    /// <inheritdoc/>
    public override long GradientScratchLength(int batch) => Math.Max(GradientSink.ProductScratchLength(OutputLength, InputLength), OutputLength);

    /// <inheritdoc/>
    public override long InputGradientScratchLength(int batch) => Kernels.ProductScratchLength(new MatrixShape(batch, OutputLength), new MatrixShape(OutputLength, InputLength));

    /// <inheritdoc/>
    public override void Initialise(ParameterSet parameters, ulong seed) => Initialisation.Uniform(parameters, seed, _weight, _bias, InputLength, _activation);

    /// <inheritdoc/>
    public override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y, Span<float> saved, Span<float> scratch)
    {
        if (mode.MultipliesBytes && _weight.Storage == WeightStorage.Int8 && mode.Probe.IsNone)
        {
            MultiplyBytes(batch, parameters, x, y, scratch);
            Kernels.Activate(_activation, y);
            return;
        }

        bool packs = Kernels.PacksBatch(batch, OutputLength), copies = !mode.Probe.IsNone || IsDecoded;
        int samples = packs ? PackedSamples : batch;
        int block = copies ? ProbedRows : OutputLength;
        for (int b = 0; b < batch; b += samples)
        {
            int count = Math.Min(samples, batch - b);
            var part = Pack(packs, count, x, b, scratch);
            var rest = scratch[(packs ? part.Length : 0)..];
            for (int r = 0; r < OutputLength; r += block)
            {
                int rows = Math.Min(block, OutputLength - r);
                var w = parameters.Read(_weight, mode.Probe, r * InputLength, rows * InputLength, rest);
                var bias = parameters.Read(_bias, mode.Probe, r, rows, copies ? rest[(ProbedRows * InputLength)..] : default);
                Multiply(packs, count, w, bias, part, y[(b * OutputLength + r)..]);
            }
        }

        Kernels.Activate(_activation, y);
    }

    void MultiplyBytes(int batch, ParameterSet parameters, ReadOnlySpan<float> x, Span<float> y, Span<float> scratch)
    {
        var scales = scratch[..batch];
        var codes = MemoryMarshal.Cast<float, sbyte>(scratch[batch..])[..(batch * InputLength)];
        Kernels.QuantiseRows(batch, InputLength, x, codes, scales);
        Kernels.DenseForwardInt8(batch, InputLength, parameters.Codes(_weight, 0, _weight.Length), parameters.Scales(_weight), parameters[_bias], codes, scales, y, OutputLength);
    }

    /// <inheritdoc/>
    public override bool SharesPairRead => true;

    /// <inheritdoc/>
    public override long PairScratchLength(int batch, bool sharesInput) => (sharesInput ? 0 : PackedLength(batch)) + ProbedRows * ((long)InputLength + 1);

    /// <inheritdoc/>
    public override void ForwardPair(int batch, ParameterSet parameters, in Probe plus, ReadOnlySpan<float> xPlus, ReadOnlySpan<float> xMinus, Span<float> yPlus, Span<float> yMinus, Span<float> scratch, Span<float> pairScratch)
    {
        if (!_weight.Trainable || !_bias.Trainable)
        {
            base.ForwardPair(batch, parameters, plus, xPlus, xMinus, yPlus, yMinus, scratch, pairScratch);
            return;
        }

        if (batch == 1 && plus.Kind == NoiseKind.Sign && !IsDecoded)
        {
            parameters.ReadPair(_bias, plus, 0, yPlus, yMinus);
            Kernels.MatrixVectorPair(OutputLength, InputLength, Noise.Key(plus.Seed, _weight.NameHash), 0, plus.Scale, parameters[_weight], xPlus, xMinus, yPlus, yMinus);
        }
        else
        {
            bool packs = Kernels.PacksBatch(batch, OutputLength);
            int samples = packs ? PackedSamples : batch;
            for (int b = 0; b < batch; b += samples)
            {
                int count = Math.Min(samples, batch - b);
                var packedPlus = Pack(packs, count, xPlus, b, scratch);
                var packedMinus = xPlus == xMinus ? packedPlus : Pack(packs, count, xMinus, b, pairScratch);
                MultiplyPair(packs, count, parameters, plus, packedPlus, packedMinus, yPlus[(b * OutputLength)..], yMinus[(b * OutputLength)..], scratch[(packs ? packedPlus.Length : 0)..], pairScratch[(packs && xPlus != xMinus ? packedMinus.Length : 0)..]);
            }
        }

        Kernels.Activate(_activation, yPlus);
        Kernels.Activate(_activation, yMinus);
    }

    // Samples as the product reads them: packed into scratch, or as they lie.
    ReadOnlySpan<float> Pack(bool packs, int count, ReadOnlySpan<float> x, int first, Span<float> scratch)
    {
        var part = x.Slice(first * InputLength, count * InputLength);
        if (!packs) return part;
        var packed = scratch[..(int)Kernels.PackedBatchLength(count, InputLength)];
        Kernels.PackBatch(count, InputLength, part, packed);
        return packed;
    }

    void MultiplyPair(bool packs, int count, ParameterSet parameters, in Probe plus, ReadOnlySpan<float> xPlus, ReadOnlySpan<float> xMinus, Span<float> yPlus, Span<float> yMinus, Span<float> plusScratch, Span<float> minusScratch)
    {
        for (int r = 0; r < OutputLength; r += ProbedRows)
        {
            int rows = Math.Min(ProbedRows, OutputLength - r), length = rows * InputLength;
            parameters.ReadPair(_weight, plus, r * InputLength, plusScratch[..length], minusScratch[..length]);
            parameters.ReadPair(_bias, plus, r, plusScratch.Slice(length, rows), minusScratch.Slice(length, rows));
            Multiply(packs, count, plusScratch[..length], plusScratch.Slice(length, rows), xPlus, yPlus[r..]);
            Multiply(packs, count, minusScratch[..length], minusScratch.Slice(length, rows), xMinus, yMinus[r..]);
        }
    }

    void Multiply(bool packs, int count, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x, Span<float> y)
    {
        if (packs) Kernels.DenseForwardPacked(count, InputLength, w, bias, x, y, OutputLength);
        else Kernels.DenseForward(count, InputLength, w, bias, x, y, OutputLength);
    }

    /// <inheritdoc/>
    public override Activation? OutputActivation => _activation;

    /// <inheritdoc/>
    public override void LocalGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
    {
        if (dy != dz) dy.CopyTo(dz);
        Kernels.ActivationGradient(_activation, trace.Output, dz);
    }

    /// <inheritdoc/>
    public override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        sink.AcceptProduct(_weight, 0, new MatrixView(dz, trace.Batch, OutputLength).Transpose(), new MatrixView(trace.Input, trace.Batch, InputLength), scratch);
        if (trace.Batch > 1) Kernels.ColumnSums(trace.Batch, dz, scratch[..OutputLength]);
        sink.Accept(_bias, 0, trace.Batch > 1 ? scratch[..OutputLength] : dz);
    }

    /// <inheritdoc/>
    public override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => Kernels.Product(new MatrixView(dz, trace.Batch, OutputLength), new MatrixView(trace.Parameters[_weight], OutputLength, InputLength), dx, InputLength, scratch);
}
