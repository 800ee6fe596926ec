namespace EdgeLearn;

/// <summary>
/// A small immutable record of settings that lists them itself. The record stands beside the class that it sets; its rows serve the command
/// line, the wire, a checkpoint's identity and the docs.
/// </summary>
public abstract record Settings
{
    /// <summary>The settings, in the order of a help text.</summary>
    public abstract IReadOnlyList<Setting> Rows { get; }

    /// <summary>The setting of this name, or null.</summary>
    public Setting? Find(string name)
    {
        foreach (var row in Rows)
        {
            if (row.Name == name) return row;
        }

        return null;
    }

    /// <summary>Refuses values that no run can use.</summary>
    /// <exception cref="EdgeLearnException">The first that is out of range.</exception>
    public virtual void Check()
    {
        foreach (var row in Rows) row.Check(this);
    }

    /// <summary>The settings that differ from their defaults, as text.</summary>
    /// <param name="onlyBits">leaves out what changes nothing that a run computes, such as memory</param>
    public virtual IEnumerable<(string Name, string Value)> Changes(bool onlyBits = false)
    {
        foreach (var row in Rows)
        {
            if (row.Get(this) is { } value && (onlyBits ? row.ChangesBits(this) : value != row.Default)) yield return (row.Name, value);
        }
    }

    /// <summary>What differs from the defaults: "momentum = 0.9, weight-decay = 0.01".</summary>
    public sealed override string ToString() => string.Join(", ", Changes().Select(change => $"{change.Name} = {change.Value}"));
}
