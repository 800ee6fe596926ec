namespace EdgeLearn.Datasets;

/// <summary>
/// Chooses the samples of a set that it is tested with: at random, a fold, or the last in the order of time; whole groups where groups are
/// known; and never all samples of a class that has two.
/// </summary>
/// <param name="options">how many, or which fold</param>
/// <param name="name">what the user calls the set</param>
sealed class TestPart(DataOptions options, string name)
{
    // Keeps the split apart from the orders of training under the same seed.
    const ulong SplitStream = 0x53504C4954;

    /// <summary>Which samples are for testing.</summary>
    /// <param name="count">samples</param>
    /// <param name="groups">the group of each; null = there are none</param>
    /// <param name="times">the time of each, where the split is by time; null = they follow each other</param>
    /// <param name="labels">the class of each; null = they have none</param>
    /// <exception cref="EdgeLearnException">There is nothing to divide.</exception>
    public bool[] Choose(int count, int[]? groups, double[]? times, int[]? labels)
    {
        if (count < 2) throw new EdgeLearnException($"{name} has 1 sample; expected at least 2, one to learn from and one to test with");
        if (groups is not null) return ByGroup(groups, options.SplitByTime ? times ?? Counted(count) : null, labels);
        bool[] test = new bool[count];
        var (first, testCount) = Part(count);
        if (options.SplitByTime)
        {
            int begin = options.Fold is null ? count - testCount : first;
            foreach (int i in ByTime(count, times).Skip(begin).Take(testCount)) test[i] = true;
            return test;
        }

        var order = new EpochOrder(SplitMix64.Derive(options.Seed, SplitStream), 0, count);
        for (int i = first; i < first + testCount; i++) test[order[i]] = true;
        if (labels is not null) KeepClasses(test, labels);
        return test;
    }

    bool[] ByGroup(int[] groups, double[]? times, int[]? labels)
    {
        int[] numbers = [.. groups.Distinct().Order()];
        if (numbers.Length < 2)
        {
            throw new EdgeLearnException($"{name} has only one group; expected at least 2, one to learn from and one to test with: leave "
                + $"--group-column out, or give a test file");
        }
        var sizes = groups.CountBy(group => group).ToDictionary();
        var order = new EpochOrder(SplitMix64.Derive(options.Seed, SplitStream), 0, numbers.Length);
        int[] shuffled = [.. Enumerable.Range(0, numbers.Length).Select(i => numbers[order[i]])];
        if (times is not null && options.Fold is null) shuffled = LastFirst(groups, times);
        HashSet<int> held = [];
        int[] foldSizes = new int[options.Fold?.Count ?? 0];
        if (foldSizes.Length > numbers.Length)
            throw new EdgeLearnException($"{numbers.Length} groups cannot be divided into {foldSizes.Length} folds");
        foreach (int[] part in PartsOf(shuffled, times is null && labels is not null ? ClassesOf(groups, labels) : null))
        {
            if (options.Fold is var (fold, _)) held.UnionWith(Fold(part, sizes, foldSizes)[fold - 1]);
            else held.UnionWith(UpTo(options.TestFraction * part.Sum(group => sizes[group]), part, sizes));
        }

        return [.. groups.Select(held.Contains)];
    }

    // Where each group has one class, classes are divided one by one, and the only group of a class stays to learn from.
    static IEnumerable<int[]> PartsOf(int[] groups, Dictionary<int, int>? classes)
        => classes is null
            ? [groups]
            : groups.GroupBy(group => classes[group]).OrderBy(one => one.Key).Select(one => one.ToArray()).Where(one => one.Length > 1);

    // Null where a group has several, or no class two groups.
    static Dictionary<int, int>? ClassesOf(int[] groups, int[] labels)
    {
        var classes = new Dictionary<int, int>();
        for (int i = 0; i < groups.Length; i++)
        {
            if (!classes.TryAdd(groups[i], labels[i]) && classes[groups[i]] != labels[i]) return null;
        }

        return classes.Values.CountBy(label => label).Any(count => count.Value > 1) ? classes : null;
    }

    // Groups one after the other, until there are about as many samples as wanted.
    static HashSet<int> UpTo(double wanted, int[] groups, Dictionary<int, int> sizes)
    {
        var held = new HashSet<int> { groups[0] };
        double samples = sizes[groups[0]];
        foreach (int group in groups.Skip(1).Take(groups.Length - 2))
        {
            if (samples + (sizes[group] / 2.0) > wanted) break;
            held.Add(group);
            samples += sizes[group];
        }

        return held;
    }

    // The largest groups first, each to the fold that has the fewest samples so far.
    static HashSet<int>[] Fold(int[] groups, Dictionary<int, int> sizes, int[] counts)
    {
        HashSet<int>[] folds = [.. counts.Select(_ => new HashSet<int>())];
        foreach (int group in groups.OrderByDescending(group => sizes[group]))
        {
            int least = counts.IndexOf(counts.Min());
            folds[least].Add(group);
            counts[least] += sizes[group];
        }

        return folds;
    }

    // The group whose first sample comes last first.
    static int[] LastFirst(int[] groups, double[] times)
    {
        var begins = new Dictionary<int, double>();
        for (int i = 0; i < groups.Length; i++)
            begins[groups[i]] = Math.Min(times[i], begins.GetValueOrDefault(groups[i], double.PositiveInfinity));
        return [.. begins.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key).Select(pair => pair.Key)];
    }

    // A class of which all samples are for testing gives one back, for one of the class that has most to learn from.
    static void KeepClasses(bool[] test, int[] labels)
    {
        int[] learned = new int[labels.Max() + 1], all = new int[learned.Length];
        for (int i = 0; i < test.Length; i++)
        {
            all[labels[i]]++;
            if (!test[i]) learned[labels[i]]++;
        }

        for (int label = 0; label < all.Length; label++)
        {
            if (all[label] < 2 || learned[label] > 0) continue;
            int most = learned.IndexOf(learned.Max());
            test[Array.IndexOf(labels, label)] = false;
            if (learned[most] < 2) continue;
            int other = 0;
            while (test[other] || labels[other] != most) other++;
            test[other] = true;
            learned[most]--;
            learned[label]++;
        }
    }

    // Places in the shuffled order.
    (int First, int Count) Part(int count)
    {
        if (options.Fold is not var (part, parts)) return (0, Math.Clamp((int)Math.Round(count * options.TestFraction), 1, count - 1));
        if (parts > count) throw new EdgeLearnException($"{count} samples cannot be divided into {parts} folds");
        int first = (int)((long)count * (part - 1) / parts);
        return (first, (int)((long)count * part / parts) - first);
    }

    /// <summary>Samples in the order of time.</summary>
    /// <param name="count">samples</param>
    /// <param name="times">of each; null = they follow each other</param>
    public static int[] ByTime(int count, double[]? times)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        if (times is not null) Array.Sort((double[])times.Clone(), order);
        return order;
    }

    static double[] Counted(int count) => [.. Enumerable.Range(0, count).Select(i => (double)i)];
}
