using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>Options of <see cref="TargetProjection"/>.</summary>
public readonly record struct TargetProjectionOptions()
{
    /// <summary>What hidden layers minimise.</summary>
    public LocalLoss LocalLoss { get; init; } = LocalLoss.L2;

    /// <summary>Distribution of the target matrix.</summary>
    public NoiseKind Targets { get; init; } = NoiseKind.Sign;

    /// <summary>Size of the targets: below the tanh's 1, so that they can be reached.</summary>
    public float TargetScale { get; init; } = 0.9f;

    /// <summary>Rate of the hidden layers as a factor on the run's rate.</summary>
    public float HiddenRateScale { get; init; } = 0.3f;

    /// <summary>Null: all layers learn in every step. Else the steps of the run: each layer learns for an equal share of them, first layer first.</summary>
    public long? LayerByLayerSteps { get; init; }

    /// <summary>Seed of the target matrices.</summary>
    public ulong Seed { get; init; }
}

/// <summary>
/// tpSGD: no hidden layer ever sees the output's error. Layer l has a fixed random matrix P_l [classes x units] that maps the label to a target t = P_l[label],
/// and learns to give it: dz = (y - t) * activation'(z) for the l2 loss. The last layer learns the labels by the network's own loss. P is never stored; its signs are
/// noise bits of (seed, layer, class * units + unit). A layer's buffers are free once the next layer has run, so a step's memory does not grow with depth.
/// </summary>
/// <remarks>
/// Source: Lomnitz et al. 2022, arXiv:2208.08503. Differs: signs of scale 0.9 instead of Gaussian targets; gradients are means over the batch.
/// </remarks>
public sealed class TargetProjection : LearningRule
{
    readonly Network _network;
    readonly TargetProjectionOptions _options;
    readonly ulong[] _targetKeys;
    readonly BufferId[] _dz;
    readonly BufferId[] _panels;
    Activations? _activations;
    Workspace? _workspace;

    /// <summary>Prepares the rule and sets the rate factor of the hidden layers' tensors.</summary>
    public TargetProjection(Network network, TargetProjectionOptions options)
    {
        _network = network;
        _options = options;
        int count = network.Layers.Count;
        _targetKeys = new ulong[count];
        _dz = new BufferId[count];
        _panels = new BufferId[count];
        for (int i = 0; i < count; i++)
        {
            _targetKeys[i] = Noise.Key(options.Seed, Noise.TensorHash(network.Layers[i].Name + ".target"));
            foreach (var slice in network.Layers[i].Slices) slice.RateScale = i < count - 1 ? options.HiddenRateScale : 1;
        }
    }

    /// <inheritdoc/>
    public override string Name => "tpsgd";

    int Last => _network.Layers.Count - 1;

    // Layer i runs at moment 2i and learns at 2i + 1; its output is needed until the layer above has learned.
    /// <inheritdoc/>
    public override void Plan(MemoryPlan plan, int batch)
    {
        _activations = new Activations(_network, plan, batch, probed: false, i => new Activations.Moments(2 * i, 2 * i + 3, 2 * i + 1));
        for (int i = 0; i <= Last; i++)
        {
            var layer = _network.Layers[i];
            _dz[i] = plan.Request(layer.Name + ".gradient", MemoryCategory.Activations, (long)batch * layer.OutputLength, 2 * i + 1, 2 * i + 1);
            _panels[i] = plan.Request(layer.Name + ".panel", MemoryCategory.Panels, layer.GradientScratchLength(batch), 2 * i + 1, 2 * i + 1);
        }
    }

    /// <inheritdoc/>
    public override void Bind(Workspace workspace)
    {
        _workspace = workspace;
        _activations!.Bind(workspace);
    }

