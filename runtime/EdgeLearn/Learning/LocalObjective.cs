namespace EdgeLearn;

/// <summary>
/// What one hidden unit minimises, given its outputs and the labels and nothing else. Its buffers live only at the moment in which the unit
/// learns.
/// </summary>
abstract class LocalObjective
{
    /// <summary>Asks the plan for what the gradient needs.</summary>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">most rows of a batch</param>
    /// <param name="time">the moment in which the unit learns</param>
    public virtual void Plan(MemoryPlan plan, int batch, int time)
    {
    }

    /// <summary>Takes the planned buffers.</summary>
    public virtual void Bind(Workspace workspace)
    {
    }

    /// <summary>Whether <see cref="Gradient"/> has applied the derivative of the unit's activation as well, so that it gives dz.</summary>
    public virtual bool GoesThroughActivation(in Batch batch) => false;

    /// <summary>Gradient of the objective's mean by the outputs.</summary>
    /// <param name="batch">with labels or targets</param>
    /// <param name="clock">of the step</param>
    /// <param name="mode">how the unit was run</param>
    /// <param name="y">[batch x units] outputs</param>
    /// <param name="dy">[batch x units], written</param>
    /// <returns>the sum of the objective over the batch</returns>
    public abstract double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy);
}
