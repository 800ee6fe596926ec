using System.Numerics.Tensors;

namespace EdgeLearn;

// The way back through time.
abstract partial class RecurrentLayer
{
    // Steps of a stretch, whose gradients by the sums are collected.
    int StretchSteps(int batch) => Math.Clamp(GradientRows / batch, 1, Steps);

    // Room for a stretch of this batch and of every smaller one, whose stretches may have more rows.
    int StretchRows(int batch) => (int)Math.Min((long)Steps * batch, Math.Max(batch, GradientRows));

    long InnerScratchLength(int batch)
    {
        // The last batch of an epoch is a short one, and a stretch of it may have more rows than one of a whole batch: 65 are 5 steps of 13
        // samples, 64 are 2 of 32.
        long longest = InnerScratchOf(batch);
        for (int rows = 1; rows < Math.Min(batch, GradientRows); rows++) longest = Math.Max(longest, InnerScratchOf(rows));
        return longest;
    }

    long InnerScratchOf(int batch)
        => StateLength(batch) * (HasCell ? 3 : 1) + Units + (long)StretchRows(batch) * (_columns + Units + Features)
            + (Copies(false) ? (long)_gates * (Units + Features) : 0) + GradientProductScratch(batch);

    long GradientProductScratch(int batch)
    {
        int rows = StretchRows(batch);
        MatrixShape sums = new(rows, _gates, _columns, 1), inputs = new(rows, Features), states = new(rows, Units);
        long weights =
            Math.Max(Kernels.ProductScratchLength(inputs.Transpose(), sums), Kernels.ProductScratchLength(states.Transpose(), sums));
        long signals =
            Math.Max(Kernels.ProductScratchLength(new MatrixShape(batch, _gates, _columns, 1), new MatrixShape(_gates, Units)),
            Kernels.ProductScratchLength(sums, new MatrixShape(_gates, Features)));
        return Math.Max(weights, signals);
    }

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

    internal override void InnerGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
    {
        int batch = trace.Batch, stretchSteps = StretchSteps(batch), state = (int)StateLength(batch);
        var gradients = new Gradients(dz, Features, Units, _gates, _columns);
        dz[..GradientLength].Clear();
        var dState = Take(ref scratch, state);
        var dCell = HasCell ? Take(ref scratch, state) : default;
        var zeros = Take(ref scratch, HasCell ? state + Units : Units);
        var stretch = new Stretch(Take(ref scratch, (long)StretchRows(batch) * (_columns + Units + Features)), StretchRows(batch), _columns,
            Units, Features);
        var stateWeight =
            trace.Parameters.Read(_stateWeight, Probe.None, 0, _stateWeight.Length,
            Copies(false) ? Take(ref scratch, _stateWeight.Length) : default);
        var inputWeight =
            trace.Parameters.Read(_inputWeight, Probe.None, 0, _inputWeight.Length,
            Copies(false) ? Take(ref scratch, _inputWeight.Length) : default);
        zeros.Clear();
        dCell.Clear();
        if (_spec.IsSequence) dState.Clear();
        else dy.CopyTo(dState);
        var saved = trace.Saved;
        var sums = saved[..(int)KeptSums(batch)];
        var cells = saved.Slice(sums.Length, (int)KeptCells(batch));
        var states = saved[(sums.Length + cells.Length)..];
        if (FirstLearning > 0 && trace.WantsInputGradient) gradients.Input.Clear();
        for (int end = Steps; end > FirstLearning; end -= stretchSteps)
        {
            int first = Math.Max(FirstLearning, end - stretchSteps);
            for (int t = end - 1; t >= first; t--)
            {
                var step = StepAt(t, batch, sums, cells, states, trace.Output, zeros, kept: true);
                int row = (t - first) * batch;
                if (_spec.IsSequence) AddRows(dy[(t * Units)..], batch, dState);
                var dSums = stretch.Sums.Slice(row * _columns, batch * _columns);
                Gradient(step, dState, dCell, dSums);
                if (BeginsWindow(t))
                {
                    dState.Clear();
                    dCell.Clear();
                }
                else
                {
                    Kernels.Product(new MatrixView(dSums[(_columns - _gates)..], batch, _gates, _columns, 1),
                        new MatrixView(stateWeight, _gates, Units), dState, Units, scratch, accumulate: true);
                }

                CopyRows(step.Before, step.BeforeStride, batch, Units, stretch.States[(row * Units)..]);
                CopyRows(trace.Input[(t * Features)..], Steps * Features, batch, Features, stretch.Inputs[(row * Features)..]);
            }

            AddGradients(gradients, stretch, (end - first) * batch, scratch);
            if (trace.WantsInputGradient) InputGradient(gradients, stretch, inputWeight, batch, first, end, scratch);
        }
    }

