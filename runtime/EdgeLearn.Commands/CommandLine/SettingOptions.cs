using System.CommandLine;
using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>
/// Options made from the tables of settings (<see cref="Setting"/>): one option a name, whoever has it. What was given is text that the
/// owner reads, so that a value out of range, or one that nobody in the run has, is refused in the same words everywhere.
/// </summary>
sealed class SettingOptions
{
    readonly List<(Setting Row, Option Option)> _options = [];

    /// <summary>Makes the options and gives them to a command.</summary>
    /// <param name="command">shows each in the group of every owner</param>
    /// <param name="records">the owners with their defaults; the word of a rule or update is its group and stands before its help</param>
    /// <param name="groupOf">the group of a row that has no such word; null = the row has no option</param>
    /// <param name="defaults">defaults in other words than the table's, by name</param>
    public SettingOptions(ExampleCommand command, IEnumerable<(string? Word, Settings Record)> records, Func<string, string?> groupOf,
        IReadOnlyDictionary<string, string> defaults)
    {
        var rows = records.SelectMany(owner => owner.Record.Rows.Select(row => (owner.Word, Row: row))).ToList();
        foreach (var same in rows.GroupBy(entry => entry.Row.Name).Where(same => groupOf(same.Key) is not null))
        {
            var row = same.First().Row;
            var option = row.Kind == SettingKind.Flag
                ? OptionText.Flag("--" + row.Name, "")
                : (Option)OptionText.Text("--" + row.Name, row.Placeholder, "");
            option.Description = Description(same, defaults.GetValueOrDefault(row.Name));
            _options.Add((row, option));
            foreach (var (word, _) in same) command.Add(word ?? groupOf(row.Name)!, option);
        }
    }

    // "sgd: momentum (default 0); signum: decay of the mean gradient (default 0.9)": those who mean the same share a part.
    static string Description(IEnumerable<(string? Word, Setting Row)> same, string? defaultText)
        => string.Join("; ", same.GroupBy(entry => (entry.Row.Help, entry.Row.Default)).Select(part =>
        {
            string[] owners = [.. part.Select(entry => entry.Word).OfType<string>()];
            string? value = defaultText ?? (part.First().Row.Kind == SettingKind.Flag ? null : part.Key.Default);
            string usual = value is null ? "" : $" (default {value})";
            return (owners.Length > 0 ? string.Join(", ", owners) + ": " : "") + part.Key.Help + usual;
        }));

    /// <summary>What the command line gives: names of rows and the texts of their values, in the order of the tables.</summary>
    public IEnumerable<(string Name, string Text)> Given(ParseResult parsed)
    {
        foreach (var (row, option) in _options)
        {
            if (option is Option<bool> flag)
            {
                if (parsed.GetValue(flag)) yield return (row.Name, "true");
            }
            else if (parsed.GetValue((Option<string?>)option) is { } text)
            {
                yield return (row.Name, row.Placeholder == "BYTES"
                    ? ByteCount.Parse(option.Name, text).ToString(CultureInfo.InvariantCulture) : text);
            }
        }
    }

    /// <summary>Whether the command line gives this row.</summary>
    public bool Has(ParseResult parsed, string name) => Given(parsed).Any(given => given.Name == name);
}
