namespace EdgeLearn;

/// <summary>How the classes of a test came out: counts of labels by the class that they have and the one that was found.</summary>
public sealed class ClassFigures
{
    /// <summary>Up to so many classes, every pair is counted.</summary>
    public const int MostPairs = 100;

    readonly long[] _labels;
    readonly long[] _found;
    readonly long[] _right;
    readonly long[]? _pairs;

    internal ClassFigures(int classCount)
    {
        _labels = new long[classCount];
        _found = new long[classCount];
        _right = new long[classCount];
        _pairs = classCount <= MostPairs ? new long[classCount * classCount] : null;
    }

    /// <summary>Classes.</summary>
    public int ClassCount => _labels.Length;

    /// <summary>Labels of each class.</summary>
    public IReadOnlyList<long> Labels => _labels;

    /// <summary>Share of the labels of each class that were found; null where the test has none.</summary>
    public IReadOnlyList<double?> Recall => [.. _labels.Select((count, i) => count == 0 ? null : (double?)_right[i] / count)];

    /// <summary>Mean recall of the classes that the test has, so that a rare class counts as much as a frequent one.</summary>
    public double BalancedAccuracy => Recall.Where(recall => recall is not null).Average() ?? double.NaN;

    /// <summary>
    /// Mean over the classes that were there or were found of F1 = 2 right / (labels + found), the harmonic mean of precision and recall.
    /// </summary>
    public double MacroF1 => Enumerable.Range(0, ClassCount).Where(i => _labels[i] + _found[i] > 0)
        .Select(i => 2.0 * _right[i] / (_labels[i] + _found[i])).DefaultIfEmpty(double.NaN).Average();

    /// <summary>Labels that were found, as a share of all.</summary>
    internal double Accuracy => (double)_right.Sum() / _labels.Sum();

    /// <summary>
    /// Cohen's kappa, (p - q) / (1 - q): the accuracy p beside the q that chance reaches with as many answers of each class. 0 where there
    /// is nothing to be better at.
    /// </summary>
    internal double Kappa
    {
        get
        {
            double all = _labels.Sum(), chance = _labels.Zip(_found, (label, found) => label / all * (found / all)).Sum();
            return chance < 1 ? (Accuracy - chance) / (1 - chance) : 0;
        }
    }

    /// <summary>The confusion matrix: labels of a class, by row, that were taken for another, by column; null with more than
    /// <see cref="MostPairs"/> classes.</summary>
    public IReadOnlyList<IReadOnlyList<long>>? Confusion => _pairs is null
        ? null
        : [.. Enumerable.Range(0, ClassCount).Select(i => (IReadOnlyList<long>)[.. _pairs.AsSpan(i * ClassCount, ClassCount)])];

    internal void Count(int label, int found)
    {
        _labels[label]++;
        if (found < 0) return;
        _found[found]++;
        if (found == label) _right[label]++;
        if (_pairs is not null) _pairs[(label * ClassCount) + found]++;
    }
}
