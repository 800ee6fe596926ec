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
    readonly BufferId[] _dy;
    readonly BufferId?[] _dz;
    readonly BufferId[] _panels;
    readonly int[] _unitOf;
    readonly int[] _lowest; // first layer of each unit that learns; the unit's end where none does
    Activations? _activations;
    Workspace? _workspace;

    /// <summary>Prepares the rule and sets the rate factor of the hidden units' tensors.</summary>
    public TargetProjection(Network network, TargetProjectionOptions options)
    {
        _network = network;
        _options = options;
        int count = network.Layers.Count;
        _targetKeys = new ulong[network.Units.Count];
        _dy = new BufferId[count];
        _dz = new BufferId?[count];
        _panels = new BufferId[count];
        _unitOf = new int[count];
        _lowest = new int[network.Units.Count];
        if (network.FirstTrainable == count) throw new EdgeLearnException($"tpsgd: every layer of {network.Spec} is frozen, so that nothing could learn");
        for (int u = 0; u < network.Units.Count; u++)
        {
            var unit = network.Units[u];
            _targetKeys[u] = Noise.Key(options.Seed, Noise.TensorHash(network.Layers[unit.Learner].Name + ".target"));
            _lowest[u] = unit.Learner;
            while (_lowest[u] < unit.End && !network.Layers[_lowest[u]].IsTrainable) _lowest[u]++;
            for (int i = unit.First; i < unit.End; i++)
            {
                _unitOf[i] = u;
                foreach (var slice in network.Layers[i].Slices) slice.RateScale = u < network.Units.Count - 1 ? options.HiddenRateScale : 1;
            }
        }
    }

    /// <inheritdoc/>
    public override string Name => "tpsgd";

    int Last => _network.Units.Count - 1;

    // Layer i runs at moment 2i; a unit learns right after its last layer has run.
    int LearnsAt(int unit) => (2 * _network.Units[unit].End) - 1;

    // An output is needed until the next layer has run, and until the unit has learned that has a gradient to take from it.
    Activations.Moments MomentsOf(int layer)
    {
        bool learns = layer >= _lowest[_unitOf[layer]];
        int next = layer + 1, output = learns || next == _network.Layers.Count ? LearnsAt(_unitOf[layer]) : 2 * layer;
        if (next < _network.Layers.Count) output = Math.Max(output, next >= _lowest[_unitOf[next]] && _network.Layers[next].GradientReadsInput ? LearnsAt(_unitOf[next]) : 2 * next);
        return new Activations.Moments(2 * layer, output, learns ? LearnsAt(_unitOf[layer]) : null);
    }

    /// <inheritdoc/>
    public override void Plan(MemoryPlan plan, int batch)
    {
        _activations = new Activations(_network, plan, batch, probed: false, MomentsOf);
        for (int u = 0; u <= Last; u++)
        {
            int time = LearnsAt(u);
            for (int i = _lowest[u]; i < _network.Units[u].End; i++)
            {
                var layer = _network.Layers[i];
                long outputs = (long)batch * layer.OutputLength, gradient = layer.GradientLength(batch);
                _dy[i] = plan.Request(layer.Name + ".gradient", MemoryCategory.Activations, outputs, time, time);
                if (gradient != outputs) _dz[i] = plan.Request(layer.Name + ".local", MemoryCategory.Activations, gradient, time, time);
                long inputScratch = i > _lowest[u] ? layer.InputGradientScratchLength(batch) : 0;
                _panels[i] = plan.Request(layer.Name + ".panel", MemoryCategory.Panels, Math.Max(layer.LocalGradientScratchLength(batch), Math.Max(layer.GradientScratchLength(batch), inputScratch)), time, time);
            }
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
        int only = _options.LayerByLayerSteps is { } steps ? (int)Math.Min(clock.Step * _network.Units.Count / Math.Max(1, steps), Last) : -1;
        int top = only >= 0 ? only : Last;
        var mode = ForwardMode.Training(clock);
        double loss = 0;
        for (int u = 0; u <= top; u++)
        {
            _activations!.Forward(_network.Units[u].First, _network.Units[u].End, batch, mode);
            if (only < 0 || u == only) loss = Learn(u, batch, mode, update);
        }

        return new StepReport(loss / batch.Count, batch.Count);
    }

    // From the local loss of a unit's outputs down to its first layer that learns; nothing goes below it. A frozen unit only runs forward.
    double Learn(int unit, in Batch batch, in ForwardMode mode, UpdateRule update)
    {
        int top = _network.Units[unit].End - 1, learner = _lowest[unit];
        var y = _activations!.Output(top, batch.Count);
        if (learner > top) return unit == Last ? _network.Loss.Sum(batch, y) : 0;
        var dy = Gradient(top, batch.Count);
        bool isFused = unit != Last && _network.Layers[top].OutputActivation is not null && batch.Labels.Length > 0 && _options is { Targets: NoiseKind.Sign, LocalLoss: LocalLoss.L2 };
        double loss = isFused ? LocalResidual(unit, top, batch, y, dy) : unit == Last ? OutputGradient(batch, y, dy) : LocalGradient(unit, top, batch, y, dy);
        for (int i = top; i >= learner; i--)
        {
            var layer = _network.Layers[i];
            var trace = _activations.Trace(i, batch, mode, wantsInputGradient: i > learner);
            var scratch = _workspace![_panels[i]];
            var dz = _dz[i] is { } id ? _workspace[id][..(int)layer.GradientLength(batch.Count)] : dy;
            if (i < top || !isFused) layer.LocalGradient(trace, dy, dz, scratch);
            var below = i > learner ? Gradient(i - 1, batch.Count) : default;
            if (i > learner) layer.InputGradient(trace, dz, below, scratch);
            if (layer.IsTrainable) layer.ParameterGradient(trace, dz, scratch, update);
            dy = below;
        }

        return loss;
    }

    Span<float> Gradient(int layer, int batch) => _workspace![_dy[layer]][..(batch * _network.Layers[layer].OutputLength)];

    double OutputGradient(in Batch batch, ReadOnlySpan<float> y, Span<float> dy)
    {
        y.CopyTo(dy);
        return _network.Loss.Gradient(batch, dy);
    }

    // The common case in one pass over the outputs: l2 loss, sign targets of class labels, and nothing but an activation between z and y.
    double LocalResidual(int unit, int layer, in Batch batch, ReadOnlySpan<float> y, Span<float> dz)
    {
        var activation = _network.Layers[layer].OutputActivation!.Value;
        int length = _network.Layers[layer].OutputLength;
        double loss = 0;
        for (int b = 0; b < batch.Count; b++)
        {
            loss += Kernels.LocalResidual(activation, _targetKeys[unit], (long)batch.Labels[b] * length, _options.TargetScale, 1f / batch.Count, y.Slice(b * length, length), dz.Slice(b * length, length));
        }

        return loss;
    }

    // dy = gradient of the mean local loss by y; returns the sum of the local losses.
    double LocalGradient(int unit, int layer, in Batch batch, ReadOnlySpan<float> y, Span<float> dy)
    {
        int units = _network.Layers[layer].OutputLength;
        double loss = 0;
        for (int b = 0; b < batch.Count; b++)
        {
            var output = y.Slice(b * units, units);
            var gradient = dy.Slice(b * units, units);
            if (_options.LocalLoss == LocalLoss.Linear) gradient.Clear();
            else output.CopyTo(gradient);
            SubtractTarget(unit, batch, b, gradient);
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
    void SubtractTarget(int unit, in Batch batch, int row, Span<float> values)
    {
        ulong key = _targetKeys[unit];
        if (batch.Labels.Length > 0)
        {
            Noise.Add(_options.Targets, key, (long)batch.Labels[row] * values.Length, -_options.TargetScale, values, values);
            return;
        }

        int width = _network.OutputLength;
        for (int c = 0; c < width; c++) Noise.Add(_options.Targets, key, (long)c * values.Length, -_options.TargetScale * batch.Targets[row * width + c], values, values);
    }
}
