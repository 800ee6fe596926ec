namespace EdgeLearn.Datasets;

/// <summary>What some data cannot teach, in lines for the user: figures of it would mean nothing without them.</summary>
public static class DataDoubts
{
    /// <summary>Says it of data that a network is about to learn from.</summary>
    /// <param name="data">both parts</param>
    /// <param name="classNames">what the classes are called; null = by their numbers</param>
    /// <param name="preparation">that was made of the training part; null = it comes from a model</param>
    /// <param name="isNew">whether the network is new and knows nothing yet</param>
    /// <exception cref="EdgeLearnException">There is one class alone, and no model that knows more.</exception>
    public static IReadOnlyList<string> Of(DataSplit data, IReadOnlyList<string>? classNames, Preparation? preparation, bool isNew)
    {
        var lines = new List<string>();
        if (data.ClassCount > 0 && data.Train.LabelLength == 1) AddClasses(lines, data, classNames, isNew);
        if (data.Train.TargetLength > 0) AddTargets(lines, data);
        if (preparation is not null) AddColumns(lines, data, preparation);
        return lines;
    }

    static void AddClasses(List<string> lines, DataSplit data, IReadOnlyList<string>? classNames, bool isNew)
    {
        int[] train = Counts(data.Train, data.ClassCount), test = data.HasTest ? Counts(data.Test, data.ClassCount) : new int[train.Length];
        int[] all = [.. train.Zip(test, (a, b) => a + b)];
        if (isNew && all.Count(count => count > 0) < 2)
        {
            string only = Name(Array.FindIndex(all, count => count > 0));
            throw new EdgeLearnException($"{data.Name} has only one class, {only}: there is nothing to tell apart; expected samples of at "
                + $"least two classes");
        }
        string[] unseen = [.. Where(i => train[i] == 0 && test[i] > 0).Select(i => $"{Name(i)} ({test[i]:N0})")];
        if (unseen.Length > 0)
            lines.Add($"no training sample, so that these test samples cannot be right: {Listed(unseen)}");
        string[] absent = [.. Where(i => all[i] == 0).Select(Name)];
        if (absent.Length > 0 && isNew) lines.Add($"no sample at all: class {Listed(absent)}");
        string[] single = [.. Where(i => all[i] == 1).Select(Name)];
        if (single.Length > 0) lines.Add($"a single sample: {Listed(single)}");

        string Name(int i) => classNames?[i] ?? $"class {i}";
        IEnumerable<int> Where(Func<int, bool> holds) => Enumerable.Range(0, data.ClassCount).Where(holds);
    }

    static void AddTargets(List<string> lines, DataSplit data)
    {
        double[] first = new double[data.Train.TargetLength], other = new double[first.Length];
        data.Train.ReadWideTarget(0, first);
        var still = Enumerable.Range(0, first.Length).ToList();
        for (int i = 1; i < data.Train.Count && still.Count > 0; i++)
        {
            data.Train.ReadWideTarget(i, other);
            still.RemoveAll(target => other[target] != first[target]);
        }

        var names = data.Columns?.Labels;
        string Name(int target) => names?.Count == first.Length ? $"'{names[target]}'" : $"target {target}";
        if (still.Count > 0)
            lines.Add($"the same in all training samples, so that there is nothing to predict: {Listed([.. still.Select(Name)])}");
    }

    static void AddColumns(List<string> lines, DataSplit data, Preparation preparation)
    {
        float[] scale = preparation.Scale.ToArray();
        if (scale.Length < 2 && !(scale is [0])) return;
        int[] still = [.. Enumerable.Range(0, scale.Length).Where(i => scale[i] == 0)];
        if (still.Length == 0) return;
        if (still.Length == scale.Length)
        {
            lines.Add("no input varies: there is nothing to learn from");
            return;
        }

        if (data.Columns is not { } columns) return; // pixels at the edge of images are no news
        string[] names = [.. columns.Inputs.SelectMany(column => Enumerable.Repeat(column.Name, column.Width))];
        if (names.Length == scale.Length) lines.Add($"never vary in training: {Listed([.. still.Select(i => names[i]).Distinct()])}");
    }

    /// <summary>Samples of each class.</summary>
    internal static int[] Counts(Dataset data, int classCount)
    {
        int[] counts = new int[classCount];
        for (int i = 0; i < data.Count; i++) counts[data.Label(i)]++;
        return counts;
    }

    static string Listed(string[] names) => NameText.First(names, most: 5);
}
