namespace EdgeLearn;

/// <summary>
/// A <see cref="TokenHeadLayer"/> and the loss in one: both are made a few outputs at a time, so that the scores of a large vocabulary
/// never exist at once.
/// </summary>
sealed class TokenHeadObjective : Objective
{
    readonly ParameterSet _parameters;
    readonly TokenHeadLayer _head;
    readonly PlannedBuffer _gradient;
    readonly PlannedBuffer _scratch;

    /// <summary>Asks the plan for the gradient of the weights, summed over the batch, and for scratch.</summary>
    /// <param name="parameters">of the network</param>
    /// <param name="head">its last layer</param>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">most rows of a batch</param>
    /// <param name="times">of the unit below; an embedding in it that shares the weights adds its own gradient and hands both on</param>
    public TokenHeadObjective(ParameterSet parameters, TokenHeadLayer head, MemoryPlan plan, int batch, in UnitTimes times)
    {
        _parameters = parameters;
        _head = head;
        bool learns = head.Weight.Trainable, gradient = learns || times.Lowest < times.End;
        _gradient = plan.Request(head.Name + ".weights.gradient", MemoryCategory.Panels, learns ? head.Weight.Length : 0, times.Objective,
            head.IsTied ? times.Back(0) : times.Objective);
        _scratch = plan.Request(head.Name + ".panel", MemoryCategory.Panels,
            gradient ? head.LossGradientScratchLength(batch) : head.LossScratchLength(batch), times.Objective, times.Objective);
    }

    public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy,
        GradientSink sink)
    {
        if (!_head.Weight.Trainable && dy.IsEmpty) return _head.Loss(batch, _parameters, Probe.None, y, out _, _scratch.Span);
        double loss = _head.LossGradient(batch, _parameters, y, _gradient.Span, dy, _scratch.Span);
        if (!_head.IsTied && _head.Weight.Trainable && double.IsFinite(loss)) sink.Accept(_head.Weight, 0, _gradient.Span);
        return loss;
    }

    public override Span<float> SharedGradient => _head.IsTied ? _gradient.Span : default;
}
