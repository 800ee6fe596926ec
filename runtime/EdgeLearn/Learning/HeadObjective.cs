namespace EdgeLearn;

/// <summary>
/// A local head (<see cref="LocalHeadSet"/>) at a unit's output, held against the labels by a loss of classes: dy is the gradient of that
/// loss through the head, and stops at the unit.
/// </summary>
/// <param name="head">the layers of the head, over the rule's own set of weights</param>
/// <param name="parameters">that set</param>
/// <param name="loss">what the head's outputs are held against</param>
/// <param name="update">learns what is trainable in the head</param>
/// <param name="scoresSteps">whether it scores the classes at each step of a sample: then a few samples at a time, so that the scores of a
/// batch never exist at once</param>
sealed class HeadObjective(LayerStack head, ParameterSet parameters, LocalHeadLoss loss, UpdateRule update, bool scoresSteps)
    : LocalObjective
{
    // Scores of a pass over samples with labels for steps: in the second-level cache, and deep enough for the products of the way back.
    const int MostScores = 32 * 1024;

    readonly GradientSums? _sums = scoresSteps ? new GradientSums([.. SlicesOf(head)]) : null;
    int _samplesOfPass;
    BufferId _saved;
    BufferId _gradient;
    BufferId _local;
    BufferId _scratch;
    Workspace? _workspace;

    static List<ParameterSlice> SlicesOf(LayerStack head)
    {
        var slices = new List<ParameterSlice>();
        foreach (var layer in head.Layers) slices.AddRange(layer.Slices);
        return slices;
    }

    public override void Plan(MemoryPlan plan, int batch, int time)
    {
        string name = head.Layers[0].Name;
        _samplesOfPass = scoresSteps ? Math.Clamp(MostScores / head.OutputShape.Length, 1, batch) : batch;
        if (_samplesOfPass < batch) _sums!.Plan(plan, name + ".sums", time);
        batch = _samplesOfPass;
        _saved = plan.Request(name + ".saved", MemoryCategory.Activations, head.SavedLength(batch), time, time);
        _gradient = plan.Request(name + ".gradient", MemoryCategory.Activations, (long)batch * head.OutputShape.Length, time, time);
        _local = plan.Request(name + ".local", MemoryCategory.Activations, head.GradientLength(batch), time, time);
        long scratch =
            Math.Max(head.ForwardScratchLength(batch, probed: false, saves: true),
            Math.Max(head.LocalGradientScratchLength(batch),
            Math.Max(head.InputGradientScratchLength(batch), head.GradientScratchLength(batch))));
        _scratch = plan.Request(name + ".scratch", MemoryCategory.Panels, scratch, time, time);
    }

    public override void Bind(Workspace workspace)
    {
        _workspace = workspace;
        _sums?.Bind(workspace);
    }

    public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy)
    {
        if (batch.Count <= _samplesOfPass) return Pass(batch, 1, mode, y, dy, update);
        int values = y.Length / batch.Count;
        double sum = 0;
        _sums!.Clear();
        for (int first = 0; first < batch.Count; first += _samplesOfPass)
        {
            int count = Math.Min(_samplesOfPass, batch.Count - first);
            var part = new Batch(count, default, batch.Labels[(first * batch.LabelLength)..], batch.LabelLength);
            sum += Pass(part, (float)count / batch.Count, mode, y.Slice(first * values, count * values),
                dy.Slice(first * values, count * values), _sums);
        }

        _sums.HandOver(update);
        return sum;
    }

    // The share is the part of the batch: the loss gives the gradient of the mean over the samples that it sees.
    double Pass(in Batch batch, float share, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy, GradientSink sink)
    {
        int count = batch.Count;
        var saved = _workspace![_saved][..(int)head.SavedLength(count)];
        var scratch = _workspace[_scratch];
        var scores = _workspace[_gradient][..(count * head.OutputShape.Length)];
        var local = _workspace[_local][..(int)head.GradientLength(count)];
        head.Forward(count, parameters, mode, y, saved, scratch).CopyTo(scores);
        double sum = loss.Gradient(batch, scores);
        if (share != 1) System.Numerics.Tensors.TensorPrimitives.Multiply(scores, share, scores);
        var trace = new ForwardTrace(count, parameters, mode, y, default, saved);
        head.LocalGradient(trace, scores, local, scratch);
        head.InputGradient(trace, local, dy, scratch);
        head.ParameterGradient(trace, local, scratch, sink);
        return sum;
    }
}
