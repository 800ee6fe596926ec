using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// Similarity matching beside a head's own loss: samples of a class shall have readings alike, those of two classes shall not. With u the
/// readings of a batch, centred and divided by their norm, and t the one-hot labels (of two classes with one output, the labels; or real
/// targets) treated likewise: (1 - share) * head + share * mean over pairs of (u_i . u_j - t_i . t_j)^2. No weights of its own.
/// </summary>
/// <remarks>Source: Nokland and Eidnes 2019, arXiv:1901.06656. Differs: what is compared is what the head reads, without a convolution of
/// its own before.</remarks>
sealed class SimilarityObjective : Objective
{
    static readonly ParameterSet s_none = new();

    readonly Objective _head;
    readonly float _share;
    readonly MatchObjective _match;
    readonly UnitPass? _reading;
    readonly PlannedBuffer _gradient;

    /// <summary>Asks the plan for the buffers.</summary>
    /// <param name="head">its loss and gradient</param>
    /// <param name="name">of the buffers</param>
    /// <param name="reading">the layers without weights between the unit's outputs and the readings; none when these are the
    /// outputs</param>
    /// <param name="lengths">floats of a sample: outputs, classes or targets</param>
    /// <param name="share">0 to 1</param>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">most rows of a batch</param>
    /// <param name="time">the moment in which it is asked</param>
    public SimilarityObjective(Objective head, string name, Layer[] reading, (int Outputs, int Targets) lengths, float share,
        MemoryPlan plan, int batch, int time)
    {
        _head = head;
        _share = share;
        int readings = reading.Length > 0 ? reading[^1].OutputLength : lengths.Outputs;
        _match = new MatchObjective(name, readings, lengths.Targets, plan, batch, time);
        _gradient = plan.Request(name + ".similarity.outputs", MemoryCategory.Activations, (long)batch * lengths.Outputs, time, time);
        if (reading.Length == 0) return;
        var times = new UnitTimes(0, reading.Length, 0, time) { IsAtOnce = true };
        var layers = new LayerBuffers(reading, s_none, plan, batch, probed: false, i => times.MomentsOf(i, reading, null));
        _reading = new UnitPass(layers, plan, batch, times, _match, givesInputGradient: true);
    }

    public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy,
        GradientSink sink)
    {
        double sum = _head.Gradient(batch, clock, mode, y, dy, sink);
        var gradient = _gradient.Span[..dy.Length];
        var above = batch.Above(y);
        _reading?.Forward(above, mode);
        double loss = _reading?.Learn(above, clock, mode, sink, gradient) ?? _match.Gradient(batch, clock, mode, y, gradient, sink);
        TensorPrimitives.Multiply(dy, 1 - _share, dy);
        TensorPrimitives.MultiplyAdd(gradient, _share, dy, dy);
        return ((1 - _share) * sum) + (_share * loss * batch.Count);
    }
}

/// <summary>
/// Similarity matching of readings y: with u the readings of a batch, centred and divided by their norm, and t the one-hot labels (of two
/// classes with one output, the labels; or real targets) treated likewise, the mean over pairs of (u_i . u_j - t_i . t_j)^2, which is what
/// <see cref="Gradient"/> returns, once for the batch.
/// </summary>
sealed class MatchObjective : Objective
{
    readonly int _readingLength;
    readonly int _targetLength;
    readonly PlannedBuffer _readings;
    readonly PlannedBuffer _targets;
    readonly PlannedBuffer _pairs;
    readonly PlannedBuffer _norms;
    readonly PlannedBuffer _scratch;

    /// <summary>Asks the plan for the buffers.</summary>
    /// <param name="name">of the buffers</param>
    /// <param name="readingLength">floats of a sample's reading</param>
    /// <param name="targetLength">classes, or floats of a sample's targets</param>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">most rows of a batch</param>
    /// <param name="time">the moment in which it is asked</param>
    public MatchObjective(string name, int readingLength, int targetLength, MemoryPlan plan, int batch, int time)
    {
        _readingLength = readingLength;
        _targetLength = targetLength;
        _readings = Request("readings", (long)batch * readingLength);
        _targets = Request("targets", (long)batch * targetLength);
        _pairs = Request("pairs", (long)batch * batch);
        _norms = Request("norms", batch);
        long scratch = 0;
        // fewer samples may take more
        for (int count = 1; count <= batch; count++) scratch = Math.Max(scratch, ProductScratchLength(count));
        _scratch = Request("scratch", scratch);

        PlannedBuffer Request(string what, long length)
            => plan.Request($"{name}.similarity.{what}", MemoryCategory.Activations, length, time, time);
    }

