namespace EdgeLearn;

/// <summary>
/// A weighted sum of rows inside a block: y = x W^T + b, W [outputs x inputs]. Its gradients are added to sums that the block keeps.
/// </summary>
sealed class Linear
{
    // Rows of weights that are packed at a time: a tile of the widest registers.
    const int PackedRows = 32;

    /// <summary>
    /// Rows from which on it costs less to pack the weights, once for all of them, than to pack the rows and to turn what comes out.
    /// </summary>
    public const int ManyRows = 64;

    readonly ParameterSlice _weight;
    readonly ParameterSlice _bias;

    /// <summary>Describes the two tensors.</summary>
    public Linear(string weight, string bias, int inputs, int outputs, ParameterSet parameters)
    {
        Inputs = inputs;
        Outputs = outputs;
        _weight = parameters.Add(weight, [outputs, inputs], decay: true);
        _bias = parameters.Add(bias, [outputs], decay: false);
    }

    /// <summary>Values of a row coming in.</summary>
    public int Inputs { get; }

    /// <summary>Values of a row going out.</summary>
    public int Outputs { get; }

    /// <summary>Weight and bias.</summary>
    public IEnumerable<ParameterSlice> Slices => [_weight, _bias];

    /// <summary>Floats in both tensors.</summary>
    public int Length => _weight.Length + _bias.Length;

    bool Copies(bool probed) => probed || !_weight.IsReadInPlace;

    /// <summary>Floats of scratch that <see cref="Read"/> takes.</summary>
    public long ReadScratchLength(bool probed) => Copies(probed) ? _weight.Length + Outputs : 0;

    bool PacksWeights(int allRows) => allRows >= ManyRows && Outputs >= PackedRows / 2;

    /// <summary>Floats of scratch that <see cref="ReadForward"/> takes.</summary>
    /// <param name="allRows">rows of all passes</param>
    /// <param name="probed">whether there is a perturbation</param>
    public long ReadForwardScratchLength(int allRows, bool probed)
        => PacksWeights(allRows) ? _weight.Length + (Copies(probed) ? Outputs : 0) : ReadScratchLength(probed);

    /// <summary>Floats of scratch that <see cref="ReadForward"/> needs besides, but does not take.</summary>
    /// <param name="allRows">rows of all passes</param>
    /// <param name="probed">whether there is a perturbation</param>
    public long ReadForwardPanelLength(int allRows, bool probed)
        => PacksWeights(allRows) && Copies(probed) ? (long)Math.Min(PackedRows, Outputs) * Inputs : 0;

    /// <summary>Floats of scratch for <see cref="Forward"/>.</summary>
    /// <param name="rows">rows of a pass</param>
    /// <param name="allRows">rows of all passes</param>
    public long ForwardScratchLength(int rows, int allRows)
        => PacksWeights(allRows) ? 0 : Kernels.DenseForwardScratchLength(rows, Inputs, Outputs);

    /// <summary>Weight and bias as a pass reads them.</summary>
    public readonly ref struct Weights(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, bool isPacked)
    {
        /// <summary>[outputs x inputs], or packed.</summary>
        public ReadOnlySpan<float> Weight { get; } = weight;

        /// <summary>[outputs].</summary>
        public ReadOnlySpan<float> Bias { get; } = bias;

        /// <summary>Whether the weights are packed, for <see cref="Forward"/> alone.</summary>
        public bool IsPacked { get; } = isPacked;
    }

    /// <summary>Reads both tensors, once for all rows: where they lie, or copied and perturbed.</summary>
    /// <param name="parameters">the network's weights</param>
    /// <param name="probe">how they are read</param>
    /// <param name="scratch">what is taken for copies is cut off</param>
    public Weights Read(ParameterSet parameters, in Probe probe, ref Span<float> scratch)
    {
        var copies = Layer.Take(ref scratch, ReadScratchLength(!probe.IsNone));
        return new Weights(parameters.Read(_weight, probe, 0, _weight.Length, copies),
            ReadBias(parameters, probe, copies.IsEmpty ? default : copies[_weight.Length..]), isPacked: false);
    }

    ReadOnlySpan<float> ReadBias(ParameterSet parameters, in Probe probe, Span<float> copy)
        => parameters.Read(_bias, probe, 0, Outputs, copy);

