using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>What only the agent as a process can show: exit codes, signals, the selftest inside it.</summary>
public class AgentTests
{
    [Fact]
    public void The_selftest_holds_in_the_program()
    {
        var run = Agent.Run("selftest");
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Matches(@"^\d+ passed, 0 failed\n$", run.Output);
    }

    [Fact]
    public void Training_the_bundled_digits_needs_no_option_but_the_data()
    {
        var run = Agent.Run("train", "--data", "digits", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        using var result = JsonDocument.Parse(run.Output);
        Assert.InRange(result.RootElement.GetProperty("test_accuracy").GetDouble(), 0.92, 1);
        Assert.Equal(0, result.RootElement.GetProperty("allocated_bytes_per_step").GetDouble());
    }

    [Fact]
    public void The_native_program_needs_14_megabytes_at_most_to_describe_itself()
    {
        var run = Agent.Run("info", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        using var result = JsonDocument.Parse(run.Output);
        var program = result.RootElement.GetProperty("program");
        long most = program.GetProperty("compiled").GetString() == "NativeAOT" ? 14_000_000 : long.MaxValue;
        Assert.InRange(program.GetProperty("peak_rss_bytes").GetInt64(), 1, most);
    }

    [Fact]
    public void A_mistake_is_one_line_and_no_stack_trace()
    {
        var run = Agent.Run("train", "--data", "digits", "--batch", "0");
        Assert.Equal((1, "", "error: --batch 0: expected a whole number from 1 to 2147483647\n"), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public void Sigterm_ends_a_run_cleanly()
    {
        string checkpoint = Directory.CreateTempSubdirectory("edgelearn-stop-").FullName;
        try
        {
            string[] arguments =
                Agent.Arguments("train", "--data", "digits", "--epochs", "100000", "--checkpoint", checkpoint, "--verbose");
            using var process =
                Process.Start(
                new ProcessStartInfo(Agent.Program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            string? line = process.StandardError.ReadLine();
            while (line?.StartsWith("tpsgd  step", StringComparison.Ordinal) == false) line = process.StandardError.ReadLine();
            Assert.Equal(0, Repository.Run("kill", null, "-TERM", $"{process.Id}").ExitCode);
            string rest = process.StandardError.ReadToEnd();
            Assert.True(process.WaitForExit(RunningProgram.Patience));
            Assert.Equal(143, process.ExitCode);
            Assert.Matches(@"stopped after step [\d,]+ of 6,000,000; go on with --checkpoint \S+ --resume\n$", rest);
        }
        finally
        {
            Directory.Delete(checkpoint, recursive: true);
        }
    }
}