    long ProductScratchLength(int count)
    {
        var rows = new MatrixShape(count, _readingLength);
        return Math.Max(Kernels.ProductScratchLength(rows, rows.Transpose()),
            Kernels.ProductScratchLength(new MatrixShape(count, count), rows));
    }

    public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy,
        GradientSink sink)
    {
        int count = batch.Count, width = _readingLength;
        Span<float> u = _readings.Span[..(count * width)], pairs = _pairs.Span[..(count * count)], norms = _norms.Span[..count],
            mean = dy[..width], scratch = _scratch.Span;
        y.CopyTo(u);
        Centre(u, count, mean);
        Normalise(u, norms);
        var rows = new MatrixView(u, count, width);
        Kernels.Product(rows, rows.Transpose(), pairs, count, scratch);
        double loss = SubtractTargets(batch, pairs);
        Kernels.Product(new MatrixView(pairs, count, count), rows, dy, width, scratch);

        // By u: 4 / n^2 * E u. Through the norm: what lies along u vanishes. Through the centre: the mean over the batch vanishes.
        float rate = 4f / ((float)count * count);
        for (int i = 0; i < count; i++)
        {
            var row = dy.Slice(i * width, width);
            var direction = u.Slice(i * width, width);
            TensorPrimitives.MultiplyAdd(direction, -TensorPrimitives.Dot(row, direction), row, row);
            TensorPrimitives.Multiply(row, norms[i] > 0 ? rate / norms[i] : 0, row);
        }

        Centre(dy, count, u[..width]);
        return loss;
    }

    // pairs -= those of the labels.
    double SubtractTargets(in Batch batch, Span<float> pairs)
    {
        int count = batch.Count, width = _targetLength;
        Span<float> targets = _targets.Span[..(count * width)], norms = stackalloc float[1];
        if (batch.Labels.IsEmpty)
        {
            batch.Targets.CopyTo(targets);
        }
        else if (width == 1)
        {
            for (int i = 0; i < count; i++) targets[i] = batch.Labels[i];
        }
        else
        {
            targets.Clear();
            for (int i = 0; i < count; i++) targets[(i * width) + batch.Labels[i]] = 1;
        }

        Span<float> mean = stackalloc float[Math.Min(width, 256)];
        for (int c = 0; c < width; c += mean.Length) CentreColumns(targets, count, width, c, mean[..Math.Min(mean.Length, width - c)]);
        for (int i = 0; i < count; i++) Normalise(targets.Slice(i * width, width), norms);
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            var row = pairs.Slice(i * count, count);
            for (int j = 0; j < count; j++)
                row[j] -= TensorPrimitives.Dot<float>(targets.Slice(i * width, width), targets.Slice(j * width, width));
            sum += TensorPrimitives.SumOfSquares<float>(row);
        }

        return sum / ((double)count * count);
    }

    static void Centre(Span<float> rows, int count, Span<float> mean) => CentreColumns(rows, count, mean.Length, 0, mean);

    // Takes from some columns of rows [count x width] their mean.
    static void CentreColumns(Span<float> rows, int count, int width, int first, Span<float> mean)
    {
        mean.Clear();
        for (int i = 0; i < count; i++) TensorPrimitives.Add(mean, rows.Slice((i * width) + first, mean.Length), mean);
        TensorPrimitives.Multiply(mean, 1f / count, mean);
        for (int i = 0; i < count; i++)
        {
            var row = rows.Slice((i * width) + first, mean.Length);
            TensorPrimitives.Subtract(row, mean, row);
        }
    }

    // Rows of length 1; one without length stays.
    static void Normalise(Span<float> rows, Span<float> norms)
    {
        int width = rows.Length / norms.Length;
        for (int i = 0; i < norms.Length; i++)
        {
            var row = rows.Slice(i * width, width);
            norms[i] = TensorPrimitives.Norm<float>(row);
            if (norms[i] > 0) TensorPrimitives.Multiply(row, 1 / norms[i], row);
        }
    }
}
