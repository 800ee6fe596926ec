using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

public class SelfTestCommandTests
{
    [Fact]
    public void All_checks_hold_here_and_the_last_line_counts_them()
    {
        var run = Invoked.Run("selftest", "--verbose");
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal($"{lines.Length - 1} passed, 0 failed", lines[^1]);
        Assert.All(lines[..^1], line => Assert.StartsWith("ok     ", line));
        // 5 rules x 8 updates, twice.
        Assert.Equal(48, lines.Count(line => line.EndsWith("resumes bit for bit", StringComparison.Ordinal)));
        Assert.Equal(48, lines.Count(line => line.EndsWith("allocates nothing and keeps the state it says", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_failed_check_is_one_line_and_the_others_still_run()
    {
        using StringWriter output = new(), error = new();
        int code = SelfTestCommand.Run(
            [("one", () => { }), ("two", () => throw new SelfTestException("1 is 2,\nexpected 1")),
            ("three", () => throw new InvalidOperationException("odd")), ("four", () => { })],
            new CommandOutput(output, error, Json: false, IsTerminal: false), verbose: false, CancellationToken.None);
        Assert.Equal(1, code);
        Assert.Equal(["FAILED two: 1 is 2, expected 1", "FAILED three: InvalidOperationException: odd", "2 passed, 2 failed", ""],
            output.ToString().Split('\n'));
    }

    [Fact]
    public void A_changed_bit_is_seen() => Assert.Throws<SelfTestException>(() => SmallTask.ExpectEqual([1, 2, 3], [1, 2, 2], "bytes"));

    [Fact]
    public void Json_has_the_counts()
    {
        var result = Invoked.Run("selftest", "--json").Json();
        Assert.Equal(0, result.Number("failed"));
        Assert.True(result.Number("passed") > 90);
        Assert.Empty(result.GetProperty("failures").EnumerateArray());
    }
}
