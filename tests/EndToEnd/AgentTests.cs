using System.Diagnostics;
using System.Globalization;
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
    public void The_native_program_needs_16_megabytes_at_most_to_describe_itself()
    {
        var run = Agent.Run("info", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        using var result = JsonDocument.Parse(run.Output);
        var program = result.RootElement.GetProperty("program");
        long most = program.GetProperty("compiled").GetString() == "NativeAOT" ? 16_000_000 : long.MaxValue;
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
            Assert.Matches(@"\nstopped +after step [\d,]+ of 6,000,000, before its test\n", process.StandardOutput.ReadToEnd());
        }
        finally
        {
            Directory.Delete(checkpoint, recursive: true);
        }
    }

    [Fact]
    public void Ctrl_C_keeps_the_model_and_a_log_of_the_run()
    {
        string folder = Directory.CreateTempSubdirectory("edgelearn-stop-").FullName;
        try
        {
            using var program = RunningProgram.Start([Agent.Program, .. Agent.Arguments()], folder, "train", "--data", "digits",
                "--network", "8x8-32:relu-10", "--epochs", "100000", "--save", "m.safetensors", "--log", "run.jsonl");
            string log = Path.Combine(folder, "run.jsonl");
            while (!File.Exists(log) || File.ReadAllLines(log).Length < 2) Thread.Sleep(5);
            program.Interrupt();
            var run = program.WaitForExit();
            Assert.Equal(130, run.ExitCode);
            Assert.Matches(@"\nstopped after step [\d,]+ of 6,000,000; saved m.safetensors\n$", run.Error);
            using var last = JsonDocument.Parse(File.ReadAllLines(log)[^1]);
            long step = last.RootElement.GetProperty("result").GetProperty("stopped").GetProperty("step").GetInt64();
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"after step {step:N0} of"), run.Error);
            var evaluated = Agent.Run("evaluate", "--model", Path.Combine(folder, "m.safetensors"), "--data", "digits", "--json");
            using var result = JsonDocument.Parse(evaluated.Output);
            Assert.InRange(result.RootElement.GetProperty("test_accuracy").GetDouble(), 0.5, 1);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A step of this network takes seconds, and ends before the first Ctrl-C is heeded.
    [Fact]
    public void A_second_Ctrl_C_ends_it_at_once()
    {
        string folder = Directory.CreateTempSubdirectory("edgelearn-stop-").FullName;
        try
        {
            using var program = RunningProgram.Start([Agent.Program, .. Agent.Arguments()], folder, "train", "--data", "digits",
                "--network", "64-4000:relu-4000:relu-10", "--batch", "3823", "--steps", "1000", "--save", "m.safetensors", "--log",
                "run.jsonl");
            // Within the second step, which takes its time: before the first a stop ends the run by itself.
            string log = Path.Combine(folder, "run.jsonl");
            while (!File.Exists(log) || File.ReadLines(log).Count() < 2) Thread.Sleep(5);
            program.Interrupt();
            Thread.Sleep(100);
            program.Interrupt();
            var run = program.WaitForExit();
            Assert.Equal(130, run.ExitCode);
            Assert.Equal("", run.Output);
            Assert.DoesNotContain("stopped", run.Error);
            Assert.False(File.Exists(Path.Combine(folder, "m.safetensors")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