    /// <inheritdoc/>
    public override StepReport Step(in Batch batch, in StepClock clock, UpdateRule update)
    {
        int only = _options.LayerByLayerSteps is { } steps ? (int)Math.Min(clock.Step * _network.Layers.Count / Math.Max(1, steps), Last) : -1;
        int top = only >= 0 ? only : Last;
        double loss = 0;
        for (int i = 0; i <= top; i++)
        {
            _activations!.Forward(i, batch, Probe.None);
            if (only < 0 || i == only) loss = Learn(i, batch, update);
        }

        return new StepReport(loss / batch.Count, batch.Count);
    }

    double Learn(int index, in Batch batch, UpdateRule update)
    {
        var layer = _network.Layers[index];
        var y = _activations!.Output(index, batch.Count);
        var dz = _workspace![_dz[index]][..y.Length];
        double loss;
        if (index != Last && layer.OutputActivation is { } activation && batch.Labels.Length > 0 && _options.Targets == NoiseKind.Sign)
        {
            loss = LocalResidual(index, activation, batch, y, dz);
        }
        else
        {
            if (index == Last) y.CopyTo(dz);
            loss = index == Last ? _network.Loss.Gradient(batch, dz) : LocalGradient(index, batch, y, dz);
            layer.LocalGradient(batch.Count, y, dz);
        }

        layer.ParameterGradient(batch.Count, _activations.Input(index, batch), dz, _activations.Saved(index, batch.Count), _workspace[_panels[index]], update);
        return loss;
    }

    // The common case in one pass over the outputs: sign targets of class labels, and nothing but an activation between z and y.
    double LocalResidual(int index, Activation activation, in Batch batch, ReadOnlySpan<float> y, Span<float> dz)
    {
        int units = _network.Layers[index].OutputLength;
        double loss = 0;
        for (int b = 0; b < batch.Count; b++)
        {
            loss += Kernels.LocalResidual(_options.LocalLoss, activation, _targetKeys[index], (long)batch.Labels[b] * units, _options.TargetScale, 1f / batch.Count, y.Slice(b * units, units), dz.Slice(b * units, units));
        }

        return loss;
    }

    // dy = gradient of the mean local loss by y; returns the sum of the local losses.
    double LocalGradient(int index, in Batch batch, ReadOnlySpan<float> y, Span<float> dy)
    {
        int units = _network.Layers[index].OutputLength;
        double loss = 0;
        for (int b = 0; b < batch.Count; b++)
        {
            var output = y.Slice(b * units, units);
            var gradient = dy.Slice(b * units, units);
            if (_options.LocalLoss == LocalLoss.Linear) gradient.Clear();
            else output.CopyTo(gradient);
            SubtractTarget(index, batch, b, gradient);
            switch (_options.LocalLoss)
            {
                case LocalLoss.L2:
                    loss += 0.5 * TensorPrimitives.SumOfSquares((ReadOnlySpan<float>)gradient);
                    break;
                case LocalLoss.L1:
                    loss += TensorPrimitives.SumOfMagnitudes((ReadOnlySpan<float>)gradient);
                    for (int i = 0; i < units; i++) gradient[i] = gradient[i] > 0 ? 1 : gradient[i] < 0 ? -1 : 0;
                    break;
                case LocalLoss.Linear:
                    loss += TensorPrimitives.Dot(gradient, output);
                    break;
            }
        }

        TensorPrimitives.Multiply(dy, 1f / batch.Count, dy);
        return loss;
    }

    // values -= t, with t = scale * P[label] or, for a regression, scale * the projection of the real targets.
    void SubtractTarget(int index, in Batch batch, int row, Span<float> values)
    {
        ulong key = _targetKeys[index];
        if (batch.Labels.Length > 0)
        {
            Noise.Add(_options.Targets, key, (long)batch.Labels[row] * values.Length, -_options.TargetScale, values, values);
            return;
        }

        int width = _network.OutputLength;
        for (int c = 0; c < width; c++) Noise.Add(_options.Targets, key, (long)c * values.Length, -_options.TargetScale * batch.Targets[row * width + c], values, values);
    }
}
