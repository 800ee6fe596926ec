namespace EdgeLearn;

/// <summary>
/// Shares a set out to devices. Every sample goes to exactly one part, each part is ascending, none is empty, and (inputs, seed) always
/// gives the same parts, on every board.
/// </summary>
public static class Partition
{
    /// <summary>Deals shuffled samples out in turn: sizes differ by at most one.</summary>
    /// <exception cref="EdgeLearnException">There are fewer samples than parts.</exception>
    public static int[][] Iid(int sampleCount, int partCount, ulong seed)
    {
        CheckParts(sampleCount, partCount);
        int[] owner = new int[sampleCount];
        var order = new EpochOrder(seed, 0, sampleCount);
        for (int i = 0; i < sampleCount; i++) owner[order[i]] = i % partCount;
        return Collect(owner, partCount);
    }

    /// <summary>
    /// Shares out each class by proportions of its own, p ~ Dirichlet(alpha, ..., alpha): a small alpha gives each device few classes, a
    /// large one nearly equal shares. A part that stays empty takes one sample from the largest.
    /// </summary>
    /// <param name="labels">the class of every sample, 0 or more</param>
    /// <param name="partCount">devices</param>
    /// <param name="alpha">concentration, above 0</param>
    /// <param name="seed">of shuffling and proportions</param>
    /// <exception cref="EdgeLearnException">There are fewer samples than parts, or alpha is not above 0.</exception>
    // Source: Hsu, Qi, Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated Visual Classification",
    // arXiv:1909.06335. Differs: proportions over devices for each class (as in NIID-Bench), not over classes for each device.
    public static int[][] Dirichlet(ReadOnlySpan<int> labels, int partCount, double alpha, ulong seed)
    {
        CheckParts(labels.Length, partCount);
        if (!(alpha > 0 && double.IsFinite(alpha)))
            throw new EdgeLearnException($"alpha is {alpha}; expected a number above 0, such as 0.5");
        int[] byClass = SortByClass(labels);
        int[] owner = new int[labels.Length];
        double[] proportions = new double[partCount];
        for (int first = 0; first < byClass.Length;)
        {
            int label = labels[byClass[first]];
            int count = 1;
            while (first + count < byClass.Length && labels[byClass[first + count]] == label) count++;
            ulong classSeed = SplitMix64.Derive(seed, (ulong)label);
            DrawProportions(proportions, alpha, classSeed);
            ShareOut(byClass.AsSpan(first, count), proportions, classSeed, owner);
            first += count;
        }

        FillEmptyParts(owner, partCount);
        return Collect(owner, partCount);
    }

    /// <summary>Keeps the samples of a group (a person, a writer, a machine) together: shuffled groups are dealt out in turn.</summary>
    /// <param name="groups">the group of every sample, any numbers</param>
    /// <param name="partCount">devices</param>
    /// <param name="seed">of shuffling</param>
    /// <exception cref="EdgeLearnException">There are fewer groups than parts.</exception>
    public static int[][] ByGroup(ReadOnlySpan<int> groups, int partCount, ulong seed)
    {
        var numbers = new SortedSet<int>();
        foreach (int group in groups) numbers.Add(group);
        CheckParts(numbers.Count, partCount, "groups");
        var partOf = new Dictionary<int, int>();
        var order = new EpochOrder(seed, 0, numbers.Count);
        int[] sorted = [.. numbers];
        for (int i = 0; i < sorted.Length; i++) partOf[sorted[order[i]]] = i % partCount;
        int[] owner = new int[groups.Length];
        for (int i = 0; i < owner.Length; i++) owner[i] = partOf[groups[i]];
        return Collect(owner, partCount);
    }

    static void CheckParts(int count, int partCount, string what = "samples")
    {
        if (partCount < 1) throw new EdgeLearnException($"{partCount} devices; expected at least 1");
        if (count < partCount)
            throw new EdgeLearnException($"{count} {what} cannot be shared out to {partCount} devices; use at most {count} devices");
    }

