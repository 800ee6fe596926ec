namespace EdgeLearn.Device;

/// <summary>
/// Which examples of a set are this board's, and which of those are held out for scoring models. The defaults take the whole set. With
/// <see cref="PartCount"/> it is one part of a partition, the same on every board and in every run: a fleet on one machine shares a set out
/// like this.
/// </summary>
public readonly record struct DataShare()
{
    /// <summary>This board's part, from 1 to <see cref="PartCount"/>.</summary>
    public int Part { get; init; } = 1;

    /// <summary>Boards that share the set.</summary>
    public int PartCount { get; init; } = 1;

    /// <summary>Concentration of the Dirichlet shares by label; null = equal shares.</summary>
    public double? Alpha { get; init; }

    /// <summary>The group of every example of the set: those of a group stay on one board; null = there are no groups.</summary>
    public int[]? Groups { get; init; }

    /// <summary>Seed of the partition and of the choice of what is held out.</summary>
    public ulong Seed { get; init; }

    /// <summary>Part of the board's examples that it never trains on, 0 to 0.9; of several groups whole ones.</summary>
    public double HeldOutFraction { get; init; } = 0.1;

    /// <summary>Splits a set.</summary>
    /// <param name="data">must outlive both views</param>
    /// <returns>What to train on, and what is held out; null when that is nothing.</returns>
    /// <exception cref="EdgeLearnException">A number is out of range, or there are too few examples.</exception>
    public (DatasetView Training, DatasetView? HeldOut) Split(Dataset data)
    {
        Check();
        int[] share = ShareOf(data);
        int heldOut = (int)(share.Length * HeldOutFraction);
        if (heldOut == 0) return (new DatasetView(data, [.. share.Order()]), null);
        int[]? groups = Groups?.Length == data.Count ? Groups : null;
        var held = groups is not null && share.Any(i => groups[i] != groups[share[0]])
            ? HoldGroups(share, groups, heldOut) : HoldSamples(share, heldOut);
        // Ascending, so that reading by position goes forward through the file.
        return (new DatasetView(data, [.. share.Where(i => !held.Contains(i)).Order()]), new DatasetView(data, [.. held.Order()]));
    }

    HashSet<int> HoldSamples(int[] share, int count)
    {
        var order = new EpochOrder(Seed, (ulong)Part, share.Length);
        return [.. Enumerable.Range(0, count).Select(i => share[order[i]])];
    }

    // Whole groups up to about the count, or the smallest where all are larger; one stays to learn from.
    HashSet<int> HoldGroups(int[] share, int[] groups, int count)
    {
        int[][] parts = [.. share.GroupBy(i => groups[i]).OrderBy(part => part.Key).Select(part => part.ToArray())];
        var order = new EpochOrder(Seed, (ulong)Part, parts.Length);
        var held = new HashSet<int>();
        for (int k = 0; k < parts.Length; k++)
        {
            int[] part = parts[order[k]];
            if (held.Count + (part.Length / 2.0) <= count && held.Count + part.Length < share.Length) held.UnionWith(part);
        }

        if (held.Count == 0) held.UnionWith(parts.MinBy(part => part.Length)!);
        return held;
    }

    /// <summary>Refuses what no set could be shared out by.</summary>
    /// <exception cref="EdgeLearnException">A number is out of range.</exception>
    public void Check()
    {
        if (!(HeldOutFraction >= 0 && HeldOutFraction <= 0.9))
            throw new EdgeLearnException($"the held-out fraction is {HeldOutFraction}; expected 0 to 0.9, such as 0.1");
        if (PartCount < 1 || Part < 1 || Part > PartCount)
        {
            throw new EdgeLearnException($"part {Part}/{PartCount} does not exist; expected 1/{Math.Max(1, PartCount)} "
                + $"to {Math.Max(1, PartCount)}/{Math.Max(1, PartCount)}");
        }
    }

    /// <summary>About how many of a set's examples are trained on: with equal shares, exactly.</summary>
    internal int TrainingCount(int count)
    {
        int share = PartCount > 1 && Groups?.Length == count
            ? Partition.ByGroup(Groups, PartCount, Seed)[Part - 1].Length : (count + PartCount - Part) / PartCount;
        return Math.Max(1, share - (int)(share * HeldOutFraction));
    }

    int[] ShareOf(Dataset data)
    {
        if (PartCount == 1) return [.. Enumerable.Range(0, data.Count)];
        if (Groups is { } groups)
        {
            if (Alpha is not null)
            {
                throw new EdgeLearnException($"{data.Name} cannot be shared out by label and by group; leave alpha or the group column "
                    + $"away");
            }
            if (groups.Length != data.Count)
            {
                throw new EdgeLearnException($"{data.Name} has {data.Count} examples and the groups of {groups.Length}; expected one "
                    + $"group an example");
            }
            return Partition.ByGroup(groups, PartCount, Seed)[Part - 1];
        }

        if (Alpha is not { } alpha) return Partition.Iid(data.Count, PartCount, Seed)[Part - 1];
        if (data.ClassCount == 0)
        {
            throw new EdgeLearnException($"{data.Name} has no classes to share out by Dirichlet({alpha}); leave alpha away for equal "
                + $"shares");
        }
        return Partition.Dirichlet(data.Labels(), PartCount, alpha, Seed)[Part - 1];
    }
}
