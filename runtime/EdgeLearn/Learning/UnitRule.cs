namespace EdgeLearn;

/// <summary>
/// A rule that takes gradients in units: stretches of layers, each of which runs, learns from an objective of its own and passes nothing
/// down. The last unit learns from the network's loss. What the units are, and what stands on the hidden ones, is the rule's definition.
/// </summary>
abstract partial class UnitRule : LearningRule
{
    readonly UnitTimes[] _cut; // as the rule cuts the network, every unit with the whole batch
    readonly UnitTimes[] _times; // as they are planned
    readonly long? _layerByLayerSteps;
    UnitPass[] _units = [];
    Stretch[] _stretches = [];
    int _batch;

    /// <summary>Cuts the network into units.</summary>
    /// <param name="network">what learns</param>
    /// <param name="units">of each: first layer, layer behind the last, lowest layer that gets a gradient; one after the other</param>
    /// <param name="layerByLayerSteps">null: all units learn in every step; else the steps of the run, of which each unit has an equal
    /// share, first unit first</param>
    private protected UnitRule(Network network, IEnumerable<(int First, int End, int Lowest)> units, long? layerByLayerSteps = null)
    {
        Network = network;
        _layerByLayerSteps = layerByLayerSteps;
        var times = new List<UnitTimes>();
        int body = network.Body.Length; // a last layer that makes the loss itself is an objective
        foreach (var (first, end, lowest) in units)
        {
            times.Add(new UnitTimes(Math.Min(first, body), Math.Min(end, body), Math.Min(lowest, body),
                times.Count == 0 ? 0 : times[^1].Next));
        }
        _cut = [.. times];
        _times = [.. times];
    }

    private protected Network Network { get; }

    /// <summary>The objective of a hidden unit that learns.</summary>
    /// <param name="unit">which one</param>
    /// <param name="plan">collects its buffers</param>
    /// <param name="batch">most rows of a batch</param>
    /// <param name="times">of the unit</param>
    private protected virtual Objective ObjectiveOf(int unit, MemoryPlan plan, int batch, in UnitTimes times)
        => throw new InvalidOperationException($"{Name} has no hidden units");

    /// <summary>Whether the objectives of hidden units take a batch a part at a time.</summary>
    /// <param name="rows">at a time</param>
    private protected virtual bool ObjectivesTakeParts(int rows) => true;

    /// <summary>Moments that the objective of a hidden unit takes, see <see cref="UnitTimes.ObjectiveLength"/>.</summary>
    /// <param name="unit">which one</param>
    /// <param name="end">index behind its last layer</param>
    private protected virtual int ObjectiveLengthOf(int unit, int end) => 1;

    /// <summary>
    /// Layers behind a hidden unit that its objective begins with and the next unit too, to the same bits: a compact cut makes them part of
    /// the unit.
    /// </summary>
    private protected virtual int SharedBehind(int unit) => 0;

    int Last => _times.Length - 1;

    // The last hidden unit, for the last.
    bool Waits => Cut is { OverOutput: true };

    public override void Plan(MemoryPlan plan, int batch)
    {
        _stretches = [.. (Cut ?? StepCut.Whole(_times.Length, batch)).Stretches];
        _batch = batch;
        SetTimes();
        var layers = new LayerBuffers(Network, plan, batch, probed: false, MomentsOf);
        _units = new UnitPass[_times.Length];
        for (int u = 0; u < _units.Length; u++)
        {
            var times = _times[u];
            var objective = u == Last ? LossObjective.Of(Network, plan, batch, times)
                : times.Lowest < times.End ? ObjectiveOf(u, plan, batch, ObjectiveTimes(times))
                : null;
            _units[u] = new UnitPass(layers, plan, batch, times, objective, keepsWeights: _units.Length == 1);
        }
    }

    // An objective whose gradient is written over the output is asked for some rows at a time, and hands over behind the last.
    static UnitTimes ObjectiveTimes(in UnitTimes times) => times.ObjectiveAt is { } moment
        ? times with { Rows = UnitPass.RowsOverOutput, Stretch = (moment, moment) }
        : times;

    internal override int InputRows(int batch) => SavesInput ? UnitPass.RowsOverOutput : base.InputRows(batch);

    // Whether the last hidden unit is the first layer and keeps no more of its input than it saves.
    bool SavesInput => Waits && Last == 1 && _cut[0] is { First: 0, Lowest: 0 } && Network.Layers[0].SavesInput;

    internal override int InputsUntil => _times[0].ReadsUntil(Network.Body);

    // The calendar of the cut.
    void SetTimes()
    {
        int start = 0, first = _cut[0].First;
        foreach (var stretch in _stretches)
        {
            bool isPart = stretch.Rows < _batch;
            int from = start;
            for (int u = stretch.First; u < stretch.End; u++)
            {
                int end = _cut[u].End + (Cut is { IsCompact: true } ? SharedOf(u) : 0);
                _times[u] = _cut[u] with
                {
                    First = first,
                    End = end,
                    Start = start,
                    IsCompact = Cut is { IsCompact: true },
                    Rows = isPart ? stretch.Rows : 0,
                    ByWords = Cut is { ByWords: true },
                    ObjectiveLength = u < Last ? ObjectiveLengthOf(u, end) : 1,
                    Statistics = isPart ? StatisticsOf(u) : -1,
                    Tail = isPart && u == stretch.End - 1 && u < Last ? TailOf(u, end) : 0,
                };
                bool isAlone = stretch.End - stretch.First == 1 && u < Last;
                _times[u] = _times[u] with { KeepsOutput = isPart && isAlone && _times[u] is { Tail: 0, Statistics: < 0 } };
                first = _times[u].End + _times[u].Tail;
                start = Waits && u == Last - 1 ? _times[u].Objective : _times[u].Next;
            }

            for (int u = stretch.First; u < stretch.End; u++) _times[u] = _times[u] with { Stretch = (from, start - 1) };
        }

        if (Waits) _times[^2] = _times[^2] with { ObjectiveAt = start, ObjectiveLength = 1 };
    }

