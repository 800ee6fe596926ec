using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// The graph of the nearest neighbours of rows, symmetric: an edge wherever one of two rows is among the other's nearest. Its weights
/// w = exp(10 (similarity - 1)) are normalised to s = w / sqrt(d d'), with d the sum of a row's weights.
/// </summary>
sealed class NeighbourGraph
{
    const int Neighbours = 5;
    const double Sharpness = 10;

    readonly PlannedBuffer _nearest;
    readonly PlannedBuffer _starts;
    readonly PlannedBuffer _targets;
    readonly PlannedBuffer _weights;
    readonly PlannedBuffer _degrees;
    int _count;
    int _near;

    /// <summary>Asks the plan for the buffers.</summary>
    /// <param name="plan">collects the buffers</param>
    /// <param name="mostRows">most rows</param>
    /// <param name="first">moment of the first use</param>
    /// <param name="last">moment of the last</param>
    public NeighbourGraph(MemoryPlan plan, int mostRows, int first, int last)
    {
        _nearest = Request("nearest", (long)mostRows * Neighbours);
        _starts = Request("starts", mostRows + 1L);
        _targets = Request("targets", 2L * mostRows * Neighbours);
        _weights = Request("weights", 2L * mostRows * Neighbours);
        _degrees = Request("degrees", mostRows);

        PlannedBuffer Request(string what, long length)
            => plan.Request("fewshot.graph." + what, MemoryCategory.Activations, length, first, last);
    }

    /// <summary>Builds the graph.</summary>
    /// <param name="similarities">[count x count]</param>
    /// <param name="count">rows, at least 2</param>
    public void Build(ReadOnlySpan<float> similarities, int count)
    {
        _count = count;
        _near = Math.Min(Neighbours, count - 1);
        for (int i = 0; i < count; i++) FindNearest(similarities.Slice(i * count, count), i, NearestOf(i));
        Connect(similarities);
        NormaliseWeights();
    }

    Span<int> NearestOf(int row) => _nearest.Integers.Slice(row * _near, _near);

    // The most similar rows, the first of equals first.
    static void FindNearest(ReadOnlySpan<float> similarities, int row, Span<int> nearest)
    {
        int found = 0;
        for (int j = 0; j < similarities.Length; j++)
        {
            if (j == row || (found == nearest.Length && similarities[j] <= similarities[nearest[^1]])) continue;
            int place = found < nearest.Length ? found++ : found - 1;
            for (; place > 0 && similarities[j] > similarities[nearest[place - 1]]; place--) nearest[place] = nearest[place - 1];
            nearest[place] = j;
        }
    }

    void Connect(ReadOnlySpan<float> similarities)
    {
        Span<int> starts = _starts.Integers, targets = _targets.Integers;
        starts[.._count].Clear();
        for (int i = 0; i < _count; i++)
        {
            foreach (int j in NearestOf(i))
            {
                starts[i]++;
                if (!NearestOf(j).Contains(i)) starts[j]++;
            }
        }

        int end = 0;
        for (int i = 0; i < _count; i++) starts[i] = end += starts[i];
        starts[_count] = end;
        // From the end of each row's stretch to its start.
        for (int i = 0; i < _count; i++)
        {
            foreach (int j in NearestOf(i))
            {
                Add(i, j, similarities[(i * _count) + j]);
                if (!NearestOf(j).Contains(i)) Add(j, i, similarities[(i * _count) + j]);
            }
        }
    }

    void Add(int row, int target, float similarity)
    {
        int place = --_starts.Integers[row];
        _targets.Integers[place] = target;
        _weights.Span[place] = (float)PortableMath.Exp(Sharpness * Math.Min(similarity - 1, 0));
    }

    void NormaliseWeights()
    {
        Span<float> degrees = _degrees.Span, weights = _weights.Span;
        Span<int> starts = _starts.Integers, targets = _targets.Integers;
        for (int i = 0; i < _count; i++)
        {
            float sum = 0;
            for (int e = starts[i]; e < starts[i + 1]; e++) sum += weights[e];
            degrees[i] = sum;
        }

        for (int i = 0; i < _count; i++)
        {
            for (int e = starts[i]; e < starts[i + 1]; e++)
                weights[e] /= (float)(Math.Sqrt(degrees[i]) * Math.Sqrt(degrees[targets[e]]));
        }
    }

    /// <summary>One pass of next = share S scores + (1 - share) prior, which decreases <see cref="Objective"/>.</summary>
    /// <param name="share">what comes from neighbours, below 1</param>
    /// <param name="prior">[count x width]</param>
    /// <param name="scores">[count x width]</param>
    /// <param name="next">[count x width], written</param>
    /// <param name="width">scores of a row</param>
    public void Spread(float share, ReadOnlySpan<float> prior, ReadOnlySpan<float> scores, Span<float> next, int width)
    {
        Span<int> starts = _starts.Integers, targets = _targets.Integers;
        var weights = _weights.Span;
        TensorPrimitives.Multiply(prior, 1 - share, next);
        for (int i = 0; i < _count; i++)
        {
            var row = next.Slice(i * width, width);
            for (int e = starts[i]; e < starts[i + 1]; e++)
                TensorPrimitives.MultiplyAdd(scores.Slice(targets[e] * width, width), share * weights[e], row, row);
        }
    }

    /// <summary>
    /// What <see cref="Spread"/> minimises: share / 2 * sum over pairs of w |f / sqrt(d) - f' / sqrt(d')|^2 + (1 - share) * sum over rows
    /// of |f - prior|^2, over scores f.
    /// </summary>
    /// <param name="share">what comes from neighbours, below 1</param>
    /// <param name="prior">[count x width]</param>
    /// <param name="scores">[count x width]</param>
    /// <param name="width">scores of a row</param>
    public double Objective(float share, ReadOnlySpan<float> prior, ReadOnlySpan<float> scores, int width)
    {
        // The first sum is that of |f|^2 over rows, less that of s f . f' over ordered pairs.
        double sum = 0;
        for (int i = 0; i < _count; i++)
        {
            for (int c = 0; c < width; c++)
            {
                double f = scores[(i * width) + c], offset = f - prior[(i * width) + c], around = 0;
                for (int e = _starts.Integers[i]; e < _starts.Integers[i + 1]; e++)
                    around += _weights.Span[e] * (double)scores[(_targets.Integers[e] * width) + c];
                sum += (share * ((f * f) - (f * around))) + ((1 - share) * offset * offset);
            }
        }

        return sum;
    }
}
