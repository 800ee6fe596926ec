namespace EdgeLearn;

/// <summary>
/// A local head (<see cref="LocalHeadSet"/>) at a unit's output, held against the labels by a loss of classes: dy is the gradient of that loss through the head, and stops at the unit.
/// </summary>
/// <param name="head">the layers of the head, over the rule's own set of weights</param>
/// <param name="parameters">that set</param>
/// <param name="loss">what the head's outputs are held against</param>
/// <param name="update">learns what is trainable in the head</param>
sealed class HeadObjective(LayerStack head, ParameterSet parameters, LocalHeadLoss loss, UpdateRule update) : LocalObjective
{
    BufferId _saved;
    BufferId _gradient;
    BufferId _local;
    BufferId _scratch;
    Workspace? _workspace;

    public override void Plan(MemoryPlan plan, int batch, int time)
    {
        string name = head.Layers[0].Name;
        _saved = plan.Request(name + ".saved", MemoryCategory.Activations, head.SavedLength(batch), time, time);
        _gradient = plan.Request(name + ".gradient", MemoryCategory.Activations, (long)batch * head.OutputShape.Length, time, time);
        _local = plan.Request(name + ".local", MemoryCategory.Activations, head.GradientLength(batch), time, time);
        long scratch = Math.Max(head.ForwardScratchLength(batch, probed: false, saves: true), Math.Max(head.LocalGradientScratchLength(batch), Math.Max(head.InputGradientScratchLength(batch), head.GradientScratchLength(batch))));
        _scratch = plan.Request(name + ".scratch", MemoryCategory.Panels, scratch, time, time);
    }

    public override void Bind(Workspace workspace) => _workspace = workspace;

    public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy)
    {
        int count = batch.Count;
        var saved = _workspace![_saved][..(int)head.SavedLength(count)];
        var scratch = _workspace[_scratch];
        var scores = _workspace[_gradient][..(count * head.OutputShape.Length)];
        var local = _workspace[_local][..(int)head.GradientLength(count)];
        head.Forward(count, parameters, mode, y, saved, scratch).CopyTo(scores);
        double sum = loss.Gradient(batch, scores);
        var trace = new ForwardTrace(count, parameters, mode, y, default, saved);
        head.LocalGradient(trace, scores, local, scratch);
        head.InputGradient(trace, local, dy, scratch);
        head.ParameterGradient(trace, local, scratch, update);
        return sum;
    }
}
