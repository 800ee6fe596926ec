namespace EdgeLearn.Protocol;

/// <summary>One board's update, decoded: what it says, whatever it was written in.</summary>
public abstract class UpdateChange
{
    private protected UpdateChange()
    {
    }
}

/// <summary>What a codec's updates say: a codec gives one kind, an aggregator takes one.</summary>
public enum ChangeKind
{
    /// <summary>A <see cref="ValueChange"/>.</summary>
    Values = 1,

    /// <summary>A <see cref="VoteChange"/>.</summary>
    Votes = 2,

    /// <summary>A <see cref="RecordChange"/>.</summary>
    Records = 3,
}
