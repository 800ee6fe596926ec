using System.CommandLine;
using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class CommandProgramTests : IDisposable
{
    readonly string? _before = Environment.GetEnvironmentVariable(CommandProgram.TraceVariable);

    public void Dispose() => Environment.SetEnvironmentVariable(CommandProgram.TraceVariable, _before);

    [Fact]
    public async Task An_unexpected_exception_is_one_line_that_asks_for_a_report()
    {
        Environment.SetEnvironmentVariable(CommandProgram.TraceVariable, null);
        Assert.Equal((1, "", "error: unexpected InvalidOperationException: first second; please report it\n"), await RunAsync());
    }

    [Fact]
    public async Task An_unexpected_exception_shows_its_stack_trace_on_request()
    {
        Environment.SetEnvironmentVariable(CommandProgram.TraceVariable, "1");
        var (code, output, error) = await RunAsync();
        Assert.Equal((1, ""), (code, output));
        string[] lines = error.Split('\n');
        Assert.Equal("error: unexpected InvalidOperationException: first second; please report it", lines[0]);
        Assert.Contains($"at EdgeLearn.Tests.{nameof(CommandProgramTests)}.", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("train")]
    [InlineData("model")]
    [InlineData("model", "import")]
    public void The_word_help_is_the_option_of_what_follows_it(params string[] path)
    {
        var run = Invoked.Run(["help", .. path]);
        Assert.Equal(Invoked.Run([.. path, "--help"]), run);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains($"edgelearn-device {string.Join(' ', path)}", run.Output, StringComparison.Ordinal);
    }

    static async Task<(int Code, string Output, string Error)> RunAsync()
    {
        var root = new RootCommand();
        var command = new Command("fail", "Fails.");
        command.SetAction(Fail);
        root.Subcommands.Add(command);
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await CommandProgram.RunAsync(root, "program", ["fail"], output, error, TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }

    static int Fail(ParseResult parsed) => throw new InvalidOperationException("first\nsecond");
}
