using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// Similarity matching beside a head's own loss: samples of a class shall have readings alike, those of two classes shall not. With u the
/// readings of a batch, centred and divided by their norm, and t the one-hot labels (of two classes with one output, the labels; or real
/// targets) treated likewise: (1 - share) * head + share * mean over pairs of (u_i . u_j - t_i . t_j)^2. No weights of its own.
/// </summary>
/// <remarks>Source: Nokland and Eidnes 2019, arXiv:1901.06656. Differs: what is compared is what the head reads, without a convolution of
/// its own before.</remarks>
/// <param name="head">its loss and gradient</param>
/// <param name="name">of the buffers</param>
/// <param name="reading">the layers without weights between the unit's outputs and the readings; null when these are the outputs</param>
/// <param name="lengths">floats of a sample: outputs, readings, classes or targets</param>
/// <param name="share">0 to 1</param>
sealed class SimilarityObjective(LocalObjective head, string name, LayerStack? reading, (int Outputs, int Readings, int Targets) lengths,
    float share) : LocalObjective
{
    static readonly ParameterSet s_none = new();

    BufferId _saved;
    BufferId _local;
    BufferId _outputGradient;
    BufferId _readings;
    BufferId _gradient;
    BufferId _targets;
    BufferId _pairs;
    BufferId _norms;
    BufferId _scratch;
    Workspace? _workspace;

    public override void Plan(MemoryPlan plan, int batch, int time)
    {
        head.Plan(plan, batch, time);
        BufferId Request(string what, long length)
            => plan.Request($"{name}.similarity.{what}", MemoryCategory.Activations, length, time, time);
        _readings = Request("readings", (long)batch * lengths.Readings);
        _gradient = Request("gradient", (long)batch * lengths.Readings);
        _targets = Request("targets", (long)batch * lengths.Targets);
        _pairs = Request("pairs", (long)batch * batch);
        _norms = Request("norms", batch);
        long scratch = 0;
        // fewer samples may take more
        for (int count = 1; count <= batch; count++) scratch = Math.Max(scratch, ProductScratchLength(count));
        if (reading is not null)
        {
            _saved = Request("saved", reading.SavedLength(batch));
            _local = Request("local", reading.GradientLength(batch));
            _outputGradient = Request("outputs", (long)batch * lengths.Outputs);
            scratch = Math.Max(scratch,
                Math.Max(reading.ForwardScratchLength(batch, probed: false, saves: true),
                Math.Max(reading.LocalGradientScratchLength(batch), reading.InputGradientScratchLength(batch))));
        }

        _scratch = plan.Request(name + ".similarity.scratch", MemoryCategory.Panels, scratch, time, time);
    }

    long ProductScratchLength(int count)
    {
        var rows = new MatrixShape(count, lengths.Readings);
        return Math.Max(Kernels.ProductScratchLength(rows, rows.Transpose()),
            Kernels.ProductScratchLength(new MatrixShape(count, count), rows));
    }

    public override void Bind(Workspace workspace)
    {
        _workspace = workspace;
        head.Bind(workspace);
    }

    public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy)
    {
        int count = batch.Count;
        double sum = head.Gradient(batch, clock, mode, y, dy);
        var scratch = _workspace![_scratch];
        var saved = reading is null ? default : _workspace[_saved][..(int)reading.SavedLength(count)];
        var values = reading is null ? y : reading.Forward(count, s_none, mode, y, saved, scratch);
        var gradient = _workspace[_gradient][..(count * lengths.Readings)];
        double loss = Match(batch, values, gradient, scratch);
        var addend = gradient;
        if (reading is not null)
        {
            var local = _workspace[_local][..(int)reading.GradientLength(count)];
            addend = _workspace[_outputGradient][..dy.Length];
            var trace = new ForwardTrace(count, s_none, mode, y, default, saved);
            reading.LocalGradient(trace, gradient, local, scratch);
            reading.InputGradient(trace, local, addend, scratch);
        }

        TensorPrimitives.Multiply(dy, 1 - share, dy);
        TensorPrimitives.MultiplyAdd(addend, share, dy, dy);
        return ((1 - share) * sum) + (share * loss * count);
    }

    // The loss, and its gradient by the readings.
    double Match(in Batch batch, ReadOnlySpan<float> readings, Span<float> gradient, Span<float> scratch)
    {
        int count = batch.Count, width = lengths.Readings;
        Span<float> u = _workspace![_readings][..(count * width)], pairs = _workspace[_pairs][..(count * count)],
            norms = _workspace[_norms][..count], mean = gradient[..width];
        readings.CopyTo(u);
        Centre(u, count, mean);
        Normalise(u, norms);
        var rows = new MatrixView(u, count, width);
        Kernels.Product(rows, rows.Transpose(), pairs, count, scratch);
        double loss = SubtractTargets(batch, pairs);
        Kernels.Product(new MatrixView(pairs, count, count), rows, gradient, width, scratch);

        // By u: 4 / n^2 * E u. Through the norm: what lies along u vanishes. Through the centre: the mean over the batch vanishes.
        float rate = 4f / ((float)count * count);
        for (int i = 0; i < count; i++)
        {
            var row = gradient.Slice(i * width, width);
            var direction = u.Slice(i * width, width);
            TensorPrimitives.MultiplyAdd(direction, -TensorPrimitives.Dot(row, direction), row, row);
            TensorPrimitives.Multiply(row, norms[i] > 0 ? rate / norms[i] : 0, row);
        }

        Centre(gradient, count, u[..width]);
        return loss;
    }

    // pairs -= those of the labels.
    double SubtractTargets(in Batch batch, Span<float> pairs)
    {
        int count = batch.Count, width = lengths.Targets;
        Span<float> targets = _workspace![_targets][..(count * width)], norms = stackalloc float[1];
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
