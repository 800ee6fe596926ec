using System.IO.Hashing;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// Tells classes apart of which 1 to 5 rows each have a label, and uses the rows without one to do so. Rows are features, such as what the
/// head of a network reads: no weight is learned and the classes need not be the network's.
/// </summary>
/// <remarks>
/// Rows z are centred by the mean of the labelled (each class counting alike) and divided by their norm. Labels then spread over the graph
/// of the 5 nearest neighbours (<see cref="LabelSpread"/>). Where the features form no groups, that does harm; so the same is done with
/// rows that have the covariance of the real ones and no groups (<see cref="SurrogateRows"/>), and if the real rows do not get clearly
/// purer answers, each row gets the class of the nearest centroid, by its own distance alone. No label of a row that is to be classified is
/// needed for that.
/// <para>Memory is planned and allocated once: about 2 n (n + k) floats for n rows of k features. Classifying allocates nothing; the same
/// rows give the same answers, in whatever order the unlabelled come (up to rounding). One thread at a time.</para>
/// </remarks>
// Sources: centring, and a graph's Laplacian beside distances to prototypes: Ziko, Dolz, Granger, Ben Ayed, "Laplacian Regularized Few-Shot
// Learning", ICML 2020. Spreading of labels: Zhou, Bousquet, Lal, Weston, Schölkopf, "Learning with Local and Global Consistency", NIPS
// 2003. Clusters held against data without any: Tibshirani, Walther, Hastie, "Estimating the Number of Clusters in a Data Set via the Gap
// Statistic", 2001.
public sealed class FewShotClassifier : IDisposable
{
    // By how much purer than the surrogates' the answers must be, and how much more where there are as many labelled rows as others: few
    // others can help little and show little. They and the constants of LabelSpread were chosen on three alphabets of Omniglot, on digits
    // and on Gaussian clouds (docs/transfer.md).
    const double LeastGap = 0.07, GapOfLabelled = 0.1;
    const int Surrogates = 4;

    readonly int _length;
    readonly int _mostRows;
    readonly int _mostClasses;
    readonly LabelSpread _spread;
    readonly SurrogateRows _surrogates;
    readonly PlannedBuffer _rows;
    readonly PlannedBuffer _mean;
    readonly PlannedBuffer _similarities;
    readonly PlannedBuffer _scratch;
    readonly PlannedBuffer _counts;
    readonly PlannedBuffer _hashes;
    readonly PlannedBuffer _order;
    readonly Workspace _workspace;

