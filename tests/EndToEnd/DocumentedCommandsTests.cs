using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Command lines in the documents are ones that the programs know.</summary>
public partial class DocumentedCommandsTests
{
    static readonly ConcurrentDictionary<string, string> s_help = [];

    [Theory]
    [InlineData("docs/fleet.md", 10)]
    [InlineData("docs/pytorch.md", 4)]
    [InlineData("docs/transfer.md", 6)]
    [InlineData("docs/continual.md", 8)]
    [InlineData("docs/streams.md", 4)]
    public void Every_command_of_a_document_has_its_options(string document, int leastCount)
    {
        string[] commands = [.. CommandLine().Matches(File.ReadAllText(Repository.PathOf(document)))
            .Select(match => match.Groups[1].Value)];
        Assert.True(commands.Length >= leastCount, $"{commands.Length} commands found in {document}");
        Assert.All(commands, Check);
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("serve")]
    [InlineData("device")]
    [InlineData("device token")]
    [InlineData("device list")]
    [InlineData("device show")]
    [InlineData("device revoke")]
    [InlineData("push")]
    [InlineData("round")]
    [InlineData("round run")]
    [InlineData("round list")]
    [InlineData("round watch")]
    [InlineData("telemetry")]
    [InlineData("train")]
    [InlineData("evaluate")]
    [InlineData("fewshot")]
    [InlineData("stream")]
    [InlineData("model inspect")]
    [InlineData("model import")]
    [InlineData("model export")]
    [InlineData("model")]
    [InlineData("model merge")]
    [InlineData("model add-class")]
    [InlineData("version")]
    [InlineData("bench")]
    public void The_help_of_a_command_ends_with_examples_that_it_understands(string command)
    {
        string help = Help($"edgelearn {command}");
        int start = help.IndexOf("Examples:", StringComparison.Ordinal);
        Assert.True(start >= 0, help);
        string[] examples = [.. help[start..].Split('\n').Select(line => line.Trim())
            .Where(line => line.StartsWith("edgelearn ", StringComparison.Ordinal))];
        Assert.NotEmpty(examples);
        Assert.All(examples, example => Assert.StartsWith($"edgelearn {command}", example, StringComparison.Ordinal));
        Assert.All(examples, Check);
    }

    static void Check(string command)
    {
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int depth = words.Length > 2 && words[1] is "device" or "round" or "model" ? 3 : 2;
        string help = Help(string.Join(' ', words[..depth]), "all");
        foreach (string option in words.Where(word => word.StartsWith("--", StringComparison.Ordinal)))
            Assert.True(help.Contains($"{option} ", StringComparison.Ordinal), $"{command}\n{option} is not in\n{help}");
    }

    static string Help(string command, params string[] groups)
        => s_help.GetOrAdd($"{command} {string.Concat(groups)}", _ => HelpOf(command.Split(' ')[0], command.Split(' ')[1..], groups));

    static string HelpOf(string program, string[] path, string[] groups)
    {
        var run = RunningProgram.Run(program == "edgelearn" ? Programs.Cli : Programs.Device, Path.GetTempPath(),
            [.. path, "--help", .. groups]);
        Assert.True(run.ExitCode == 0, $"{program} {string.Join(' ', path)}: {run.Error}");
        Assert.Contains($"{string.Join(' ', path)} ", run.Output, StringComparison.Ordinal);
        return run.Output;
    }

    // At the start of a line, or inside $(...).
    [GeneratedRegex(@"(?:^|\$\()(edgelearn(?:-device)? [a-z][^\n)]*)", RegexOptions.Multiline)]
    private static partial Regex CommandLine();
}
