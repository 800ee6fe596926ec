namespace EdgeLearn;

/// <summary>
/// What recurrent layers share: the steps of time. At each, a row of sums is made for every sample, x[t] W_ih^T + h[t-1] W_hh^T + biases, and a leaf makes the next state of it. States are
/// samples x units, so that no product needs a transposed state and any batch size runs at full width; the weights are transposed once a pass. Gradients go back through time in
/// <see cref="LocalGradient"/>: what dz holds afterwards is the gradients of the weights themselves and, if wanted, of the input, so that its size does not grow with what the sums of all steps would take.
/// </summary>
/// <remarks>Tensors have PyTorch's names, gate orders and layouts: <c>weight_ih_l0</c> [gates * units x features], <c>weight_hh_l0</c>, <c>bias_ih_l0</c>, <c>bias_hh_l0</c>.</remarks>
public abstract class RecurrentLayer : Layer
{
    // Rows of weights that are read at a time where a read makes a copy.
    const int ReadRows = 16;

    // Samples whose local gradients are collected for one product with the inputs: deep enough that adding to the sums costs little.
    const int GradientRows = 64;

    readonly RecurrentSpec _spec;
    readonly int _gates;
    readonly int _columns;
    readonly int _shift;
    readonly ParameterSlice _inputWeight;
    readonly ParameterSlice _stateWeight;
    readonly ParameterSlice _inputBias;
    readonly ParameterSlice _stateBias;

    /// <summary>Describes the layer and its four tensors.</summary>
    /// <param name="name">first part of the tensors' names</param>
    /// <param name="input">steps x features</param>
    /// <param name="spec">units, and what comes out</param>
    /// <param name="gates">rows of the weights, in units</param>
    /// <param name="columns">sums of a row, in units: those of the input come first, those of the state last; the rest overlaps and is added up</param>
    /// <param name="shift">the gate whose sums the input's come first</param>
    /// <param name="parameters">takes the tensors</param>
    private protected RecurrentLayer(string name, Shape input, RecurrentSpec spec, int gates, int columns, int shift, ParameterSet parameters)
        : base(name, input, spec.OutputShape(input, name))
    {
        _spec = spec;
        _gates = gates * spec.Units;
        _columns = columns * spec.Units;
        _shift = shift * spec.Units;
        _inputWeight = parameters.Add(name + ".weight_ih_l0", [_gates, Features], decay: true);
        _stateWeight = parameters.Add(name + ".weight_hh_l0", [_gates, Units], decay: true);
        _inputBias = parameters.Add(name + ".bias_ih_l0", [_gates], decay: false);
        _stateBias = parameters.Add(name + ".bias_hh_l0", [_gates], decay: false);
        Slices = [_inputWeight, _stateWeight, _inputBias, _stateBias];
    }

    /// <summary>What a step reads; on the way back, what it left too.</summary>
    private protected ref struct Step
    {
        /// <summary>Samples.</summary>
        public int Batch;

        /// <summary>[batch x columns]: what the step made of its sums.</summary>
        public ReadOnlySpan<float> Sums;

        /// <summary>[batch x units]: cells before and after; empty for layers without.</summary>
        public ReadOnlySpan<float> CellBefore, Cell;

        /// <summary>States before and after: those of neighbouring samples are a stride apart.</summary>
        public ReadOnlySpan<float> Before, State;

        /// <summary>Distances between the states of neighbouring samples; 0 before the first step.</summary>
        public int BeforeStride, StateStride;
    }

    /// <summary>Whether a cell goes from step to step beside the state.</summary>
    private protected virtual bool HasCell => false;

    /// <summary>Whether the way back needs what <see cref="Activate"/> made of the sums, and not the states alone.</summary>
    private protected virtual bool SavesSums => true;

    /// <summary>New states (and cells) from sums.</summary>
    /// <param name="step">what came before</param>
    /// <param name="sums">[batch x columns], overwritten with what the way back needs</param>
    /// <param name="cell">[batch x units], written; may be the cells before</param>
    /// <param name="state">written, at the step's stride</param>
    private protected abstract void Activate(in Step step, Span<float> sums, Span<float> cell, Span<float> state);

    /// <summary>Gradients by the sums from those by the states.</summary>
    /// <param name="step">as <see cref="Activate"/> left it</param>
    /// <param name="dState">[batch x units] by the new state in; the part that the state before gets directly out</param>
    /// <param name="dCell">[batch x units] by the new cell in, by the cell before out</param>
    /// <param name="dSums">[batch x columns], written</param>
    private protected abstract void Gradient(in Step step, Span<float> dState, Span<float> dCell, Span<float> dSums);

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSlice> Slices { get; }

