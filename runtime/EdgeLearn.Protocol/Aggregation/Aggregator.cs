namespace EdgeLearn.Protocol;

/// <summary>
/// How the changes of a round's boards become one change of the model. A round chooses one by name. A new one is a file with a class like
/// <see cref="MeanAggregator"/> and a line in <see cref="All"/>. All are exact: the same reports give the same bytes, in any order.
/// </summary>
public abstract class Aggregator
{
    /// <summary>All of them; the first that takes a codec's changes is the one of a round that names none.</summary>
    public static IReadOnlyList<Aggregator> All { get; } = [new MeanAggregator(), new MajorityAggregator(), new ReplayAggregator()];

    /// <summary>What rounds call it.</summary>
    public abstract string Name { get; }

    /// <summary>What it takes.</summary>
    public abstract ChangeKind Takes { get; }

    /// <summary>
    /// True: changes are added one by one, in any order, and none is kept; memory O(model). False: it needs all of them at once, and gets
    /// them in the order of board ids; memory O(model x boards).
    /// </summary>
    public abstract bool IsSum { get; }

    /// <summary>The aggregator of a round: <c>name</c>, or <c>name:parameter</c> where it has one.</summary>
    /// <param name="text">empty = the codec's own</param>
    /// <param name="codec">what the round's boards send</param>
    /// <exception cref="EdgeLearnException">There is none of that name, or it does not take what the codec gives.</exception>
    public static Aggregator Of(string text, UpdateCodec codec)
    {
        string fitting = string.Join(" or ", All.Where(one => one.Takes == codec.Gives).Select(one => one.Name));
        if (text.Length == 0) return All.First(one => one.Takes == codec.Gives);
        string name = text.Split(':', 2)[0];
        var found = All.FirstOrDefault(one => one.Name == name)
            ?? throw new EdgeLearnException($"there is no aggregator '{name}' in this version: the codec {codec.Name} goes with {fitting}");
        if (found.Takes != codec.Gives)
        {
            string kinds = $"the aggregator {name} takes {Word(found.Takes)}, the codec {codec.Name} gives {Word(codec.Gives)}";
            throw new EdgeLearnException($"{kinds}: it goes with {fitting}");
        }

        return name == text ? found : found.With(text[(name.Length + 1)..]);
    }

    /// <summary>The same aggregator with a parameter.</summary>
    /// <exception cref="EdgeLearnException">It has none, or not this.</exception>
    public virtual Aggregator With(string parameter) =>
        throw new EdgeLearnException($"the aggregator {Name} has no parameter, '{parameter}' was given");

    /// <summary>An empty aggregate for one round.</summary>
    public abstract Aggregate Begin(UpdateShape shape);

    static string Word(ChangeKind kind) => kind.ToString().ToLowerInvariant();
}

/// <summary>The aggregate of one round's changes.</summary>
public abstract class Aggregate
{
    /// <summary>Adds one board's change, of the kind that the aggregator takes.</summary>
    /// <param name="weight">its example count, capped: 1 to <see cref="FixedPointSum.WeightLimit"/></param>
    /// <param name="change">may be kept where the aggregator is no sum</param>
    public abstract void Add(ulong weight, UpdateChange change);

    /// <summary>Turns the round's base into its result, in place.</summary>
    public abstract void Apply(UpdateTarget target);
}
