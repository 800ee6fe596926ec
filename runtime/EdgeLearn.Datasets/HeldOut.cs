namespace EdgeLearn.Datasets;

/// <summary>Divides samples into those to learn from and those held back.</summary>
static class HeldOut
{
    // Keeps the division apart from orders and splits under the same seed.
    const ulong Stream = 0x48454C444F5554;

    /// <summary>Divides by sample, or by whole groups: shuffled groups are held back until the fraction is reached.</summary>
    /// <param name="count">samples</param>
    /// <param name="groups">the group of each; null divides by sample</param>
    /// <param name="fraction">above 0 and below 1</param>
    /// <param name="seed">of shuffling</param>
    /// <param name="name">what the user calls the data</param>
    /// <returns>both ascending, neither empty</returns>
    /// <exception cref="EdgeLearnException">There is nothing to divide.</exception>
    public static (int[] Train, int[] Held) Divide(int count, int[]? groups, double fraction, ulong seed, string name)
    {
        seed = SplitMix64.Derive(seed, Stream);
        bool[] held = groups is null ? BySample(count, fraction, seed, name) : ByGroup(groups, fraction, seed, name);
        return ([.. Enumerable.Range(0, count).Where(i => !held[i])], [.. Enumerable.Range(0, count).Where(i => held[i])]);
    }

    static bool[] BySample(int count, double fraction, ulong seed, string name)
    {
        if (count < 2) throw new EdgeLearnException($"{name} has 1 sample to learn from; expected at least 2 where some are held back");
        bool[] held = new bool[count];
        var order = new EpochOrder(seed, 0, count);
        int heldCount = Math.Clamp((int)Math.Round(count * fraction), 1, count - 1);
        for (int i = 0; i < heldCount; i++) held[order[i]] = true;
        return held;
    }

    static bool[] ByGroup(int[] groups, double fraction, ulong seed, string name)
    {
        int[] numbers = [.. groups.Distinct().Order()];
        if (numbers.Length < 2)
            throw new EdgeLearnException($"{name} has only one group to learn from; expected at least 2 where groups are held back");
        var order = new EpochOrder(seed, 0, numbers.Length);
        var sizes = groups.CountBy(group => group).ToDictionary();
        var heldGroups = new HashSet<int>();
        for (int i = 0, samples = 0; i < numbers.Length - 1 && samples < fraction * groups.Length; i++)
        {
            heldGroups.Add(numbers[order[i]]);
            samples += sizes[numbers[order[i]]];
        }

        return [.. groups.Select(heldGroups.Contains)];
    }
}