    /// <summary>Values of the state.</summary>
    private protected int Units => _spec.Units;

    int Steps => InputShape.Height;

    int Features => InputShape.Width;

    /// <inheritdoc/>
    public override long MultiplyAdds => (long)Steps * _gates * (Features + Units);

    /// <inheritdoc/>
    public override long LocalGradientMultiplyAdds => (long)Steps * _gates * Units;

    /// <inheritdoc/>
    public override string Describe() => _spec.ToString();

    /// <inheritdoc/>
    public override bool GradientReadsOutput => _spec.IsSequence || !SavesSums;

    /// <inheritdoc/>
    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        Initialisation.Uniform(parameters, seed, _inputWeight, _inputBias, Units, Activation.Identity);
        Initialisation.Uniform(parameters, seed, _stateWeight, _stateBias, Units, Activation.Identity);
    }

    // Rows of transposed weights at a distance that does not make them share cache sets.
    int TransposedStride => _gates % 256 == 0 ? _gates + 16 : _gates;

    bool Copies(bool probed) => probed || !_inputWeight.IsReadInPlace;

    long SumsLength(int batch) => (long)batch * _columns;

    long StateLength(int batch) => (long)batch * Units;

    // Saved: sums of all steps, cells of all steps, states of all steps but the last. A sequence has its states in the output.
    long KeptSums(int batch) => SavesSums ? Steps * SumsLength(batch) : 0;

    long KeptCells(int batch) => HasCell ? Steps * StateLength(batch) : 0;

    /// <inheritdoc/>
    public override long SavedLength(int batch) => Math.Max(1, KeptSums(batch) + KeptCells(batch) + (_spec.IsSequence ? 0 : (Steps - 1) * StateLength(batch))); // never empty, which says that nothing is saved

    /// <inheritdoc/>
    public override long ForwardScratchLength(int batch, bool probed, bool saves)
        => (long)(Features + Units) * TransposedStride + _columns + Units
            + (saves && SavesSums ? 0 : SumsLength(batch))
            + (saves ? 0 : (_spec.IsSequence ? 0 : 2 * StateLength(batch)) + (HasCell ? StateLength(batch) : 0))
            + (HasCell ? StateLength(batch) : 0)
            + ReadLength(Copies(probed), probed) + ForwardProductScratch(batch);

    long ReadLength(bool copies, bool probed) => Math.Max(copies ? ReadRows * (long)Math.Max(Features, Units) : 0, probed ? _gates : 0);

    long ForwardProductScratch(int batch)
        => Math.Max(Kernels.ProductScratchLength(InputShapeOf(batch), new MatrixShape(Features, _gates, TransposedStride, 1)), Kernels.ProductScratchLength(StateShapeOf(batch), new MatrixShape(Units, _gates, TransposedStride, 1)));

    MatrixShape InputShapeOf(int batch) => new(batch, Features, Steps * Features, 1);

    // Of a state where its rows are farthest apart.
    MatrixShape StateShapeOf(int batch) => new(batch, Units, _spec.IsSequence ? Steps * Units : Units, 1);

    static Span<float> Take(ref Span<float> rest, long length)
    {
        var taken = rest[..(int)length];
        rest = rest[(int)length..];
        return taken;
    }

    /// <inheritdoc/>
    public override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y, Span<float> saved, Span<float> scratch)
    {
        bool saves = !saved.IsEmpty;
        int stride = TransposedStride;
        var inputWeight = Take(ref scratch, Features * stride);
        var stateWeight = Take(ref scratch, Units * stride);
        var bias = Take(ref scratch, _columns);
        var zeros = Take(ref scratch, HasCell ? StateLength(batch) + Units : Units);
        zeros.Clear();
        var keptSums = saves && SavesSums ? Take(ref saved, KeptSums(batch)) : Take(ref scratch, SumsLength(batch));
        var keptCells = HasCell ? saves ? Take(ref saved, KeptCells(batch)) : Take(ref scratch, StateLength(batch)) : default;
        var states = _spec.IsSequence ? y : saves ? saved : Take(ref scratch, 2 * StateLength(batch));
        Transpose(parameters, mode.Probe, _inputWeight, Features, _shift, inputWeight, scratch);
        Transpose(parameters, mode.Probe, _stateWeight, Units, 0, stateWeight, scratch);
        ReadBias(parameters, mode.Probe, bias, scratch);
        for (int t = 0; t < Steps; t++)
        {
            var step = StepAt(t, batch, keptSums, keptCells, states, y, zeros, saves);
            var sums = keptSums[SumsAt(t, batch, saves)];
            for (int b = 0; b < batch; b++) bias.CopyTo(sums[(b * _columns)..]);
            Kernels.Product(new MatrixView(x[(t * Features)..], batch, Features, Steps * Features, 1), new MatrixView(inputWeight, Features, _gates, stride, 1), sums, _columns, scratch, accumulate: true);
            if (t > 0) Kernels.Product(new MatrixView(step.Before, batch, Units, step.BeforeStride, 1), new MatrixView(stateWeight, Units, _gates, stride, 1), sums[(_columns - _gates)..], _columns, scratch, accumulate: true);
            Activate(step, sums, HasCell ? keptCells[CellAt(t, batch, saves)] : default, IsInOutput(t) ? y[StateAt(t, batch, saves)..] : states[StateAt(t, batch, saves)..]);
        }
    }

    // The buffers of a step: one set for each step where they are kept, else a set that is used over and over.
    Step StepAt(int t, int batch, ReadOnlySpan<float> sums, ReadOnlySpan<float> cells, ReadOnlySpan<float> states, ReadOnlySpan<float> y, ReadOnlySpan<float> zeros, bool kept)
    {
        int stride = _spec.IsSequence ? Steps * Units : Units;
        return new Step
        {
            Batch = batch,
            Sums = SavesSums ? sums[SumsAt(t, batch, kept)] : default,
            Cell = HasCell ? cells[CellAt(t, batch, kept)] : default,
            CellBefore = !HasCell ? default : t == 0 ? zeros[..(int)StateLength(batch)] : cells[CellAt(t - 1, batch, kept)],
            State = (IsInOutput(t) ? y : states)[StateAt(t, batch, kept)..],
            StateStride = stride,
            Before = t == 0 ? zeros : (IsInOutput(t - 1) ? y : states)[StateAt(t - 1, batch, kept)..],
            BeforeStride = t == 0 ? 0 : stride,
        };
    }

    Range SumsAt(int t, int batch, bool kept)
    {
        int length = (int)SumsLength(batch), start = kept && SavesSums ? t * length : 0;
        return start..(start + length);
    }

    Range CellAt(int t, int batch, bool kept)
    {
        int length = (int)StateLength(batch), start = kept ? t * length : 0;
        return start..(start + length);
    }

    bool IsInOutput(int t) => _spec.IsSequence || t == Steps - 1;

    int StateAt(int t, int batch, bool kept) => _spec.IsSequence ? t * Units : t == Steps - 1 ? 0 : (kept ? t : t % 2) * (int)StateLength(batch);

    // Columns of the transposed weights begin with the gate at the shift.
    void Transpose(ParameterSet parameters, in Probe probe, ParameterSlice weight, int length, int shift, Span<float> transposed, Span<float> scratch)
    {
        int block = Copies(!probe.IsNone) ? ReadRows : _gates;
        for (int begin = 0; begin < _gates;)
        {
            int end = begin < shift ? shift : _gates, rows = Math.Min(block, end - begin);
            var values = parameters.Read(weight, probe, begin * length, rows * length, scratch);
            Kernels.Transpose(rows, length, values, length, transposed[(begin < shift ? _gates - shift + begin : begin - shift)..], TransposedStride);
            begin += rows;
        }
    }

    void ReadBias(ParameterSet parameters, in Probe probe, Span<float> bias, Span<float> scratch)
    {
        bias.Clear();
        var input = parameters.Read(_inputBias, probe, 0, _gates, scratch);
        input[_shift..].CopyTo(bias);
        input[.._shift].CopyTo(bias[(_gates - _shift)..]);
        var state = parameters.Read(_stateBias, probe, 0, _gates, scratch);
        System.Numerics.Tensors.TensorPrimitives.Add(bias[(_columns - _gates)..], state, bias[(_columns - _gates)..]);
    }

    // dz: transposed gradients of the weights, gradients of the sums' biases, gradient of the input.
    /// <inheritdoc/>
    public override long GradientLength(int batch) => (long)(Features + Units) * _gates + _columns + (long)batch * InputLength;

    // Steps of a stretch, whose gradients by the sums are collected.
    int StretchSteps(int batch) => Math.Clamp(GradientRows / batch, 1, Steps);

    // Room for a stretch of this batch and of every smaller one, whose stretches may have more rows.
    int StretchRows(int batch) => (int)Math.Min((long)Steps * batch, Math.Max(batch, GradientRows));

    /// <inheritdoc/>
    public override long LocalGradientScratchLength(int batch)
    {
        // The last batch of an epoch is a short one, and a stretch of it may have more rows than one of a whole batch: 65 are 5 steps of 13 samples, 64 are 2 of 32.
        long longest = LocalGradientScratch(batch);
        for (int rows = 1; rows < Math.Min(batch, GradientRows); rows++) longest = Math.Max(longest, LocalGradientScratch(rows));
        return longest;
    }

    long LocalGradientScratch(int batch)
        => StateLength(batch) * (HasCell ? 3 : 1) + Units + (long)StretchRows(batch) * (_columns + Units + Features)
            + (Copies(false) ? (long)_gates * (Units + Features) : 0) + GradientProductScratch(batch);

    long GradientProductScratch(int batch)
    {
        int rows = StretchRows(batch);
        MatrixShape sums = new(rows, _gates, _columns, 1), inputs = new(rows, Features), states = new(rows, Units);
        long weights = Math.Max(Kernels.ProductScratchLength(inputs.Transpose(), sums), Kernels.ProductScratchLength(states.Transpose(), sums));
        long signals = Math.Max(Kernels.ProductScratchLength(new MatrixShape(batch, _gates, _columns, 1), new MatrixShape(_gates, Units)), Kernels.ProductScratchLength(sums, new MatrixShape(_gates, Features)));
        return Math.Max(weights, signals);
    }

    /// <inheritdoc/>
    public override long GradientScratchLength(int batch) => ReadRows * (long)Math.Max(Features, Units);

    // Where the parts of dz lie.
    ref struct Gradients(Span<float> dz, int features, int units, int gates, int columns)
    {
        public readonly Span<float> InputWeight = dz[..(features * gates)];
        public readonly Span<float> StateWeight = dz.Slice(features * gates, units * gates);
        public readonly Span<float> Biases = dz.Slice((features + units) * gates, columns);
        public readonly Span<float> Input = dz[((features + units) * gates + columns)..];
    }

    // What a stretch of steps collects: a row for each step and sample.
    ref struct Stretch(Span<float> scratch, int rows, int columns, int units, int features)
    {
        public readonly Span<float> Sums = scratch[..(rows * columns)];
        public readonly Span<float> States = scratch.Slice(rows * columns, rows * units);
        public readonly Span<float> Inputs = scratch.Slice(rows * (columns + units), rows * features);
    }

    /// <inheritdoc/>
    public override void LocalGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
    {
        int batch = trace.Batch, stretchSteps = StretchSteps(batch), state = (int)StateLength(batch);
        var gradients = new Gradients(dz, Features, Units, _gates, _columns);
        dz[..((Features + Units) * _gates + _columns)].Clear();
        var dState = Take(ref scratch, state);
        var dCell = HasCell ? Take(ref scratch, state) : default;
        var zeros = Take(ref scratch, HasCell ? state + Units : Units);
        var stretch = new Stretch(Take(ref scratch, (long)StretchRows(batch) * (_columns + Units + Features)), StretchRows(batch), _columns, Units, Features);
        var stateWeight = trace.Parameters.Read(_stateWeight, Probe.None, 0, _stateWeight.Length, Copies(false) ? Take(ref scratch, _stateWeight.Length) : default);
        var inputWeight = trace.Parameters.Read(_inputWeight, Probe.None, 0, _inputWeight.Length, Copies(false) ? Take(ref scratch, _inputWeight.Length) : default);
        zeros.Clear();
        dCell.Clear();
        if (_spec.IsSequence) dState.Clear();
        else dy.CopyTo(dState);
        var saved = trace.Saved;
        var sums = saved[..(int)KeptSums(batch)];
        var cells = saved.Slice(sums.Length, (int)KeptCells(batch));
        var states = saved[(sums.Length + cells.Length)..];
        for (int end = Steps; end > 0; end -= stretchSteps)
        {
            int first = Math.Max(0, end - stretchSteps);
            for (int t = end - 1; t >= first; t--)
            {
                var step = StepAt(t, batch, sums, cells, states, trace.Output, zeros, kept: true);
                int row = (t - first) * batch;
                if (_spec.IsSequence) AddRows(dy[(t * Units)..], batch, dState);
                var dSums = stretch.Sums.Slice(row * _columns, batch * _columns);
                Gradient(step, dState, dCell, dSums);
                if (t > 0) Kernels.Product(new MatrixView(dSums[(_columns - _gates)..], batch, _gates, _columns, 1), new MatrixView(stateWeight, _gates, Units), dState, Units, scratch, accumulate: true);
                CopyRows(step.Before, step.BeforeStride, batch, Units, stretch.States[(row * Units)..]);
                CopyRows(trace.Input[(t * Features)..], Steps * Features, batch, Features, stretch.Inputs[(row * Features)..]);
            }

            AddGradients(gradients, stretch, (end - first) * batch, scratch);
            if (trace.WantsInputGradient) InputGradient(gradients, stretch, inputWeight, batch, first, end, scratch);
        }
    }

    void AddRows(ReadOnlySpan<float> dy, int batch, Span<float> dState)
    {
        for (int b = 0; b < batch; b++)
        {
            var row = dState.Slice(b * Units, Units);
            System.Numerics.Tensors.TensorPrimitives.Add(row, dy.Slice(b * Steps * Units, Units), row);
        }
    }

    static void CopyRows(ReadOnlySpan<float> rows, int stride, int count, int length, Span<float> copy)
    {
        for (int b = 0; b < count; b++) rows.Slice(b * stride, length).CopyTo(copy[(b * length)..]);
    }

    static readonly float[] s_one = [1];

    // The gradients of the weights over the rows of a stretch, and of the biases: one row of ones times the gradients by the sums.
    void AddGradients(Gradients gradients, Stretch stretch, int rows, Span<float> scratch)
    {
        MatrixView input = new(stretch.Sums, rows, _gates, _columns, 1), state = new(stretch.Sums[(_columns - _gates)..], rows, _gates, _columns, 1);
        Kernels.Product(new MatrixView(stretch.Inputs, rows, Features).Transpose(), input, gradients.InputWeight, _gates, scratch, accumulate: true);
        Kernels.Product(new MatrixView(stretch.States, rows, Units).Transpose(), state, gradients.StateWeight, _gates, scratch, accumulate: true);
        Kernels.Product(new MatrixView(s_one, 1, rows, 0, 0), new MatrixView(stretch.Sums, rows, _columns), gradients.Biases, _columns, scratch, accumulate: true);
    }

    // The inputs of the stretch have served, so that their gradients may lie there before they go to their places.
    void InputGradient(Gradients gradients, Stretch stretch, ReadOnlySpan<float> weight, int batch, int first, int end, Span<float> scratch)
    {
        int rows = (end - first) * batch, head = _gates - _shift;
        Kernels.Product(new MatrixView(stretch.Sums, rows, head, _columns, 1), new MatrixView(weight[(_shift * Features)..], head, Features), stretch.Inputs, Features, scratch);
        if (_shift > 0) Kernels.Product(new MatrixView(stretch.Sums[head..], rows, _shift, _columns, 1), new MatrixView(weight, _shift, Features), stretch.Inputs, Features, scratch, accumulate: true);
        for (int t = first; t < end; t++)
        {
            for (int b = 0; b < batch; b++) stretch.Inputs.Slice(((t - first) * batch + b) * Features, Features).CopyTo(gradients.Input[((b * Steps + t) * Features)..]);
        }
    }

    /// <inheritdoc/>
    public override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        int weights = (Features + Units) * _gates;
        Accept(_inputWeight, Features, _shift, dz[..(Features * _gates)], scratch, sink);
        Accept(_stateWeight, Units, 0, dz[(Features * _gates)..weights], scratch, sink);
        var biases = dz.Slice(weights, _columns);
        sink.Accept(_inputBias, _shift, biases[..(_gates - _shift)]);
        if (_shift > 0) sink.Accept(_inputBias, 0, biases[(_gates - _shift).._gates]);
        sink.Accept(_stateBias, 0, biases[(_columns - _gates)..]);
    }

    // Back from transposed columns to the rows of the weights, a few at a time.
    void Accept(ParameterSlice weight, int length, int shift, ReadOnlySpan<float> transposed, Span<float> scratch, GradientSink sink)
    {
        for (int begin = 0; begin < _gates;)
        {
            int end = begin < shift ? shift : _gates, rows = Math.Min(ReadRows, end - begin), column = begin < shift ? _gates - shift + begin : begin - shift;
            var panel = scratch[..(rows * length)];
            Kernels.Transpose(length, rows, transposed[column..], _gates, panel, length);
            sink.Accept(weight, begin * length, panel);
            begin += rows;
        }
    }

    /// <inheritdoc/>
    public override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch) => dz[^dx.Length..].CopyTo(dx);
}
