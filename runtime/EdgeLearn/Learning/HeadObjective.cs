namespace EdgeLearn;

/// <summary>
/// A local head (<see cref="LocalHeadSet"/>) at a unit's output, held against the labels by a loss of classes: dy is the gradient of that
/// loss through the head, and stops at the unit. The head is a unit of its own.
/// </summary>
sealed class HeadObjective : Objective
{
    // Scores of a pass over samples with labels for steps: in the second-level cache, and deep enough for the products of the way back.
    const int MostScores = 32 * 1024;

    readonly UpdateRule _update;
    readonly UnitPass _head;
    readonly int _rows;
    readonly bool _sumsUp;
    readonly bool _waits;

    /// <summary>Asks the plan for the buffers of the head.</summary>
    /// <param name="head">its layers, over the rule's own set of weights</param>
    /// <param name="parameters">that set</param>
    /// <param name="loss">what the head's outputs are held against</param>
    /// <param name="update">learns what is trainable in the head</param>
    /// <param name="scoresSteps">whether it scores the classes at each step of a sample: then a few samples at a time, so that the scores
    /// of a batch never exist at once</param>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">most rows of the step's batch</param>
    /// <param name="unit">the unit below, at whose objective's moment the head is asked</param>
    public HeadObjective(Layer[] head, ParameterSet parameters, LocalHeadLoss loss, UpdateRule update, bool scoresSteps, MemoryPlan plan,
        int batch, in UnitTimes unit)
    {
        _update = update;
        _waits = unit.Rows > 0;
        _rows = _waits ? unit.Rows : batch;
        var words = head[^1] as TokenHeadLayer;
        if (scoresSteps && words is null) _rows = Math.Min(_rows, Math.Max(1, MostScores / head[^1].OutputLength));
        _sumsUp = _rows < batch;
        var body = words is null ? head : head[..^1];
        var times = new UnitTimes(0, body.Length, 0, unit.Objective)
        {
            IsAtOnce = unit.ObjectiveLength != LengthOf(head),
            Rows = _sumsUp ? _rows : 0,
            ByWords = unit.ByWords,
            IsCompact = unit.IsCompact,
            Stretch = _waits ? unit.Stretch : (unit.Objective, unit.GradientFrom),
            KeepsOutput = unit.KeepsOutput && body.Length == 0,
        };
        var layers = new LayerBuffers(body, parameters, plan, batch, probed: false, i => times.MomentsOf(i, body, null));
        Objective top = words is null ? new HeadLossObjective(loss)
            : new TokenHeadObjective(parameters, words, plan, batch, times, givesInputGradient: true);
        _head = new UnitPass(layers, plan, batch, times, top, givesInputGradient: true);
    }

    /// <summary>Moments that a head takes: its layers forward, its loss, and its layers back.</summary>
    public static int LengthOf(Layer[] head) => head[^1] is TokenHeadLayer ? 2 * head.Length - 1 : 2 * head.Length + 1;

    public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy,
        GradientSink sink)
    {
        var above = batch.Above(y);
        if (!_sumsUp) return Pass(above, clock, mode, dy);
        int values = y.Length / batch.Count;
        double sum = 0;
        for (int first = 0; first < batch.Count; first += _rows)
        {
            int count = Math.Min(_rows, batch.Count - first);
            sum += Pass(above.Rows(first, count), clock, mode, dy.Slice(first * values, count * values));
        }

        if (!_waits) _head.HandOver(above, _update);
        return sum;
    }

    double Pass(in Batch rows, in StepClock clock, in ForwardMode mode, Span<float> dy)
    {
        var part = mode.Of(rows);
        _head.Forward(rows, part);
        return _head.Learn(rows, clock, part, _update, dy);
    }

    public override void HandOver(in Batch batch, ReadOnlySpan<float> y, GradientSink sink)
    {
        if (_sumsUp) _head.HandOver(batch.Above(y), _update);
    }

    sealed class HeadLossObjective(LocalHeadLoss loss) : Objective
    {
        public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy,
            GradientSink sink)
        {
            y.CopyTo(dy);
            return loss.Gradient(batch, dy);
        }
    }
}

/// <summary>What a local head's outputs are held against: the network's own loss, or a hinge.</summary>
/// <param name="Network">the network's loss</param>
/// <param name="IsHinge">hinge instead of it, for class labels with an output each</param>
readonly record struct LocalHeadLoss(Loss Network, bool IsHinge)
{
    /// <summary>Sum of the losses, of each sample the mean over its labels; the scores become the gradient of their mean.</summary>
    /// <param name="batch">rows with labels or targets</param>
    /// <param name="scores">[batch x outputs]: scores in, gradient out</param>
    public double Gradient(in Batch batch, Span<float> scores)
        => IsHinge && batch.Labels.Length > 0 && scores.Length > batch.Labels.Length
            ? Hinge(batch, scores)
            : Network.Gradient(batch, scores);

    // Mean over the other classes of max(0, 1 + their score - the label's): Weston and Watkins 1999. Unlike the largest rival alone it
    // moves all classes at once.
    static double Hinge(in Batch batch, Span<float> scores)
    {
        int width = scores.Length / batch.Labels.Length;
        float share = 1f / Math.Max(1, width - 1), rate = share / (batch.StepCount * batch.LabelLength);
        double sum = 0;
        for (int b = 0; b < batch.Labels.Length; b++)
        {
            var row = scores.Slice(b * width, width);
            int label = batch.Labels[b], violated = 0;
            float own = row[label];
            for (int c = 0; c < width; c++)
            {
                float margin = c == label ? 0 : 1 + row[c] - own;
                row[c] = margin > 0 ? rate : 0;
                if (margin <= 0) continue;
                sum += margin * share;
                violated++;
            }

            row[label] = -violated * rate;
        }

        return sum / batch.LabelLength;
    }
}
