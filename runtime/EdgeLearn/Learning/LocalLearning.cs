namespace EdgeLearn;

/// <summary>
/// Forward-only learning: each unit of the network (<see cref="LocalUnit"/>) learns from an objective of its own as soon as it has run, and
/// no signal crosses units. A unit's buffers are free once the next unit has run, so a step's memory does not grow with depth. What the
/// hidden units' objective is, is the leaf's.
/// </summary>
abstract class LocalLearning : UnitRule
{
    /// <summary>Prepares the rule and sets the rate factor of the hidden units' tensors.</summary>
    /// <param name="network">what learns</param>
    /// <param name="hiddenRateScale">rate of hidden units as a factor on the step's</param>
    /// <param name="layerByLayerSteps">see <see cref="UnitRule"/></param>
    /// <param name="heads">of the objectives, where they have some; owned</param>
    private protected LocalLearning(Network network, float hiddenRateScale, long? layerByLayerSteps, LocalHeadSet? heads)
        : base(network, network.Units.Select(unit => (unit.First, unit.End, LowestOf(network, unit))), layerByLayerSteps)
    {
        Heads = heads;
        if (network.FirstTrainable == network.Layers.Length)
            throw new EdgeLearnException($"every layer of {network.Spec} is frozen, so that nothing could learn");
        for (int u = 0; u < network.Units.Count; u++)
        {
            var unit = network.Units[u];
            bool isHidden = u < network.Units.Count - 1;
            if (isHidden && LowestOf(network, unit) < unit.End) heads?.Add(unit);
            for (int i = unit.First; i < unit.End; i++)
            {
                foreach (var slice in network.Layers[i].Slices) slice.RateScale = isHidden ? hiddenRateScale : 1;
            }
        }
    }

    // A frozen unit only runs forward.
    static int LowestOf(Network network, LocalUnit unit) => network.FirstTrainableOf(unit.Learner, unit.End);

    /// <summary>The weights of the local heads, which are no part of the model; null where there are none.</summary>
    internal ParameterSet? HeadParameters => Heads?.Parameters;

    public override void Plan(MemoryPlan plan, int batch)
    {
        Heads?.Plan(plan, InitialiseHeads);
        base.Plan(plan, batch);
    }

    /// <summary>Draws the heads' starting weights.</summary>
    private protected abstract void InitialiseHeads();

    private protected LocalHeadSet? Heads { get; }

    private protected override Objective ObjectiveOf(int unit, MemoryPlan plan, int batch, in UnitTimes times)
        => Heads!.ObjectiveOf(Network.Units[unit], plan, batch, times);

    private protected override int ObjectiveLengthOf(int unit, int end) => Heads?.ObjectiveLengthOf(Network.Units[unit], end) ?? 1;

    private protected override int SharedBehind(int unit) => Heads?.SharedBehind(Network.Units[unit]) ?? 0;

    private protected override bool ObjectivesTakeParts(int rows) => Heads?.TakesParts(rows) ?? true;

    public override StepReport Step(in Batch batch, in StepClock clock, UpdateRule update)
    {
        Heads?.BeginStep(clock);
        return base.Step(batch, clock, update);
    }

    public override long StateBytes => Heads?.StateBytes ?? 0;

    public override void SaveState(Stream state) => Heads?.Save(state);

    internal override bool TakesState(long bytes) => Heads?.Takes(bytes) ?? base.TakesState(bytes);

    internal override void RestoreState(ByteSource state) => Heads?.Restore(state);

    protected override void Dispose(bool disposing)
    {
        if (disposing) Heads?.Dispose();
        base.Dispose(disposing);
    }
}
