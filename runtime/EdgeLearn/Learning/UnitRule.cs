namespace EdgeLearn;

/// <summary>
/// A rule that takes gradients in units: stretches of layers, each of which runs, learns from an objective of its own and passes nothing
/// down. The last unit learns from the network's loss. What the units are, and what stands on the hidden ones, is the rule's definition.
/// </summary>
abstract class UnitRule : LearningRule
{
    readonly UnitTimes[] _times;
    readonly long? _layerByLayerSteps;
    UnitPass[] _units = [];

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
        _times = [.. times];
    }

    private protected Network Network { get; }

    /// <summary>The objective of a hidden unit that learns.</summary>
    /// <param name="unit">which one</param>
    /// <param name="plan">collects its buffers</param>
    /// <param name="batch">most rows of a batch</param>
    /// <param name="time">the moment in which it is asked</param>
    private protected virtual Objective ObjectiveOf(int unit, MemoryPlan plan, int batch, int time)
        => throw new InvalidOperationException($"{Name} has no hidden units");

    public override void Plan(MemoryPlan plan, int batch)
    {
        var layers = new LayerBuffers(Network, plan, batch, probed: false, MomentsOf);
        _units = new UnitPass[_times.Length];
        for (int u = 0; u < _units.Length; u++)
        {
            var times = _times[u];
            var objective = u == Last ? LossObjective.Of(Network, plan, batch, times)
                : times.Lowest < times.End ? ObjectiveOf(u, plan, batch, times.Objective)
                : null;
            _units[u] = new UnitPass(layers, plan, batch, times, objective, keepsWeights: _units.Length == 1);
        }
    }

    LayerBuffers.Moments MomentsOf(int layer)
    {
        int unit = Array.FindIndex(_times, times => layer < times.End);
        return _times[unit].MomentsOf(layer, Network.Body, unit < Last ? _times[unit + 1] : null);
    }

    int Last => _times.Length - 1;

    public override StepReport Step(in Batch batch, in StepClock clock, UpdateRule update)
    {
        int only = _layerByLayerSteps is { } steps ? (int)Math.Min(clock.Step * _units.Length / Math.Max(1, steps), Last) : -1;
        var mode = ForwardMode.Training(clock);
        double loss = 0;
        for (int u = 0; u <= (only < 0 ? Last : only); u++)
        {
            _units[u].Forward(batch, mode);
            if (only < 0 || u == only) loss = _units[u].Learn(batch, clock, mode, update);
        }

        return new StepReport(loss / batch.Count, batch.Count);
    }
}
