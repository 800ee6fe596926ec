namespace EdgeLearn;

/// <summary>
/// Forward-only learning: each unit of the network (<see cref="LocalUnit"/>) learns from an objective of its own as soon as it has run, and
/// no signal crosses units. The last unit learns from the network's loss. A unit's buffers are free once the next unit has run, so a step's
/// memory does not grow with depth. What the hidden units' objective is, is the leaf's.
/// </summary>
public abstract class LocalLearning : LearningRule
{
    readonly Network _network;
    readonly long? _layerByLayerSteps;
    readonly LocalHeadSet? _heads;
    readonly LocalObjective?[] _objectives;
    readonly BufferId[] _dy;
    readonly BufferId?[] _dz;
    readonly BufferId[] _panels;
    readonly int[] _unitOf;
    readonly LossHeadUnit? _lossHead;
    readonly int[] _lowest; // first layer of each unit that learns; the unit's end where none does
    Activations? _activations;
    Workspace? _workspace;

    /// <summary>Prepares the rule and sets the rate factor of the hidden units' tensors.</summary>
    /// <param name="network">what learns</param>
    /// <param name="hiddenRateScale">rate of hidden units as a factor on the step's</param>
    /// <param name="layerByLayerSteps">null: all units learn in every step; else the steps of the run, of which each unit has an equal
    /// share, first unit first</param>
    /// <param name="heads">of the objectives, where they have some; owned</param>
    /// <param name="objectiveOf">the objective of a hidden unit</param>
    private protected LocalLearning(Network network, float hiddenRateScale, long? layerByLayerSteps, LocalHeadSet? heads,
        Func<LocalUnit, LocalObjective> objectiveOf)
    {
        _network = network;
        _layerByLayerSteps = layerByLayerSteps;
        _heads = heads;
        int count = network.Layers.Count;
        _dy = new BufferId[count];
        _dz = new BufferId?[count];
        _panels = new BufferId[count];
        _unitOf = new int[count];
        _objectives = new LocalObjective?[Last];
        _lossHead = network.LossHead is { } head ? new LossHeadUnit(network, head) : null;
        _lowest = new int[network.Units.Count];
        if (network.FirstTrainable == count)
            throw new EdgeLearnException($"every layer of {network.Spec} is frozen, so that nothing could learn");
        for (int u = 0; u <= Last; u++)
        {
            var unit = network.Units[u];
            _lowest[u] = unit.Learner;
            while (_lowest[u] < unit.End && !network.Layers[_lowest[u]].IsTrainable) _lowest[u]++;
            if (u < Last && _lowest[u] < unit.End) _objectives[u] = objectiveOf(unit);
            for (int i = unit.First; i < unit.End; i++)
            {
                _unitOf[i] = u;
                foreach (var slice in network.Layers[i].Slices) slice.RateScale = u < Last ? hiddenRateScale : 1;
            }
        }
    }

    int Last => _network.Units.Count - 1;

    // Layer i runs at moment 2i; a unit learns right after its last layer has run.
    int LearnsAt(int unit) => (2 * _network.Units[unit].End) - 1;

    // An output is needed until the next layer has run, and until the unit has learned that has a gradient to take from it.
    Activations.Moments MomentsOf(int layer)
    {
        bool learns = layer >= _lowest[_unitOf[layer]];
        int next = layer + 1, output = learns || next == _network.Layers.Count ? LearnsAt(_unitOf[layer]) : 2 * layer;
        if (next < _network.Layers.Count && _lossHead is not null && next == _network.Layers.Count - 1)
            output = Math.Max(output, LearnsAt(Last));
        else if (next < _network.Layers.Count)
            output = Math.Max(output,
                next >= _lowest[_unitOf[next]] && _network.Layers[next].GradientReadsInput ? LearnsAt(_unitOf[next]) : 2 * next);
        return new Activations.Moments(2 * layer, output, learns ? LearnsAt(_unitOf[layer]) : null);
    }

