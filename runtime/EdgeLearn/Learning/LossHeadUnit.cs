namespace EdgeLearn;

/// <summary>
/// The last unit of a forward-only rule where it is a <see cref="TokenHeadLayer"/>: loss and gradients are made a few outputs at a time, so
/// that the scores of a large vocabulary never exist at once. Nothing goes below it.
/// </summary>
/// <param name="network">ends with the head</param>
/// <param name="head">its last layer</param>
sealed class LossHeadUnit(Network network, TokenHeadLayer head)
{
    BufferId _gradient;
    BufferId _scratch;
    Workspace? _workspace;

    /// <summary>Asks the plan for the gradient of the weights and for scratch.</summary>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">most rows of a batch</param>
    /// <param name="time">the moment in which the unit learns</param>
    public void Plan(MemoryPlan plan, int batch, int time)
    {
        bool learns = head.IsTrainable;
        _gradient = plan.Request(head.Name + ".weights.gradient", MemoryCategory.Panels, learns ? head.Weight.Length : 0, time, time);
        _scratch = plan.Request(head.Name + ".panel", MemoryCategory.Panels,
            learns ? head.LossGradientScratchLength(batch) : head.LossScratchLength(batch), time, time);
    }

    /// <summary>Takes the planned buffers.</summary>
    public void Bind(Workspace workspace) => _workspace = workspace;

    /// <summary>The sum of the losses; what is trainable learns.</summary>
    /// <param name="batch">with labels</param>
    /// <param name="x">[batch x input length] what the head reads</param>
    /// <param name="sink">takes the gradient</param>
    public double Learn(in Batch batch, ReadOnlySpan<float> x, GradientSink sink)
    {
        var scratch = _workspace![_scratch];
        if (!head.IsTrainable) return head.Loss(batch, network.Parameters, Probe.None, x, out _, scratch);
        var gradient = _workspace[_gradient];
        double loss = head.LossGradient(batch, network.Parameters, x, gradient, default, scratch);
        sink.Accept(head.Weight, 0, gradient);
        return loss;
    }
}
