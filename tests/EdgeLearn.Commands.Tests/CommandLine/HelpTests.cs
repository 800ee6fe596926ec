using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>The help of commands with many options: what people use first, then groups.</summary>
public class HelpTests
{
    const int LinesOfAScreen = 40;

    static string Help(params string[] arguments)
    {
        var run = Invoked.Run(arguments);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        return run.Output;
    }

    [Theory]
    [InlineData("train")]
    [InlineData("plan")]
    [InlineData("evaluate")]
    public void The_help_of_a_command_fits_a_screen_and_names_the_groups(string command)
    {
        string help = Help(command, "--help");
        Assert.InRange(help.Split('\n').Length, 5, LinesOfAScreen);
        Assert.Contains("--help all", help);
        Assert.Contains("--data", help);
        Assert.DoesNotContain("--test-fraction", help);
    }

    [Fact]
    public void Every_rule_and_update_with_settings_is_a_group_of_their_options()
    {
        foreach (var (word, rows) in LearningRules.All.Select(rule => (rule.Word, rule.Rows))
            .Concat(UpdateRules.All.Select(update => (update.Word, update.Rows))).Where(owner => owner.Rows.Count > 0))
        {
            string help = Help("train", "--help", word);
            Assert.All(rows, row => Assert.Contains($"--{row.Name} ", help + " "));
            Assert.DoesNotContain("--test-fraction", help);
        }

        Assert.Contains("decay of the mean gradient (default 0.9)", Help("plan", "--help", "signum"));
    }

    [Fact]
    public void Every_setting_is_an_option_and_all_of_them_are_shown_on_request()
    {
        string help = Help("train", "--help", "all");
        var records = new List<Settings> { new TrainingSettings(), new ContinualSettings() };
        records.AddRange(LearningRules.All);
        records.AddRange(UpdateRules.All);
        Assert.All(records.SelectMany(record => record.Rows), row => Assert.Contains($"--{row.Name} ", help));
        Assert.Contains("--test-fraction", help);
        Assert.Contains("--memory-limit", Help("train", "--help", "memory"));
        Assert.DoesNotContain("--rho", Help("train", "--help", "memory"));
    }
}
