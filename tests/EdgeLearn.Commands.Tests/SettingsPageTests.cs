using System.Globalization;
using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>docs/settings.md is what the tables say. EDGELEARN_UPDATE=1 writes it anew.</summary>
public class SettingsPageTests
{
    static string Page()
    {
        var page = new StringBuilder("""
            # Settings

            Every setting of training by the name that it has on the command line (`--momentum 0.9`), in the messages of a
            fleet and in the identity of a checkpoint. Values are written as here, with a point.
            A rule or an update has its own settings; one that the chosen ones do not have is refused. This page is made
            from the tables in the code and held against them by a test.

            """);
        Add(page, "Run", new TrainingSettings());
        foreach (var rule in LearningRules.All) Add(page, $"Rule `{rule.Word}`", rule);
        foreach (var update in UpdateRules.All) Add(page, $"Update `{update.Word}`", update);
        Add(page, "Continual learning", new ContinualSettings());
        return page.ToString();
    }

    static void Add(StringBuilder page, string title, Settings record)
    {
        page.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n");
        if (record.Rows.Count == 0) page.Append("None.\n");
        else page.Append("| setting | values | default | |\n|---|---|---|---|\n");
        foreach (var row in record.Rows)
            page.Append(CultureInfo.InvariantCulture,
                $"| `{row.Name}` | {Cell(row.Expected)} | {row.Default ?? "open"} | {Cell(row.Help)} |\n");
    }

    static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    [Fact]
    public void The_page_says_what_the_tables_say()
    {
        string path = Path.Combine(Root(), "docs", "settings.md"), expected = Page();
        if (Environment.GetEnvironmentVariable("EDGELEARN_UPDATE") == "1") File.WriteAllText(path, expected);
        Assert.Equal(expected, File.ReadAllText(path));
    }

    static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "EdgeLearn.sln"))) folder = folder.Parent;
        return folder.FullName;
    }
}
