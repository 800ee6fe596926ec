using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>What an episode is made of.</summary>
/// <param name="Ways">classes</param>
/// <param name="Shots">labelled samples of a class</param>
/// <param name="Queries">samples of a class to be classified</param>
/// <param name="Skew">concentration of the Dirichlet distribution that shares them out; null = each class has the same</param>
/// <param name="Seed">of what is drawn</param>
sealed record FewShotPlan(int Ways, int Shots, int Queries, double? Skew, ulong Seed)
{
    // The classifier compares every row with every other.
    const long MostRows = 8192;

    /// <summary>Samples of an episode, labelled or not.</summary>
    public int Rows => Ways * (Shots + Queries);

    /// <summary>Refuses what cannot be.</summary>
    /// <exception cref="EdgeLearnException">It cannot.</exception>
    public void Check()
    {
        if (Skew is { } skew && !(skew > 0 && double.IsFinite(skew)))
            throw new EdgeLearnException(FormattableString.Invariant($"--skew {skew}: expected a number above 0, such as 1"));
        long rows = Ways * ((long)Shots + Queries);
        if (rows > MostRows)
        {
            throw new EdgeLearnException($"--ways {Ways} of {Shots} shots and {Queries} queries are {rows:N0} samples at a time, each "
                + $"compared with every other: expected at most {MostRows:N0}");
        }
    }
}

/// <summary>The samples of an episode, as positions in the data.</summary>
/// <param name="Labelled">class after class, as many of each</param>
/// <param name="Queries">to be classified, class after class</param>
/// <param name="Answers">the class of each query, from 0 on, in the order of <paramref name="Labelled"/></param>
sealed record FewShotEpisode(int[] Labelled, int[] Queries, int[] Answers);

/// <summary>
/// Draws episodes: classes without replacement, of each its labelled samples and its queries without replacement. With a skew, shares p of
/// the queries are drawn from a symmetric Dirichlet distribution, then a class for each query from p; a class that has no sample left takes
/// no more. Episode and seed alone say what is drawn.
/// </summary>
sealed class FewShotEpisodes
{
    readonly FewShotPlan _plan;
    readonly int[][] _samplesByClass;

    /// <summary>Sorts the samples by class.</summary>
    /// <param name="plan">of the episodes</param>
    /// <param name="labels">the class of every sample</param>
    /// <param name="name">of the data, for errors</param>
    /// <exception cref="EdgeLearnException">Too few classes have samples enough.</exception>
    public FewShotEpisodes(FewShotPlan plan, IReadOnlyList<int> labels, string name)
    {
        _plan = plan;
        int[][] all = [.. Enumerable.Range(0, labels.Count).GroupBy(i => labels[i]).OrderBy(group => group.Key)
            .Select(group => group.ToArray())];
        int needed = plan.Shots + plan.Queries;
        _samplesByClass = [.. all.Where(samples => samples.Length >= needed)];
        if (plan.Ways > all.Length)
            throw new EdgeLearnException($"--ways {plan.Ways}: {name} has {NameText.Counted(all.Length, "class", "classes")}");
        if (plan.Ways > _samplesByClass.Length)
        {
            throw new EdgeLearnException($"{name}: {_samplesByClass.Length} of its {all.Length} classes have {needed} samples or more "
                + $"({plan.Shots} shots and {plan.Queries} queries), and --ways {plan.Ways} draws {plan.Ways}: give fewer shots or "
                + "queries");
        }
    }

    /// <summary>Classes that have samples enough.</summary>
    public int ClassCount => _samplesByClass.Length;

    /// <summary>An episode by its number.</summary>
    public FewShotEpisode Draw(int episode)
    {
        ulong seed = Noise.Derive(_plan.Seed, (ulong)episode);
        var chance = new FewShotChance(seed);
        int[][] drawn = chance.Take(_samplesByClass, _plan.Ways);
        int[] counts = _plan.Skew is { } skew ? Skewed(drawn, skew, chance, seed)
            : [.. Enumerable.Repeat(_plan.Queries, _plan.Ways)];
        var labelled = new List<int>();
        var queries = new List<int>();
        var answers = new List<int>();
        for (int c = 0; c < drawn.Length; c++)
        {
            int[] samples = chance.Take(drawn[c], _plan.Shots + counts[c]);
            labelled.AddRange(samples[.._plan.Shots]);
            queries.AddRange(samples[_plan.Shots..]);
            answers.AddRange(Enumerable.Repeat(c, counts[c]));
        }

        return new FewShotEpisode([.. labelled], [.. queries], [.. answers]);
    }

    int[] Skewed(int[][] drawn, double skew, FewShotChance chance, ulong seed)
    {
        double[] shares = FewShotChance.Dirichlet(drawn.Length, skew, Noise.Derive(seed, 1));
        int[] counts = new int[drawn.Length], most = [.. drawn.Select(samples => samples.Length - _plan.Shots)];
        for (int i = 0; i < _plan.Ways * _plan.Queries; i++)
        {
            int[] open = [.. Enumerable.Range(0, counts.Length).Where(c => counts[c] < most[c])];
            counts[open[chance.Pick([.. open.Select(c => shares[c])])]]++;
        }

        return counts;
    }
}

/// <summary>What is drawn for one episode, from the noise of its seed.</summary>
sealed class FewShotChance(ulong seed)
{
    readonly ulong _key = Noise.Key(seed, Noise.TensorHash("fewshot.episode"));
    long _next;

    /// <summary>Some items without replacement, in the order in which they are drawn.</summary>
    public T[] Take<T>(T[] items, int count)
    {
        var left = items.ToArray();
        for (int i = 0; i < count; i++)
        {
            int at = i + Math.Min((int)(Uniform() * (left.Length - i)), left.Length - i - 1);
            (left[i], left[at]) = (left[at], left[i]);
        }

        return left[..count];
    }

    /// <summary>A place, drawn by shares that need not add up to 1.</summary>
    public int Pick(double[] shares)
    {
        double rest = Uniform() * shares.Sum();
        int place = 0;
        while (place < shares.Length - 1 && rest >= shares[place]) rest -= shares[place++];
        return place;
    }

    double Uniform() => Noise.UniformAt(_key, _next++);

    /// <summary>Shares from a symmetric Dirichlet distribution.</summary>
    public static double[] Dirichlet(int count, double concentration, ulong seed)
    {
        var gamma = new GammaSampler(seed);
        double[] logs = new double[count];
        for (int i = 0; i < count; i++) logs[i] = gamma.NextLog(concentration);
        double largest = logs.Max();
        // A class of which the rest of a sum is all noise keeps a chance, so that classes with samples left can always be drawn from.
        double[] shares = [.. logs.Select(log => Math.Max(PortableMath.Exp(log - largest), 1e-300))];
        double sum = shares.Sum();
        return [.. shares.Select(share => share / sum)];
    }
}
