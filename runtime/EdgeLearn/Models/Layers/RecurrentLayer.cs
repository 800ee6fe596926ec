using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// What recurrent layers share: the steps of time. At each, a row of sums is made for every sample, x[t] W_ih^T + h[t-1] W_hh^T + biases,
/// and a leaf makes the next state of it. States are samples x units, so that no product needs a transposed state and any batch size runs
/// at full width; the weights are transposed once a pass. Gradients go back through time in
/// <see cref="InnerGradient"/>: what dz holds afterwards is the gradients of the weights themselves and, if wanted, of the input, so that
/// its size does not grow with what the sums of all steps would take.
/// </summary>
/// <remarks>Tensors have PyTorch's names, gate orders and layouts: <c>weight_ih_l0</c> [gates * units x features], <c>weight_hh_l0</c>,
/// <c>bias_ih_l0</c>, <c>bias_hh_l0</c>.</remarks>
abstract partial class RecurrentLayer : Layer
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
    /// <param name="columns">sums of a row, in units: those of the input come first, those of the state last; the rest overlaps and is
    /// added up</param>
    /// <param name="shift">the gate whose sums the input's come first</param>
    /// <param name="parameters">takes the tensors</param>
    private protected RecurrentLayer(string name, Shape input, RecurrentSpec spec, int gates, int columns, int shift,
        ParameterSet parameters)
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

    /// <summary>Values of the state.</summary>
    private protected int Units => _spec.Units;

    int Steps => InputShape.Height;

    int Features => InputShape.Width;

    public override long MultiplyAdds => (long)Steps * _gates * (Features + Units);

    public override long InnerGradientMultiplyAdds => (long)(Steps - FirstLearning) * _gates * Units;

    public override string Describe() => _spec.ToString();

    public override bool GradientReadsOutput => _spec.IsSequence || !SavesSums;

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

    // Steps that gradients go through at most.
    int Window => Math.Min(_spec.Truncation ?? Steps, Steps);

    // Where only the last state has a gradient, steps before the last window get none.
    int FirstLearning => _spec.IsSequence ? 0 : Steps - Window;

    // The state and the cell before it are kept as well.
    int FirstKept => Math.Max(0, FirstLearning - 1);

    // Saved: sums and cells of the steps that learn, and their states but the last. A sequence has its states in the output.
    long KeptSums(int batch) => SavesSums ? (Steps - FirstLearning) * SumsLength(batch) : 0;

    long KeptCells(int batch) => HasCell ? (Steps - FirstKept) * StateLength(batch) : 0;

    // Two at least where steps come before them, which take turns.
    long KeptStates(int batch) => _spec.IsSequence ? 0 : Math.Max(Steps - 1 - FirstKept, FirstKept > 0 ? 2 : 0) * StateLength(batch);

    internal override LayerNeeds Needs(int batch, PassKind pass = default)
    {
        bool saves = pass.Saves;
        return new LayerNeeds
        {
            Saved = Math.Max(1, KeptSums(batch) + KeptCells(batch) + KeptStates(batch)), // never empty, which says that nothing is saved
            Sums = pass.IsPart ? GradientLength : 0,
            InnerGradient = GradientLength + (long)batch * InputLength,
            IsInPlace = false,
            ForwardScratch = (long)(Features + Units) * TransposedStride + _columns + Units
                + (saves && SavesSums ? 0 : SumsLength(batch))
                + (saves ? 0 : (_spec.IsSequence ? 0 : 2 * StateLength(batch)) + (HasCell ? StateLength(batch) : 0))
                + (HasCell ? StateLength(batch) : 0)
                + ReadLength(Copies(pass.IsProbed), pass.IsProbed) + ForwardProductScratch(batch),
            InnerScratch = InnerScratchLength(batch),
            ParameterScratch = ReadRows * (long)Math.Max(Features, Units),
        };
    }

    long ReadLength(bool copies, bool probed) => Math.Max(copies ? ReadRows * (long)Math.Max(Features, Units) : 0, probed ? _gates : 0);

    long ForwardProductScratch(int batch)
        => Math.Max(Kernels.ProductScratchLength(InputShapeOf(batch), new MatrixShape(Features, _gates, TransposedStride, 1)),
            Kernels.ProductScratchLength(StateShapeOf(batch), new MatrixShape(Units, _gates, TransposedStride, 1)));

    MatrixShape InputShapeOf(int batch) => new(batch, Features, Steps * Features, 1);

    // Of a state where its rows are farthest apart.
    MatrixShape StateShapeOf(int batch) => new(batch, Units, _spec.IsSequence ? Steps * Units : Units, 1);

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
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
            Kernels.Product(new MatrixView(x[(t * Features)..], batch, Features, Steps * Features, 1),
                new MatrixView(inputWeight, Features, _gates, stride, 1), sums, _columns, scratch, accumulate: true);
            if (t > 0)
            {
                Kernels.Product(new MatrixView(step.Before, batch, Units, step.BeforeStride, 1),
                    new MatrixView(stateWeight, Units, _gates, stride, 1), sums[(_columns - _gates)..], _columns, scratch,
                    accumulate: true);
            }
            Activate(step, sums, HasCell ? keptCells[CellAt(t, batch, saves)] : default,
                IsInOutput(t) ? y[StateAt(t, batch, saves)..] : states[StateAt(t, batch, saves)..]);
        }
    }

    // The buffers of a step: one set for each step whose are kept, else a set that is used over and over, which may be the first of those.
    Step StepAt(int t, int batch, ReadOnlySpan<float> sums, ReadOnlySpan<float> cells, ReadOnlySpan<float> states, ReadOnlySpan<float> y,
        ReadOnlySpan<float> zeros, bool kept)
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
        int length = (int)SumsLength(batch), start = kept && SavesSums ? Math.Max(0, t - FirstLearning) * length : 0;
        return start..(start + length);
    }

    Range CellAt(int t, int batch, bool kept)
    {
        int length = (int)StateLength(batch), start = kept ? Math.Max(0, t - FirstKept) * length : 0;
        return start..(start + length);
    }

    bool IsInOutput(int t) => _spec.IsSequence || t == Steps - 1;

    int StateAt(int t, int batch, bool kept)
        => _spec.IsSequence ? t * Units : t == Steps - 1 ? 0 : (kept ? StateSlot(t) : t % 2) * (int)StateLength(batch);

    // Earlier states take turns so that the last of them lies in the first place.
    int StateSlot(int t) => t >= FirstKept ? t - FirstKept : (FirstKept - t) % 2;

    // Columns of the transposed weights begin with the gate at the shift.
    void Transpose(ParameterSet parameters, in Probe probe, ParameterSlice weight, int length, int shift, Span<float> transposed,
        Span<float> scratch)
    {
        int block = Copies(!probe.IsNone) ? ReadRows : _gates;
        for (int begin = 0; begin < _gates;)
        {
            int end = begin < shift ? shift : _gates, rows = Math.Min(block, end - begin);
            var values = parameters.Read(weight, probe, begin * length, rows * length, scratch);
            Kernels.Transpose(rows, length, values, length, transposed[(begin < shift ? _gates - shift + begin : begin - shift)..],
                TransposedStride);
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
        TensorPrimitives.Add(bias[(_columns - _gates)..], state, bias[(_columns - _gates)..]);
    }
}