    static void DrawProportions(double[] proportions, double alpha, ulong seed)
    {
        var gamma = new GammaSampler(seed);
        double largest = double.NegativeInfinity;
        for (int i = 0; i < proportions.Length; i++)
        {
            proportions[i] = gamma.NextLog(alpha);
            largest = Math.Max(largest, proportions[i]);
        }

        double sum = 0;
        for (int i = 0; i < proportions.Length; i++) sum += proportions[i] = PortableMath.Exp(proportions[i] - largest);
        for (int i = 0; i < proportions.Length; i++) proportions[i] /= sum;
    }

    static int[] SortByClass(ReadOnlySpan<int> labels)
    {
        // Keys are (label, index), so that equal labels keep their order.
        long[] keys = new long[labels.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            if (labels[i] < 0) throw new EdgeLearnException($"the label of sample {i} is {labels[i]}; expected 0 or more");
            keys[i] = ((long)labels[i] << 32) | (uint)i;
        }

        Array.Sort(keys);
        return Array.ConvertAll(keys, key => (int)key);
    }

    static void ShareOut(ReadOnlySpan<int> members, double[] proportions, ulong seed, int[] owner)
    {
        var order = new EpochOrder(seed, 0, members.Length);
        double sum = 0;
        int begin = 0;
        for (int part = 0; part < proportions.Length; part++)
        {
            sum += proportions[part];
            int end = (int)Math.Min(members.Length, Math.Floor((sum * members.Length) + 0.5));
            if (part == proportions.Length - 1) end = members.Length;
            for (; begin < end; begin++) owner[members[order[begin]]] = part;
        }
    }

    static void FillEmptyParts(int[] owner, int partCount)
    {
        int[] sizes = new int[partCount];
        foreach (int part in owner) sizes[part]++;
        for (int part = 0; part < partCount; part++)
        {
            if (sizes[part] > 0) continue;
            int largest = sizes.IndexOf(sizes.Max());
            owner[owner.LastIndexOf(largest)] = part;
            sizes[largest]--;
            sizes[part]++;
        }
    }

    static int[][] Collect(int[] owner, int partCount)
    {
        int[] sizes = new int[partCount];
        foreach (int part in owner) sizes[part]++;
        int[][] parts = new int[partCount][];
        for (int part = 0; part < partCount; part++) parts[part] = new int[sizes[part]];
        Array.Clear(sizes);
        for (int i = 0; i < owner.Length; i++) parts[owner[i]][sizes[owner[i]]++] = i;
        return parts;
    }
}

/// <summary>Gamma-distributed numbers as logarithms, which stay finite where a small shape makes the numbers themselves vanish.</summary>
// Source: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 26(3), 2000; the polar method for its normals.
struct GammaSampler(ulong seed)
{
    SplitMix64 _random = new(seed);

    /// <summary>ln g for g ~ Gamma(shape, 1).</summary>
    public double NextLog(double shape)
    {
        // For a shape below 1: Gamma(shape) = Gamma(shape + 1) * U^(1/shape).
        double boost = shape < 1 ? PortableMath.Log(_random.NextDouble()) / shape : 0;
        double d = (shape < 1 ? shape + 1 : shape) - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = NextNormal();
            double v = 1 + (c * x);
            if (v <= 0) continue;
            v = v * v * v;
            double logV = PortableMath.Log(v);
            if (PortableMath.Log(_random.NextDouble()) < (0.5 * x * x) + d - (d * v) + (d * logV))
                return PortableMath.Log(d) + logV + boost;
        }
    }

    double NextNormal()
    {
        while (true)
        {
            double u = (2 * _random.NextDouble()) - 1;
            double w = (2 * _random.NextDouble()) - 1;
            double s = (u * u) + (w * w);
            if (s is > 0 and < 1) return u * Math.Sqrt(-2 * PortableMath.Log(s) / s);
        }
    }
}
