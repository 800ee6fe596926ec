namespace EdgeLearn;

/// <summary>
/// What stands on top of a unit and says what its outputs are worth: the network's loss, a target, a small network of the rule's own. Asks
/// the plan for its buffers where it is built.
/// </summary>
abstract class Objective
{
    /// <summary>
    /// Whether <see cref="Gradient"/> applies the derivative of the unit's last activation as well, so that it gives dz.
    /// </summary>
    public virtual bool GoesThroughActivation(in Batch batch) => false;

    /// <summary>Gradient of the objective's mean by the outputs.</summary>
    /// <param name="batch">with labels or targets</param>
    /// <param name="clock">of the step</param>
    /// <param name="mode">how the unit was run</param>
    /// <param name="y">[batch x outputs] of the unit</param>
    /// <param name="dy">[batch x outputs], written; empty when no layer of the unit learns</param>
    /// <param name="sink">takes gradients of the network's own weights in the objective</param>
    /// <returns>the sum of the objective over the batch; where it is not finite, dy may be anything</returns>
    public abstract double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy,
        GradientSink sink);

    /// <summary>What the first layer has to add to its gradient, see <see cref="ForwardTrace.SharedGradient"/>.</summary>
    public virtual Span<float> SharedGradient => default;
}

/// <summary>The network's loss, of all its outputs.</summary>
/// <param name="loss">of the network</param>
/// <param name="sum">[batch x outputs] for the loss alone, where nothing below learns; else empty</param>
sealed class LossObjective(Loss loss, PlannedBuffer sum = default) : Objective
{
    public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy,
        GradientSink sink)
    {
        bool learns = !dy.IsEmpty;
        var values = learns ? dy : sum.Span[..y.Length];
        y.CopyTo(values);
        return learns ? loss.Gradient(batch, values) : loss.Sum(batch, values);
    }

    /// <summary>The objective on top of a whole network.</summary>
    /// <param name="network">with its loss, and with a last layer that makes it itself or none</param>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">most rows of a batch</param>
    /// <param name="times">of the last unit</param>
    public static Objective Of(Network network, MemoryPlan plan, int batch, in UnitTimes times)
    {
        if (network.LossHead is { } head) return new TokenHeadObjective(network.Parameters, head, plan, batch, times);
        if (times.Lowest < times.End) return new LossObjective(network.Loss);
        return new LossObjective(network.Loss, plan.Request("loss.outputs", MemoryCategory.Activations,
            (long)batch * network.OutputLength, times.Objective, times.Objective));
    }
}
