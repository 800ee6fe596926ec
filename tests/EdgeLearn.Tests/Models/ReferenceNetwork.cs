namespace EdgeLearn.Tests;

/// <summary>
/// The network's formula in double, one value at a time, straight from the description and the named tensors: shares no code with layers or
/// kernels. Holds its own copy of the weights, which a test may change.
/// </summary>
sealed class ReferenceNetwork
{
    readonly NetworkSpec _spec;
    readonly Dictionary<string, double[]> _weights = [];
    readonly Dictionary<string, int[]> _places = [];

    public ReferenceNetwork(Network network)
    {
        _spec = network.Spec;
        foreach (var slice in network.Parameters.Slices)
            _weights[slice.Name] = [.. network.Parameters[slice].ToArray().Select(w => (double)w)];
        foreach (var layer in network.Layers)
        {
            foreach (var tensor in layer.Integers) _places[tensor.Name] = tensor.Values;
        }
    }

    public double[] this[string tensor] => _weights[tensor];

    /// <summary>Output of one layer for one sample.</summary>
    public double[] Layer(int index, double[] x)
    {
        var layer = (IWeightedSpec)_spec.Layers[index];
        int units = _spec.OutputOf(index).Length;
        double[] w = _weights[$"layers.{index}.weight"], bias = _weights[$"layers.{index}.bias"];
        int fan = w.Length / units;
        double[] y = new double[units];
        for (int u = 0; u < y.Length; u++)
        {
            double z = bias[u];
            for (int k = 0; k < fan; k++) z += w[u * fan + k] * x[InputOf(index, u, k, fan)];
            y[u] = layer.Activation switch { Activation.Tanh => Math.Tanh(z), Activation.Relu => Math.Max(0, z), _ => z };
        }

        return y;
    }

    int InputOf(int index, int unit, int k, int fan)
    {
        if (_places.TryGetValue($"layers.{index}.inputs", out int[]? inputs)) return inputs[unit * fan + k];
        if (!_places.TryGetValue($"layers.{index}.window", out int[]? corners)) return k;
        int channels = _spec.Input.Channels, perRow = ((ReceptiveFieldSpec)_spec.Layers[index]).WindowWidth * channels;
        int row = corners[2 * unit] + k / perRow, column = corners[2 * unit + 1] + k % perRow / channels, channel = k % channels;
        return (row * _spec.Input.Width + column) * channels + channel;
    }

    public double[] Outputs(double[] x, int layers)
    {
        for (int i = 0; i < layers; i++) x = Layer(i, x);
        return x;
    }

    /// <summary>Mean loss of the first rows of a sample set.</summary>
    public double MeanLoss(SampleSet samples, int rows)
    {
        double sum = 0;
        for (int b = 0; b < rows; b++)
        {
            double[] y = Outputs(samples.Row(b), _spec.Layers.Count);
            if (_spec.Loss.IsClassification)
            {
                sum += Math.Log(y.Sum(z => Math.Exp(z - y.Max()))) + y.Max() - y[samples.Labels[b]];
            }
            else
            {
                sum += y.Select((z, i) => (z - samples.Targets[b * y.Length + i]) * (z - samples.Targets[b * y.Length + i]))
                    .Sum() / (2 * y.Length);
            }
        }

        return sum / rows;
    }

    /// <summary>Derivative of any function of the weights by each weight of a tensor, by central differences.</summary>
    public double[] Gradient(string tensor, Func<double> function)
    {
        const double Step = 1e-5;
        double[] w = _weights[tensor];
        double[] gradient = new double[w.Length];
        for (int i = 0; i < w.Length; i++)
        {
            double kept = w[i];
            w[i] = kept + Step;
            double plus = function();
            w[i] = kept - Step;
            gradient[i] = (plus - function()) / (2 * Step);
            w[i] = kept;
        }

        return gradient;
    }
}
