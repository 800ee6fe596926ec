namespace EdgeLearn.Device;

/// <summary>A board's examples, which grow while it runs: what is whole in its files at this time.</summary>
public abstract class BoardData : IDisposable
{
    /// <summary>Examples that there are now, whatever a model makes of them; 0 = none yet.</summary>
    public abstract int Count();

    /// <summary>The group of each of these, where groups are known before a model reads them; null = they are not.</summary>
    public virtual int[]? Groups => null;

    /// <summary>The examples that there are now, read by a model's columns and classes; null = none yet.</summary>
    /// <param name="model">that is scored or trained</param>
    /// <returns>Owned by this; good until the next call.</returns>
    /// <exception cref="EdgeLearnException">They cannot be read, or are none for this model.</exception>
    public abstract BoardExamples? Open(Model model);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what is open.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>Examples as they are at one time.</summary>
/// <param name="Data">at least one</param>
/// <param name="Groups">the group of each; null = there are none</param>
public readonly record struct BoardExamples(Dataset Data, int[]? Groups);

/// <summary>A set that stays as it is.</summary>
/// <param name="data">not owned; must outlive this</param>
/// <param name="groups">the group of each example; null = there are none</param>
public sealed class FixedBoardData(Dataset data, int[]? groups = null) : BoardData
{
    /// <inheritdoc/>
    public override int Count() => data.Count;

    /// <inheritdoc/>
    public override int[]? Groups => groups;

    /// <inheritdoc/>
    public override BoardExamples? Open(Model model) => new BoardExamples(data, groups);
}
