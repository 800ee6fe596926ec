using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// Spreads the labels of a few rows over a <see cref="NeighbourGraph"/> of all. Scores f minimise the graph's objective around a prior: 1
/// for a labelled row's class; for any other row a little, 0.006 times the square of the labelled rows of a class, shared out by
/// softmax(-10 |z - m|^2) over the centroids m of the labelled rows. The objective is convex, and neither it nor the prior assumes what
/// share of the rows a class has.
/// </summary>
sealed class LabelSpread
{
    // Labelled rows of a class beyond which more of them give the prior no more weight.
    const int MostShots = 5;
    const int Passes = 40;
    const float Share = 0.85f, PriorOfOneShot = 0.006f;
    const double PriorSharpness = 10;

    readonly NeighbourGraph _graph;
    readonly PlannedBuffer _products;
    readonly PlannedBuffer _distances;
    readonly PlannedBuffer _prior;
    readonly PlannedBuffer _scores;
    readonly PlannedBuffer _next;
    int _count;
    int _labelledCount;
    int _classCount;

    /// <summary>Asks the plan for the buffers.</summary>
    /// <param name="plan">collects the buffers</param>
    /// <param name="mostRows">most rows</param>
    /// <param name="mostClasses">most classes</param>
    /// <param name="first">moment of the first use</param>
    /// <param name="last">moment of the last</param>
    public LabelSpread(MemoryPlan plan, int mostRows, int mostClasses, int first, int last)
    {
        _graph = new NeighbourGraph(plan, mostRows, first, last);
        _products = Request("products", mostRows);
        _distances = Request("distances", mostRows * (long)mostClasses);
        _prior = Request("prior", mostRows * (long)mostClasses);
        _scores = Request("scores", mostRows * (long)mostClasses);
        _next = Request("next", mostRows * (long)mostClasses);

        PlannedBuffer Request(string what, long length)
            => plan.Request("fewshot." + what, MemoryCategory.Activations, length, first, last);
    }

    /// <summary>Told the objective after every pass; for tests.</summary>
    internal Action<double>? Watch { get; set; }

    /// <summary>Spreads the labels.</summary>
    /// <param name="similarities">[count x count]: z . z' of rows, the labelled first</param>
    /// <param name="count">rows</param>
    /// <param name="labels">of the labelled</param>
    /// <param name="classCount">classes</param>
    /// <returns>How pure the scores of the other rows are: the mean of their largest share, 0 where all are equal, 1 where one has all.
    /// </returns>
    public double Run(ReadOnlySpan<float> similarities, int count, ReadOnlySpan<int> labels, int classCount)
    {
        (_count, _labelledCount, _classCount) = (count, labels.Length, classCount);
        _graph.Build(similarities, count);
        MeasureDistances(similarities, labels);
        SetPrior(labels);
        Spread();
        return Purity();
    }

    /// <summary>The class of each unlabelled row after <see cref="Run"/>.</summary>
    public void ReadClasses(Span<int> classes)
    {
        for (int i = 0; i < classes.Length; i++) classes[i] = TensorPrimitives.IndexOfMax(ScoresOf(_labelledCount + i));
    }

    /// <summary>The class of each unlabelled row by the nearest centroid of the labelled.</summary>
    /// <param name="similarities">[count x count]: z . z' of rows, the labelled first</param>
    /// <param name="count">rows</param>
    /// <param name="labels">of the labelled</param>
    /// <param name="classCount">classes</param>
    /// <param name="classes">written</param>
    public void ReadNearest(ReadOnlySpan<float> similarities, int count, ReadOnlySpan<int> labels, int classCount, Span<int> classes)
    {
        (_count, _labelledCount, _classCount) = (count, labels.Length, classCount);
        MeasureDistances(similarities, labels);
        for (int i = 0; i < classes.Length; i++) classes[i] = TensorPrimitives.IndexOfMin(DistancesOf(labels.Length + i));
    }

    Span<float> DistancesOf(int row) => _distances.Span.Slice(row * _classCount, _classCount);

    Span<float> ScoresOf(int row) => _scores.Span.Slice(row * _classCount, _classCount);

    // |z - m|^2 = z . z - 2 z . m + m . m, and m is the mean of the labelled rows of a class.
    void MeasureDistances(ReadOnlySpan<float> similarities, ReadOnlySpan<int> labels)
    {
        var products = _products.Span[.._count];
        for (int c = 0; c < _classCount; c++)
        {
            products.Clear();
            for (int i = 0; i < labels.Length; i++)
            {
                if (labels[i] == c) TensorPrimitives.Add(products, similarities.Slice(i * _count, _count), products);
            }

            int members = labels.Count(c);
            TensorPrimitives.Divide(products, members, products);
            float square = 0;
            for (int i = 0; i < labels.Length; i++) square += labels[i] == c ? products[i] / members : 0;
            for (int i = 0; i < _count; i++) DistancesOf(i)[c] = similarities[(i * _count) + i] - (2 * products[i]) + square;
        }
    }

    void SetPrior(ReadOnlySpan<int> labels)
    {
        var prior = _prior.Span[..(_count * _classCount)];
        prior[..(labels.Length * _classCount)].Clear();
        for (int i = 0; i < labels.Length; i++) prior[(i * _classCount) + labels[i]] = 1;
        float shots = Math.Min((float)labels.Length / _classCount, MostShots), weight = PriorOfOneShot * shots * shots;
        for (int i = labels.Length; i < _count; i++)
        {
            var distances = DistancesOf(i);
            var row = prior.Slice(i * _classCount, _classCount);
            float least = TensorPrimitives.Min<float>(distances), sum = 0;
            for (int c = 0; c < row.Length; c++) sum += row[c] = (float)PortableMath.Exp(-PriorSharpness * (distances[c] - least));
            TensorPrimitives.Multiply(row, weight / sum, row);
        }
    }

    void Spread()
    {
        int length = _count * _classCount;
        Span<float> prior = _prior.Span[..length], scores = _scores.Span[..length], next = _next.Span[..length];
        prior.CopyTo(scores);
        for (int pass = 0; pass < Passes; pass += 2)
        {
            _graph.Spread(Share, prior, scores, next, _classCount);
            Watch?.Invoke(_graph.Objective(Share, prior, next, _classCount));
            _graph.Spread(Share, prior, next, scores, _classCount);
            Watch?.Invoke(_graph.Objective(Share, prior, scores, _classCount));
        }
    }

    double Purity()
    {
        double sum = 0;
        for (int i = _labelledCount; i < _count; i++)
            sum += TensorPrimitives.Max<float>(ScoresOf(i)) / TensorPrimitives.Sum<float>(ScoresOf(i));
        double chance = 1.0 / _classCount;
        return ((sum / (_count - _labelledCount)) - chance) / (1 - chance);
    }
}
