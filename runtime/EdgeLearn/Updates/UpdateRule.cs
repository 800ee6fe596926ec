namespace EdgeLearn;

/// <summary>
/// What is done with a gradient, and how much is remembered for it. It is the sink of a step's gradient panels: every panel is applied to
/// the weights as it arrives. Call <see cref="Plan"/>, then for each step <see cref="BeginStep"/> and the panels.
/// </summary>
public abstract class UpdateRule : GradientSink
{
    readonly float _weightDecay;
    PlannedBuffer _state;
    PlannedBuffer _scratch;

    /// <summary>Takes what all updates have from the settings.</summary>
    /// <param name="settings">of the update; null = an update without settings, which no command line names</param>
    /// <exception cref="EdgeLearnException">A setting is out of range.</exception>
    protected UpdateRule(UpdateSettings? settings = null)
    {
        settings?.Check();
        Name = settings?.Word ?? GetType().Name;
        _weightDecay = settings?.WeightDecay ?? 0;
    }

    /// <summary>Name on the command line and in checkpoints.</summary>
    public string Name { get; }

    /// <summary>Seed of the stochastic rounding of weights that are stored in fewer bits.</summary>
    public ulong RoundingSeed { get; init; }

    /// <summary>The weights that are changed.</summary>
    protected ParameterSet Parameters { get; private set; } = null!;

    /// <summary>This step's time.</summary>
    protected StepClock Clock { get; private set; }

    /// <summary>Floats remembered between steps.</summary>
    public long StateLength { get; private set; }

    /// <summary>Bytes remembered between steps; 0 for a state-free rule.</summary>
    public long StateBytes => StateLength * sizeof(float);

    /// <summary>All that is remembered, for a checkpoint; empty for a state-free rule.</summary>
    public Span<float> State => _state.Span;

    /// <summary>
    /// Floats of all tensors that learn: a state of one float a weight is this long, a tensor's part of it begins at
    /// <see cref="ParameterSlice.StateOffset"/>.
    /// </summary>
    protected int TrainableLength { get; private set; }

    /// <summary>Floats of state that these parameters need.</summary>
    protected abstract long StateLengthOf(ParameterSet parameters);

    /// <summary>Floats of scratch that the rule needs within a step.</summary>
    protected virtual long ScratchLength => 0;

    /// <summary>The rule's scratch.</summary>
    protected Span<float> Scratch => _scratch.Span;

    /// <summary>Asks the plan for the rule's state, which starts at zero, and scratch.</summary>
    public virtual void Plan(ParameterSet parameters, MemoryPlan plan)
    {
        Parameters = parameters;
        TrainableLength = 0;
        foreach (var slice in parameters.Slices)
        {
            slice.StateOffset = TrainableLength;
            TrainableLength += slice.Learns ? slice.Length : 0;
        }

        StateLength = StateLengthOf(parameters);
        _state = plan.Request("update.state", MemoryCategory.UpdateState, StateLength);
        _scratch = plan.Request("update.scratch", MemoryCategory.Panels, ScratchLength, PlanTime.Step, PlanTime.Evaluation - 1);
    }

    /// <summary>Sets the time of the panels that follow.</summary>
    public virtual void BeginStep(in StepClock clock) => Clock = clock;

    /// <summary>Forgets everything that is remembered, as at step 0.</summary>
    public void Reset() => State.Clear();

    /// <summary>The step's rate for a tensor.</summary>
    protected float RateOf(ParameterSlice slice) => Clock.Rate * slice.RateScale;

    /// <summary>Key of the noise that rounds a tensor in this step.</summary>
    protected ulong RoundingKeyOf(ParameterSlice slice) => Noise.Key(Noise.Derive(RoundingSeed, (ulong)Clock.Step), slice.NameHash);

    /// <summary>The factor by which a tensor's weights shrink in this step; exactly 1 without decay.</summary>
    protected float KeepOf(ParameterSlice slice) => slice.Decay ? 1 - RateOf(slice) * _weightDecay : 1;
}