    /// <summary>Plans and allocates the memory.</summary>
    /// <param name="featureLength">values of a row</param>
    /// <param name="mostRows">most rows at a time, labelled and not</param>
    /// <param name="mostClasses">most classes at a time, 2 or more</param>
    public FewShotClassifier(int featureLength, int mostRows, int mostClasses)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(featureLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostClasses, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostRows, mostClasses);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)mostRows * Math.Max(mostRows, featureLength), Array.MaxLength);
        (_length, _mostRows, _mostClasses) = (featureLength, mostRows, mostClasses);
        const int Reading = 0, Comparing = 1, Spreading = 2, Testing = 3;
        var plan = new MemoryPlan();
        _rows = Request("rows", (long)mostRows * featureLength, Reading, Comparing);
        _mean = Request("mean", featureLength, Reading, Reading);
        _scratch = Request("scratch", ProductScratchLength(), Comparing, Comparing);
        _similarities = Request("similarities", (long)mostRows * mostRows, Comparing, Testing);
        _counts = Request("counts", mostClasses, Reading, Testing);
        _hashes = Request("hashes", mostRows, Reading, Reading);
        _order = Request("order", mostRows, Reading, Testing);
        _spread = new LabelSpread(plan, mostRows, mostClasses, Spreading, Testing);
        _surrogates = new SurrogateRows(plan, mostRows, Testing);
        WorkspaceBytes = plan.WorkspaceBytes;
        _workspace = new Workspace(plan);

        PlannedBuffer Request(string what, long length, int first, int last)
            => plan.Request("fewshot." + what, MemoryCategory.Activations, length, first, last);
    }

    // Fewer rows may take more.
    long ProductScratchLength()
    {
        long most = 0;
        for (int count = 1; count <= _mostRows; count++)
        {
            var rows = new MatrixShape(count, _length);
            most = Math.Max(most, Kernels.ProductScratchLength(rows, rows.Transpose()));
        }

        return most;
    }

    /// <summary>Bytes of its memory.</summary>
    public long WorkspaceBytes { get; }

    /// <summary>Classifies rows by labelled rows and by each other.</summary>
    /// <param name="labelled">[labels x featureLength]</param>
    /// <param name="labels">the class of each labelled row, from 0 on; every class up to the largest has a row</param>
    /// <param name="unlabelled">[classes x featureLength]</param>
    /// <param name="classes">the class of each unlabelled row; written</param>
    /// <exception cref="EdgeLearnException">A value is not finite, or a class has no labelled row.</exception>
    /// <exception cref="ArgumentException">The lengths do not fit each other, or there are more rows or classes than planned.</exception>
    public FewShotAnswer Classify(ReadOnlySpan<float> labelled, ReadOnlySpan<int> labels, ReadOnlySpan<float> unlabelled,
        Span<int> classes)
    {
        int count = Compare(labelled, labels, unlabelled, classes.Length), classCount = labels.Length == 0 ? 0 : Max(labels) + 1;
        if (classes.IsEmpty) return new FewShotAnswer(FellBack: true, 0);
        var similarities = _similarities.Span[..(count * count)];
        double purity = _spread.Run(similarities, count, labels, classCount);
        _spread.ReadClasses(classes);

        double gap = purity;
        _surrogates.Centre(similarities, count);
        for (int i = 0; i < Surrogates; i++)
            gap -= _spread.Run(_surrogates.Make(similarities, _order.Integers[..count], i), count, labels, classCount) / Surrogates;
        bool fellBack = gap < LeastGap + (GapOfLabelled * labels.Length / classes.Length);
        if (fellBack) ClassifyByCentroids(labelled, labels, unlabelled, classes);
        return new FewShotAnswer(fellBack, gap);
    }

    /// <summary>Classifies each row by the nearest centroid of the labelled rows, without the other unlabelled rows.</summary>
    /// <param name="labelled">[labels x featureLength]</param>
    /// <param name="labels">the class of each labelled row, from 0 on; every class up to the largest has a row</param>
    /// <param name="unlabelled">[classes x featureLength]</param>
    /// <param name="classes">the class of each unlabelled row; written</param>
    /// <exception cref="EdgeLearnException">A value is not finite, or a class has no labelled row.</exception>
    /// <exception cref="ArgumentException">The lengths do not fit each other, or there are more rows or classes than planned.</exception>
    public void ClassifyByCentroids(ReadOnlySpan<float> labelled, ReadOnlySpan<int> labels, ReadOnlySpan<float> unlabelled,
        Span<int> classes)
    {
        int count = Compare(labelled, labels, unlabelled, classes.Length);
        _spread.ReadNearest(_similarities.Span[..(count * count)], count, labels, Max(labels) + 1, classes);
    }

    // Leaves the products of all pairs of rows, labelled first, in the similarities.
    int Compare(ReadOnlySpan<float> labelled, ReadOnlySpan<int> labels, ReadOnlySpan<float> unlabelled, int unlabelledCount)
    {
        int count = labels.Length + unlabelledCount;
        if (labelled.Length != (long)labels.Length * _length || unlabelled.Length != (long)unlabelledCount * _length)
        {
            throw new ArgumentException($"{labels.Length} labelled and {unlabelledCount} unlabelled rows of {_length} values; there are "
                + $"{labelled.Length} and {unlabelled.Length} values", nameof(labelled));
        }
        if (count > _mostRows)
            throw new ArgumentException($"{count} rows, planned are {_mostRows}", nameof(unlabelled));
        CountLabels(labels);
        var rows = _rows.Span[..(count * _length)];
        labelled.CopyTo(rows);
        unlabelled.CopyTo(rows[labelled.Length..]);
        if (!TensorPrimitives.IsFiniteAll<float>(rows)) throw new EdgeLearnException("a feature is not a finite number");
        SortByContent(rows, count);
        Centre(rows, labels);
        for (int i = 0; i < count; i++) Normalise(rows.Slice(i * _length, _length));
        var matrix = new MatrixView(rows, count, _length);
        Kernels.Product(matrix, matrix.Transpose(), _similarities.Span[..(count * count)], count, _scratch.Span);
        return count;
    }

    void CountLabels(ReadOnlySpan<int> labels)
    {
        if (labels.Length == 0) throw new EdgeLearnException("no labelled rows: expected at least one of each class");
        int classCount = Max(labels) + 1;
        if (classCount > _mostClasses) throw new ArgumentException($"{classCount} classes, planned are {_mostClasses}", nameof(labels));
        if (classCount < 2) throw new EdgeLearnException("the labelled rows are of one class: expected two or more");
        var counts = _counts.Integers[..classCount];
        counts.Clear();
        foreach (int label in labels) counts[label]++;
        int empty = counts.IndexOf(0);
        if (empty >= 0) throw new EdgeLearnException($"class {empty} has no labelled row: expected at least one of each class");
    }

    static int Max(ReadOnlySpan<int> labels)
    {
        foreach (int label in labels)
        {
            if (label < 0) throw new EdgeLearnException($"a label is {label}: expected 0 or more");
        }

        return TensorPrimitives.Max(labels);
    }

    // An order that does not depend on the order in which rows came.
    void SortByContent(ReadOnlySpan<float> rows, int count)
    {
        Span<int> hashes = _hashes.Integers[..count], order = _order.Integers[..count];
        for (int i = 0; i < count; i++)
        {
            hashes[i] = (int)XxHash32.HashToUInt32(MemoryMarshal.AsBytes(rows.Slice(i * _length, _length)));
            order[i] = i;
        }

        hashes.Sort(order);
    }

    void Centre(Span<float> rows, ReadOnlySpan<int> labels)
    {
        var mean = _mean.Span;
        var counts = _counts.Integers;
        int classCount = Max(labels) + 1;
        mean.Clear();
        for (int i = 0; i < labels.Length; i++)
            TensorPrimitives.MultiplyAdd(rows.Slice(i * _length, _length), 1f / (classCount * counts[labels[i]]), mean, mean);
        for (int first = 0; first < rows.Length; first += _length)
            TensorPrimitives.Subtract(rows.Slice(first, _length), mean, rows.Slice(first, _length));
    }

    static void Normalise(Span<float> row)
    {
        double sum = 0;
        foreach (float value in row) sum += (double)value * value;
        if (sum > 0) TensorPrimitives.Multiply(row, (float)(1 / Math.Sqrt(sum)), row);
    }

    /// <inheritdoc/>
    public void Dispose() => _workspace.Dispose();
}

/// <summary>How rows were classified.</summary>
/// <param name="FellBack">whether the unlabelled rows form no groups to go by, so that each was classified by the nearest centroid</param>
/// <param name="Gap">by how much purer the answers were than those for rows without groups, -1 to 1</param>
public readonly record struct FewShotAnswer(bool FellBack, double Gap);
