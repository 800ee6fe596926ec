namespace EdgeLearn.Tests;

/// <summary>
/// Recurrent layers in double, step by step, with windows: what a window begins with is a constant, taken from a run with the values as
/// they were. The sum that a <see cref="LayerCase"/> is held against, and its central differences.
/// </summary>
sealed class ReferenceRecurrent
{
    readonly LayerCase _case;
    readonly RecurrentSpec _spec;
    readonly int _window;
    readonly int _steps;
    readonly int _features;
    readonly Dictionary<(int Sample, int Step), (double[] State, double[] Cell)> _constants = [];

    public ReferenceRecurrent(LayerCase layer, int window)
    {
        _case = layer;
        _spec = (RecurrentSpec)layer.Spec;
        _window = window;
        (_steps, _features) = (layer.Layer.InputShape.Height, layer.Layer.InputShape.Width);
        Input = [.. layer.X.Select(value => (double)value)];
        foreach (var slice in layer.Layer.Slices)
            Weights[slice.Name] = [.. layer.Parameters[slice].ToArray().Select(value => (double)value)];
        Loss(keepsConstants: true);
    }

    public double[] Input { get; }

    public Dictionary<string, double[]> Weights { get; } = [];

    int Units => _spec.Units;

    public double[] Differences(double[] values)
    {
        const double Step = 1e-5;
        double[] differences = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            double kept = values[i];
            values[i] = kept + Step;
            double plus = Loss(keepsConstants: false);
            values[i] = kept - Step;
            differences[i] = (plus - Loss(keepsConstants: false)) / (2 * Step);
            values[i] = kept;
        }

        return differences;
    }

    double Loss(bool keepsConstants)
    {
        double loss = 0;
        for (int b = 0; b < _case.Batch; b++)
        {
            double[] state = new double[Units], cell = new double[Units];
            for (int t = 0; t < _steps; t++)
            {
                bool begins = t == 0 || (_steps - t) % _window == 0;
                if (begins && keepsConstants) _constants[(b, t)] = ([.. state], [.. cell]);
                if (begins) (state, cell) = ([.. _constants[(b, t)].State], [.. _constants[(b, t)].Cell]);
                (state, cell) = Next(b, t, state, cell);
                if (_spec.IsSequence) loss += Weighted(state, (b * _steps + t) * Units);
            }

            if (!_spec.IsSequence) loss += Weighted(state, b * Units);
        }

        return loss;
    }

    double Weighted(double[] state, int at) => state.Select((value, u) => value * _case.C[at + u]).Sum();

    static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    (double[] State, double[] Cell) Next(int sample, int t, double[] state, double[] cell)
    {
        double Input(int gate, int u) => Sum("ih", gate * Units + u, _features, i => this.Input[(sample * _steps + t) * _features + i]);
        double Back(int gate, int u) => Sum("hh", gate * Units + u, Units, i => state[i]);
        double[] next = new double[Units];
        double[] nextCell = new double[Units];
        for (int u = 0; u < Units; u++)
        {
            double Both(int gate) => Input(gate, u) + Back(gate, u);
            switch (_spec)
            {
                case RnnSpec rnn:
                    next[u] = rnn.Activation == Activation.Relu ? Math.Max(0, Both(0)) : Math.Tanh(Both(0));
                    break;
                case GruSpec:
                    double n = Math.Tanh(Input(2, u) + Sigmoid(Both(0)) * Back(2, u));
                    next[u] = n + Sigmoid(Both(1)) * (state[u] - n);
                    break;
                default:
                    nextCell[u] = Sigmoid(Both(1)) * cell[u] + Sigmoid(Both(0)) * Math.Tanh(Both(2));
                    next[u] = Sigmoid(Both(3)) * Math.Tanh(nextCell[u]);
                    break;
            }
        }

        return (next, nextCell);
    }

    double Sum(string kind, int row, int length, Func<int, double> value)
    {
        double sum = Weights[$"layers.0.bias_{kind}_l0"][row];
        for (int i = 0; i < length; i++) sum += Weights[$"layers.0.weight_{kind}_l0"][row * length + i] * value(i);
        return sum;
    }
}
