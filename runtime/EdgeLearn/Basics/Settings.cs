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
    public Setting? Find(string name) => Rows.FirstOrDefault(row => row.Name == name);

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

/// <summary>
/// One row of a <see cref="SettingTable{TSettings}"/>: a property of a <see cref="Settings"/> record by the name that it has on the command
/// line, on the wire and in checkpoints. Its value has one text form in all these places, the same in every language and exact there and
/// back.
/// </summary>
public sealed class Setting
{
    readonly Func<Settings, string?> _get;
    readonly Func<Settings, string, Settings?> _with;
    readonly Func<Settings, bool> _holds;
    readonly Func<Settings, bool> _changesBits;

    /// <summary>Describes a property.</summary>
    /// <param name="get">its text; null = left open</param>
    /// <param name="with">a copy with another value; null = the text is no such value</param>
    /// <param name="holds">whether the value is one that it may have</param>
    /// <param name="changesBits">whether the value has a part in what a run computes</param>
    internal Setting(Func<Settings, string?> get, Func<Settings, string, Settings?> with, Func<Settings, bool> holds,
        Func<Settings, bool> changesBits) => (_get, _with, _holds, _changesBits) = (get, with, holds, changesBits);

    /// <summary>In small letters with dashes: <c>weight-decay</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it does, in half a line.</summary>
    public required string Help { get; init; }

    /// <summary>What kind of value it has.</summary>
    public required SettingKind Kind { get; init; }

    /// <summary>What stands for a value in a help text: <c>X</c>, <c>N</c>, the words.</summary>
    public required string Placeholder { get; init; }

    /// <summary>The values that it may have, for a refusal: "0 to 1".</summary>
    public required string Expected { get; init; }

    /// <summary>The text of its value where nobody says one; null = open.</summary>
    public string? Default { get; init; }

    /// <summary>The text of its value; null = open.</summary>
    public string? Get(Settings settings) => _get(settings);

    /// <summary>A copy of the settings with the value of a text.</summary>
    /// <exception cref="EdgeLearnException">The setting cannot have it.</exception>
    public Settings With(Settings settings, string text)
        => _with(settings, text) is { } changed && _holds(changed) ? changed : throw Refused(text);

    /// <summary>Refuses a value that the setting cannot have.</summary>
    /// <exception cref="EdgeLearnException">It has one.</exception>
    public void Check(Settings settings)
    {
        if (!_holds(settings)) throw Refused(_get(settings));
    }

    /// <summary>Whether the value differs from the default and has a part in what a run computes.</summary>
    internal bool ChangesBits(Settings settings) => _get(settings) != Default && _changesBits(settings);

    EdgeLearnException Refused(string? text) => new($"--{Name} {text}: expected {Expected}");
}

/// <summary>The kinds of value that a setting can have.</summary>
public enum SettingKind
{
    /// <summary>A real number.</summary>
    Number,

    /// <summary>A whole number.</summary>
    Whole,

    /// <summary>true or false.</summary>
    Flag,

    /// <summary>One of a few words, or a text of its own form.</summary>
    Word,
}