    // Windows lie one behind the other and end with the last step; nothing goes back from the first step of one.
    bool BeginsWindow(int t) => t == 0 || (Steps - t) % Window == 0;

    void AddRows(ReadOnlySpan<float> dy, int batch, Span<float> dState)
    {
        for (int b = 0; b < batch; b++)
        {
            var row = dState.Slice(b * Units, Units);
            TensorPrimitives.Add(row, dy.Slice(b * Steps * Units, Units), row);
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
        MatrixView input = new(stretch.Sums, rows, _gates, _columns, 1),
            state = new(stretch.Sums[(_columns - _gates)..], rows, _gates, _columns, 1);
        Kernels.Product(new MatrixView(stretch.Inputs, rows, Features).Transpose(), input, gradients.InputWeight, _gates, scratch,
            accumulate: true);
        Kernels.Product(new MatrixView(stretch.States, rows, Units).Transpose(), state, gradients.StateWeight, _gates, scratch,
            accumulate: true);
        Kernels.Product(new MatrixView(s_one, 1, rows, 0, 0), new MatrixView(stretch.Sums, rows, _columns), gradients.Biases, _columns,
            scratch, accumulate: true);
    }

    // The inputs of the stretch have served, so that their gradients may lie there before they go to their places.
    void InputGradient(Gradients gradients, Stretch stretch, ReadOnlySpan<float> weight, int batch, int first, int end, Span<float> scratch)
    {
        int rows = (end - first) * batch, head = _gates - _shift;
        Kernels.Product(new MatrixView(stretch.Sums, rows, head, _columns, 1),
            new MatrixView(weight[(_shift * Features)..], head, Features), stretch.Inputs, Features, scratch);
        if (_shift > 0)
        {
            Kernels.Product(new MatrixView(stretch.Sums[head..], rows, _shift, _columns, 1), new MatrixView(weight, _shift, Features),
                stretch.Inputs, Features, scratch, accumulate: true);
        }
        for (int t = first; t < end; t++)
        {
            for (int b = 0; b < batch; b++)
            {
                stretch.Inputs.Slice(((t - first) * batch + b) * Features, Features)
                    .CopyTo(gradients.Input[((b * Steps + t) * Features)..]);
            }
        }
    }

    int GradientLength => (Features + Units) * _gates + _columns;

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
        => HandOver(dz[..GradientLength], scratch, sink);

    public override bool TakesParts(int rows) => true;

    public override bool PartsDiffer => true; // whole: steps outside, samples inside

    internal override void AddGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
        => System.Numerics.Tensors.TensorPrimitives.Add(trace.Sums, dz[..GradientLength], trace.Sums);

    internal override void HandOver(ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
        int weights = (Features + Units) * _gates;
        Accept(_inputWeight, Features, _shift, sums[..(Features * _gates)], scratch, sink);
        Accept(_stateWeight, Units, 0, sums[(Features * _gates)..weights], scratch, sink);
        var biases = sums.Slice(weights, _columns);
        sink.Accept(_inputBias, _shift, biases[..(_gates - _shift)]);
        if (_shift > 0) sink.Accept(_inputBias, 0, biases[(_gates - _shift).._gates]);
        sink.Accept(_stateBias, 0, biases[(_columns - _gates)..]);
    }

    // Back from transposed columns to the rows of the weights, a few at a time.
    void Accept(ParameterSlice weight, int length, int shift, ReadOnlySpan<float> transposed, Span<float> scratch, GradientSink sink)
    {
        for (int begin = 0; begin < _gates;)
        {
            int end = begin < shift ? shift : _gates, rows = Math.Min(ReadRows, end - begin),
                column = begin < shift ? _gates - shift + begin : begin - shift;
            var panel = scratch[..(rows * length)];
            Kernels.Transpose(length, rows, transposed[column..], _gates, panel, length);
            sink.Accept(weight, begin * length, panel);
            begin += rows;
        }
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => dz[^dx.Length..].CopyTo(dx);
}
