namespace EdgeLearn;

/// <summary>
/// A forward pass through all layers, then exact gradients of layers first..last: the part that <see cref="Backprop"/> and
/// <see cref="Frozen"/> share.
/// </summary>
public abstract class ExactGradient : LearningRule
{
    readonly Network _network;
    readonly BackwardPass _backward;
    Activations? _activations;

    private protected ExactGradient(Network network, int first)
    {
        _network = network;
        _backward = new BackwardPass(network, first, network.LossHead);
    }

    /// <inheritdoc/>
    public override void Plan(MemoryPlan plan, int batch)
    {
        _activations = new Activations(_network, plan, batch, probed: false, _backward.MomentsOf, leavesHead: true);
        _backward.Plan(plan, batch);
    }

    /// <inheritdoc/>
    public override void Bind(Workspace workspace)
    {
        _activations!.Bind(workspace);
        _backward.Bind(workspace);
    }

    /// <inheritdoc/>
    public override StepReport Step(in Batch batch, in StepClock clock, UpdateRule update)
    {
        var mode = ForwardMode.Training(clock);
        _activations!.Forward(0, _activations.Count, batch, mode);
        return new StepReport(_backward.Run(batch, _activations, mode, update) / batch.Count, batch.Count);
    }
}
