namespace EdgeLearn;

/// <summary>
/// Where the learning signal comes from. A rule plans its buffers, then turns one batch after another into gradient panels that an
/// <see cref="UpdateRule"/> applies at once. Everything in a step uses the weights as they were before it.
/// </summary>
public abstract class LearningRule : IDisposable
{
    /// <summary>Name on the command line and in checkpoints.</summary>
    public abstract string Name { get; }

    /// <summary>Asks the plan for the buffers of a step.</summary>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">the most rows a batch will have</param>
    public abstract void Plan(MemoryPlan plan, int batch);

    /// <summary>The ways in which a step may take its batch through the network, first the one that takes it as a whole.</summary>
    /// <param name="batch">the most rows a batch will have</param>
    internal virtual IEnumerable<StepCut> Cuts(int batch) => [];

    /// <summary>Cuts that are taken within a limit alone, since without one their time is worth more than the bytes.</summary>
    internal virtual IEnumerable<StepCut> SparingCuts(int batch) => [];

    /// <summary>What a step of this cut costs beside another's, in a unit of no meaning.</summary>
    internal virtual double CostOf(in StepCut cut, int batch) => 0;

    /// <summary>The last moment of a step, as it is planned, in which the rule reads inputs of the batch.</summary>
    internal virtual int InputsUntil => PlanTime.Evaluation - 1;

    /// <summary>Rows of the inputs that a step asks for at a time, where they can be read again.</summary>
    /// <param name="batch">the most rows a batch will have</param>
    internal virtual int InputRows(int batch) => Cut?.Stretches[0].Rows ?? batch;

    /// <summary>The cut that <see cref="Plan"/> goes by; null = the batch as a whole.</summary>
    internal StepCut? Cut { get; set; }

    /// <summary>Learns from one batch. Allocates nothing.</summary>
    /// <param name="batch">rows with labels or targets</param>
    /// <param name="clock">time of the step, already begun on the update</param>
    /// <param name="update">takes the gradient</param>
    public abstract StepReport Step(in Batch batch, in StepClock clock, UpdateRule update);

    /// <summary>Bytes that the rule itself remembers between steps, beside weights and update state; 0 for most.</summary>
    public virtual long StateBytes => 0;

    /// <summary>Writes what the rule remembers, <see cref="StateBytes"/> in all, for a checkpoint.</summary>
    /// <param name="state">takes them from where they lie</param>
    public virtual void SaveState(Stream state)
    {
    }

    /// <summary>Whether <see cref="RestoreState"/> can take a state of so many bytes; of earlier versions it may be another.</summary>
    internal virtual bool TakesState(long bytes) => bytes == StateBytes;

    /// <summary>Takes back what <see cref="SaveState"/> wrote.</summary>
    /// <param name="state">as long as <see cref="TakesState"/> says</param>
    internal virtual void RestoreState(ByteSource state)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees memory of the rule's own; the workspace is the session's.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>What one step says.</summary>
/// <param name="Loss">mean loss of the batch, with the weights as they were before the step</param>
/// <param name="Count">rows of the batch</param>
public readonly record struct StepReport(double Loss, int Count)
{
    /// <summary>Whether the loss ran away; the weights are then worthless and the last checkpoint is the one to keep.</summary>
    public bool Diverged => !double.IsFinite(Loss);
}
