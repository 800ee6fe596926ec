namespace EdgeLearn;

/// <summary>
/// What stands on top of a unit and says what its outputs are worth: the network's loss, a target, a small network of the rule's own. Asks
/// the plan for its buffers where it is built.
/// </summary>
abstract class Objective
{
    /// <summary>Whether <see cref="Gradient"/> applies the derivative of the unit's last activation as well, so that it gives dz.</summary>
    public virtual bool GoesThroughActivation(in Batch batch) => false;

    /// <summary>Gradient of the objective's mean by the outputs.</summary>
    /// <param name="batch">with labels or targets; of a part, the gradient is of the mean over the step's batch</param>
    /// <param name="clock">of the step</param>
    /// <param name="mode">how the unit was run</param>
    /// <param name="y">[batch x outputs] of the unit</param>
    /// <param name="dy">[batch x outputs], written; empty when no layer of the unit learns</param>
    /// <param name="sink">takes gradients of the network's own weights in the objective</param>
    /// <returns>the sum of the objective over the batch; where it is not finite, dy may be anything</returns>
    public abstract double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy,
        GradientSink sink);

    /// <summary>Hands over the gradients of the objective's own weights, where it saw the batch a part at a time.</summary>
    /// <param name="batch">of the step</param>
    /// <param name="y">[batch x outputs] of the unit, where they are there for all rows (<see cref="UnitTimes.KeepsOutput"/>)</param>
    /// <param name="sink">takes gradients of the network's own weights</param>
    public virtual void HandOver(in Batch batch, ReadOnlySpan<float> y, GradientSink sink)
    {
    }

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
            (long)(times.Rows == 0 ? batch : times.Rows) * network.OutputLength, times.Objective, times.Objective));
    }
}

/// <summary>
/// A <see cref="TokenHeadLayer"/> and the loss in one: both are made a few outputs at a time, so that the scores of a large vocabulary
/// never exist at once.
/// </summary>
sealed class TokenHeadObjective : Objective
{
    readonly ParameterSet _parameters;
    readonly TokenHeadLayer _head;
    readonly bool _byWords, _handsOn, _sumsUp, _defers;
    readonly PlannedBuffer _weightGradient;
    readonly PlannedBuffer _biasGradient;
    readonly PlannedBuffer _scratch;
    readonly PlannedBuffer _lastScratch; // of the pass behind all parts

    /// <summary>Asks the plan for scratch and, where they are needed as a whole, for the gradients of the layer's tensors.</summary>
    /// <param name="parameters">of the layer</param>
    /// <param name="head">the last layer</param>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">most rows of a batch</param>
    /// <param name="times">of the unit below; an embedding in it that shares the weights adds its own gradient and hands both on</param>
    /// <param name="givesInputGradient">whether the gradient by the layer's input is asked for though nothing below it learns</param>
    public TokenHeadObjective(ParameterSet parameters, TokenHeadLayer head, MemoryPlan plan, int batch, in UnitTimes times,
        bool givesInputGradient = false)
    {
        _parameters = parameters;
        _head = head;
        _sumsUp = times.Rows > 0;
        _byWords = times.ByWords || !head.Weight.IsReadInPlace;
        bool learns = head.Weight.Trainable || head.Bias is { Trainable: true };
        _handsOn = _byWords && learns && !_sumsUp && !head.IsTied;
        _defers = _byWords && head.Weight.Trainable && _sumsUp && times.KeepsOutput && !head.IsTied;
        bool isWhole = learns && !_handsOn && !_defers, gradient = learns || givesInputGradient || times.Lowest < times.End;
        var (from, until) = _sumsUp ? times.Stretch : (times.Objective, head.IsTied ? times.Back(0) : times.Objective);
        _weightGradient = plan.Request(head.Name + ".weights.gradient", MemoryCategory.Panels,
            isWhole && head.Weight.Trainable ? head.Weight.Length : 0, from, until);
        _biasGradient = plan.Request(head.Name + ".bias.gradient", MemoryCategory.Panels,
            isWhole && head.Bias is { Trainable: true } bias ? bias.Length : 0, from, until);
        int rows = _sumsUp ? times.Rows : batch;
        _scratch = plan.Request(head.Name + ".panel", MemoryCategory.Panels,
            !gradient ? head.LossScratchLength(rows) : _byWords ? head.ByWordsScratchLength(rows, _handsOn)
                : head.LossGradientScratchLength(rows), times.Objective, times.Objective);
        _lastScratch = plan.Request(head.Name + ".last", MemoryCategory.Panels,
            _defers ? head.ByWordsScratchLength(batch, handsOn: true) : 0, until, until);
    }

    public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy,
        GradientSink sink)
    {
        Span<float> dWeight = _weightGradient.Span, dBias = _biasGradient.Span;
        if (!_handsOn && dWeight.IsEmpty && dBias.IsEmpty && dy.IsEmpty)
            return _head.Loss(batch, _parameters, Probe.None, y, out _, _scratch.Span);
        double loss = _byWords
            ? _head.LossGradientByWords(batch, _parameters, y, dWeight, dBias, dy, _handsOn ? sink : null, _scratch.Span)
            : _head.LossGradient(batch, _parameters, y, dWeight, dBias, dy, _scratch.Span);
        if (!_sumsUp && !_head.IsTied && double.IsFinite(loss)) HandOver(batch, y, sink);
        return loss;
    }

    public override void HandOver(in Batch batch, ReadOnlySpan<float> y, GradientSink sink)
    {
        // Of a vocabulary not even the sums over parts: all steps once more, a block of words at a time.
        if (_defers) _head.LossGradientByWords(batch, _parameters, y, default, default, default, sink, _lastScratch.Span);
        if (!_weightGradient.Span.IsEmpty) sink.Accept(_head.Weight, 0, _weightGradient.Span);
        if (!_biasGradient.Span.IsEmpty) sink.Accept(_head.Bias!, 0, _biasGradient.Span);
    }

    public override Span<float> SharedGradient => _head.IsTied ? _weightGradient.Span : default;
}