    /// <inheritdoc/>
    public override void Plan(MemoryPlan plan, int batch)
    {
        _activations = new Activations(_network, plan, batch, probed: false, MomentsOf, leavesHead: true);
        _lossHead?.Plan(plan, batch, LearnsAt(Last));
        _heads?.Plan(plan);
        for (int u = 0; u <= Last; u++)
        {
            int time = LearnsAt(u);
            if (u < Last) _objectives[u]?.Plan(plan, batch, time);
            for (int i = _lowest[u]; i < Math.Min(_network.Units[u].End, _activations.Count); i++)
            {
                var layer = _network.Layers[i];
                long outputs = (long)batch * layer.OutputLength, gradient = layer.GradientLength(batch);
                _dy[i] = plan.Request(layer.Name + ".gradient", MemoryCategory.Activations, outputs, time, time);
                if (gradient != outputs) _dz[i] = plan.Request(layer.Name + ".local", MemoryCategory.Activations, gradient, time, time);
                long inputScratch = i > _lowest[u] ? layer.InputGradientScratchLength(batch) : 0;
                _panels[i] =
                    plan.Request(layer.Name + ".panel", MemoryCategory.Panels,
                    Math.Max(layer.LocalGradientScratchLength(batch), Math.Max(layer.GradientScratchLength(batch), inputScratch)), time,
                    time);
            }
        }
    }

    /// <inheritdoc/>
    public override void Bind(Workspace workspace)
    {
        _workspace = workspace;
        _activations!.Bind(workspace);
        _lossHead?.Bind(workspace);
        foreach (var objective in _objectives) objective?.Bind(workspace);
        if (_heads is not null) InitialiseHeads(_heads, workspace);
    }

    /// <summary>Gives the heads their buffers and starting weights.</summary>
    private protected virtual void InitialiseHeads(LocalHeadSet heads, Workspace workspace)
    {
    }

    /// <summary>The weights of the local heads, which are no part of the model; null where there are none.</summary>
    internal ParameterSet? HeadParameters => _heads?.Parameters;

    /// <inheritdoc/>
    public override long StateBytes => _heads?.StateBytes ?? 0;

    /// <inheritdoc/>
    public override void SaveState(Span<byte> state) => _heads?.Save(state);

    /// <inheritdoc/>
    public override void RestoreState(ReadOnlySpan<byte> state) => _heads?.Restore(state);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _heads?.Dispose();
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    public override StepReport Step(in Batch batch, in StepClock clock, UpdateRule update)
    {
        int only = _layerByLayerSteps is { } steps ? (int)Math.Min(clock.Step * _network.Units.Count / Math.Max(1, steps), Last) : -1;
        int top = only >= 0 ? only : Last;
        var mode = ForwardMode.Training(clock);
        _heads?.BeginStep(clock);
        double loss = 0;
        for (int u = 0; u <= top; u++)
        {
            _activations!.Forward(_network.Units[u].First, Math.Min(_network.Units[u].End, _activations.Count), batch, mode);
            if (only < 0 || u == only) loss = Learn(u, batch, clock, mode, update);
        }

        return new StepReport(loss / batch.Count, batch.Count);
    }

    // From the objective at a unit's output down to its first layer that learns; nothing goes below it. A frozen unit only runs forward.
    double Learn(int unit, in Batch batch, in StepClock clock, in ForwardMode mode, UpdateRule update)
    {
        if (unit == Last && _lossHead is not null)
            return _lossHead.Learn(batch, _activations!.Input(_network.Layers.Count - 1, batch), update);
        int top = _network.Units[unit].End - 1, learner = _lowest[unit];
        var y = _activations!.Output(top, batch.Count);
        if (learner > top) return unit == Last ? _network.Loss.Sum(batch, y) : 0;
        var dy = Gradient(top, batch.Count);
        var objective = unit < Last ? _objectives[unit] : null;
        bool isThroughActivation = objective?.GoesThroughActivation(batch) == true;
        double loss = objective?.Gradient(batch, clock, mode, y, dy) ?? OutputGradient(batch, y, dy);
        for (int i = top; i >= learner; i--)
        {
            var layer = _network.Layers[i];
            var trace = _activations.Trace(i, batch, mode, wantsInputGradient: i > learner);
            var scratch = _workspace![_panels[i]];
            var dz = _dz[i] is { } id ? _workspace[id][..(int)layer.GradientLength(batch.Count)] : dy;
            if (i < top || !isThroughActivation) layer.LocalGradient(trace, dy, dz, scratch);
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
}