    int SharedOf(int unit) => unit < Last && _cut[unit].Lowest < _cut[unit].End ? SharedBehind(unit) : 0;

    // Layers at the beginning of the next unit that have no weights and leave less than they read: pools, as a rule.
    int TailOf(int unit, int end)
    {
        var next = _cut[unit + 1] with { First = end };
        int tail = 0, most = Network.Layers[next.First].InputLength;
        for (int i = next.First; i < next.Lowest && i < next.End && Network.Layers[i] is { Slices.Count: 0 } layer; i++)
        {
            if (!layer.TakesParts(1)) break;
            if (layer.OutputLength >= most) continue;
            most = layer.OutputLength;
            tail = i + 1 - next.First;
        }

        return tail;
    }

    LayerBuffers.Moments MomentsOf(int layer)
    {
        int unit = Array.FindIndex(_times, times => layer < times.End + times.Tail);
        return _times[unit].MomentsOf(layer, Network.Body, unit < Last ? _times[unit + 1] : null);
    }

    public override StepReport Step(in Batch batch, in StepClock clock, UpdateRule update)
    {
        int only = _layerByLayerSteps is { } steps ? (int)Math.Min(clock.Step * _units.Length / Math.Max(1, steps), Last) : -1;
        var mode = ForwardMode.Training(clock);
        double loss = 0;
        for (int s = 0; s < _stretches.Length && (only < 0 || _stretches[s].First <= only); s++)
        {
            ref readonly var stretch = ref _stretches[s];
            if (stretch.Rows < _batch)
            {
                loss = Run(stretch, batch, clock, mode, update, only);
                continue;
            }

            var unit = _units[stretch.First];
            if (s == 0 && batch.Source is not null) unit.SaveInputs(batch);
            unit.Forward(batch, mode);
            bool waits = Waits && stretch.First == Last - 1 && only < 0;
            if (!waits && (only < 0 || only == stretch.First)) loss = unit.Learn(batch, clock, mode, update);
            if (Waits && stretch.First == Last && only < 0) _units[^2].Learn(batch, clock, mode, update);
        }

        return new StepReport(loss / batch.Count, batch.Count);
    }

    // The loss of the last unit that learned.
    double Run(in Stretch stretch, in Batch batch, in StepClock clock, in ForwardMode mode, UpdateRule update, int only)
    {
        int end = only < 0 ? stretch.End : Math.Min(stretch.End, only + 1);
        double loss = 0;
        if (_times[stretch.First].Statistics >= 0)
        {
            loss = RunAround(_units[stretch.First], stretch, batch, clock, mode, update, only < 0 || only == stretch.First);
        }
        else
        {
            for (int first = 0; first < batch.Count; first += stretch.Rows)
            {
                var rows = batch.Rows(first, Math.Min(stretch.Rows, batch.Count - first), readsInputs: stretch.First == 0);
                var part = mode.Of(rows);
                for (int u = stretch.First; u < end; u++)
                {
                    _units[u].Forward(rows, part);
                    if (only >= 0 && u != only) continue;
                    double sum = _units[u].Learn(rows, clock, part, update);
                    if (u == end - 1) loss += sum;
                }

                _units[stretch.End - 1].Keep(rows, part);
            }
        }

        if (_units.Length == 1 && !double.IsFinite(loss)) return loss;
        for (int u = Math.Max(only, stretch.First); u < end; u++) _units[u].HandOver(batch, update);
        return loss;
    }

    // A unit that takes statistics of the whole batch: up to them, then again for the sums that their gradient needs, then back.
    static double RunAround(UnitPass unit, in Stretch stretch, in Batch batch, in StepClock clock, in ForwardMode mode, UpdateRule update,
        bool learns)
    {
        for (int first = 0; first < batch.Count; first += stretch.Rows)
        {
            var rows = batch.Rows(first, Math.Min(stretch.Rows, batch.Count - first), readsInputs: stretch.First == 0);
            unit.ForwardBelow(rows, mode.Of(rows));
        }

        unit.TakeStatistics(batch, mode);
        bool measures = learns && unit.Measures;
        double loss = 0;
        for (int pass = measures ? 0 : 1; pass < 2; pass++)
        {
            for (int first = 0; first < batch.Count; first += stretch.Rows)
            {
                bool goesDown = pass == 1 && measures;
                var rows = batch.Rows(first, Math.Min(stretch.Rows, batch.Count - first), readsInputs: goesDown && stretch.First == 0);
                var part = mode.Of(rows) with { KnowsStatistics = true };
                if (goesDown) unit.ForwardBelowAgain(rows, part);
                unit.ForwardAbove(rows, part);
                if (pass == 0) unit.Measure(rows, clock, part, update);
                else if (learns) loss += unit.Learn(rows, clock, part, update);
                if (pass == 1) unit.Keep(rows, part);
            }
        }

        return loss;
    }
}