    /// <summary>Reads both tensors as <see cref="Forward"/> likes them best: packed when there are many rows.</summary>
    /// <param name="parameters">the network's weights</param>
    /// <param name="probe">how they are read</param>
    /// <param name="allRows">rows of all passes</param>
    /// <param name="scratch">[<see cref="ReadForwardScratchLength"/>] and [<see cref="ReadForwardPanelLength"/>]; the first is taken and
    /// cut off</param>
    public Weights ReadForward(ParameterSet parameters, in Probe probe, int allRows, ref Span<float> scratch)
    {
        if (!PacksWeights(allRows)) return Read(parameters, probe, ref scratch);
        bool copies = Copies(!probe.IsNone);
        var packed = Layer.Take(ref scratch, _weight.Length);
        var bias = ReadBias(parameters, probe, copies ? Layer.Take(ref scratch, Outputs) : default);
        var panel = scratch[..(int)ReadForwardPanelLength(allRows, !probe.IsNone)];
        for (int first = 0; first < Outputs; first += PackedRows)
        {
            int rows = Math.Min(PackedRows, Outputs - first), length = rows * Inputs;
            Kernels.PackWeights(rows, Inputs, parameters.Read(_weight, probe, first * Inputs, length, panel),
                packed.Slice(first * Inputs, length));
        }

        return new Weights(packed, bias, isPacked: true);
    }

    /// <summary>Uniform in +-1 / sqrt(inputs), as PyTorch's linear layers.</summary>
    public void Initialise(ParameterSet parameters, ulong seed)
        => Initialisation.Uniform(parameters, seed, _weight, _bias, Inputs, Activation.Identity);

    /// <summary>y = x W^T + b.</summary>
    /// <param name="rows">rows</param>
    /// <param name="weights">of <see cref="ReadForward"/> or <see cref="Read"/></param>
    /// <param name="x">[rows x inputs]</param>
    /// <param name="y">[rows x outputs], written</param>
    /// <param name="scratch">[<see cref="ForwardScratchLength"/>]</param>
    public void Forward(int rows, Weights weights, ReadOnlySpan<float> x, Span<float> y, Span<float> scratch)
    {
        if (weights.IsPacked)
        {
            Kernels.DenseForwardByRows(rows, Inputs, weights.Weight, weights.Bias, x[..(rows * Inputs)], y[..(rows * Outputs)]);
            return;
        }

        Kernels.DenseForward(rows, Inputs, weights.Weight, weights.Bias, x[..(rows * Inputs)], y, Outputs, scratch);
    }

    /// <summary>Floats of scratch for <see cref="AddGradients"/> and <see cref="InputGradient"/>.</summary>
    public long GradientScratchLength(int rows) => Math.Max(
        Kernels.ProductScratchLength(new MatrixShape(rows, Outputs).Transpose(), new MatrixShape(rows, Inputs)),
        Kernels.ProductScratchLength(new MatrixShape(rows, Outputs), new MatrixShape(Outputs, Inputs)));

    static readonly float[] s_one = [1];

    /// <summary>Adds dy^T x and the column sums of dy to the sums of gradients.</summary>
    /// <param name="rows">rows</param>
    /// <param name="x">[rows x inputs]</param>
    /// <param name="dy">[rows x outputs]</param>
    /// <param name="sums">[<see cref="Length"/>]: weights, then biases</param>
    /// <param name="scratch">[<see cref="GradientScratchLength"/>]</param>
    public void AddGradients(int rows, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> sums, Span<float> scratch)
    {
        var gradients = new MatrixView(dy, rows, Outputs);
        Kernels.Product(gradients.Transpose(), new MatrixView(x, rows, Inputs), sums[.._weight.Length], Inputs, scratch, accumulate: true);
        // a row of ones
        Kernels.Product(new MatrixView(s_one, 1, rows, 0, 0), gradients, sums[_weight.Length..], Outputs, default, accumulate: true);
    }

    /// <summary>dx = dy W.</summary>
    public void InputGradient(int rows, Weights weights, ReadOnlySpan<float> dy, Span<float> dx, Span<float> scratch)
        => Kernels.Product(new MatrixView(dy, rows, Outputs), new MatrixView(weights.Weight, Outputs, Inputs), dx, Inputs, scratch);

    /// <summary>Hands the sums of gradients on.</summary>
    public void Accept(ReadOnlySpan<float> sums, GradientSink sink)
    {
        sink.Accept(_weight, 0, sums[.._weight.Length]);
        sink.Accept(_bias, 0, sums[_weight.Length..]);
    }
}
