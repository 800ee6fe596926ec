namespace EdgeLearn;

/// <summary>All updates. A new one is a file of its own and a line here.</summary>
public static class UpdateRules
{
    /// <summary>With their default settings, in the order of a help text.</summary>
    public static IReadOnlyList<UpdateSettings> All { get; } =
    [
        new SgdSettings(),
        new SignSgdSettings(),
        new SignumSettings(),
        new AdamSettings(),
        new FrugalSettings(),
    ];

    /// <summary>The update of a word, with its default settings.</summary>
    /// <exception cref="EdgeLearnException">There is none; the message lists all.</exception>
    public static UpdateSettings Named(string word)
        => All.FirstOrDefault(update => update.Word == word)
            ?? throw new EdgeLearnException($"unknown update '{word}': expected {string.Join(", ", All.Select(update => update.Word))}");
}
