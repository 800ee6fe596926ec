using System.Diagnostics;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>kill -9 of a checkpointed run of the real agent at random moments: the resumed run ends with the same bytes as one that nobody disturbed.</summary>
public sealed class KillTests : IDisposable
{
    const int LeastSteps = 2000;

    readonly string _folder = Directory.CreateTempSubdirectory("edgelearn-kill-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("tpsgd", "adam", 3)]
    [InlineData("zo", "sgd", 3)]
    public void A_few_kills_lose_nothing(string rule, string update, int kills) => KillAndResume(rule, update, kills);

    [Theory]
    [Trait("speed", "slow")]
    [InlineData("tpsgd", "adam", 50)]
    [InlineData("zo", "sgd", 50)]
    [InlineData("elastic-zo", "frugal", 25)]
    public void A_hundred_kills_lose_nothing(string rule, string update, int kills) => KillAndResume(rule, update, kills);

    void KillAndResume(string rule, string update, int kills)
    {
        string[] Arguments(string save, string steps) => ["train", "--data", "digits", "--rule", rule, "--update", update, "--refresh", "50", "--steps", steps, "--save", save];
        string whole = Path.Combine(_folder, "whole");
        // Long enough on this machine that most kills fall into the run and not into the start of the process.
        var start = Agent.Run(Arguments(whole, "1")).Elapsed;
        var trial = Agent.Run(Arguments(whole, $"{LeastSteps}"));
        Assert.True(trial.ExitCode == 0, trial.Error);
        double perStepMs = Math.Max(0.01, (trial.Elapsed - start).TotalMilliseconds / LeastSteps);
        int steps = (int)Math.Clamp(8 * start.TotalMilliseconds / perStepMs, LeastSteps, 100 * LeastSteps);
        var undisturbed = Agent.Run(Arguments(whole, $"{steps}"));
        Assert.True(undisturbed.ExitCode == 0, undisturbed.Error);
        byte[] expected = File.ReadAllBytes(whole);

        var random = new Random(kills);
        int killed = 0;
        for (int run = 0; killed < kills; run++)
        {
            string broken = Path.Combine(_folder, $"broken-{run}"), checkpoint = Path.Combine(_folder, $"checkpoint-{run}");
            string[] arguments = [.. Arguments(broken, $"{steps}"), "--checkpoint", checkpoint, "--checkpoint-interval", "0.02", "--resume"];
            while (true)
            {
                // With all kills spent the run goes to its end.
                TimeSpan? life = killed < kills ? random.NextDouble() * undisturbed.Elapsed / 2 : null;
                var (exitCode, error) = RunFor(arguments, checkpoint, life);
                if (exitCode == 0) break;
                Assert.True(exitCode == 137, $"exit code {exitCode}: {error}");
                killed++;
                // Killed between saving and leaving.
                if (File.Exists(broken)) Assert.Equal(expected, File.ReadAllBytes(broken));
            }

            Assert.Equal(expected, File.ReadAllBytes(broken));
        }
    }

    // A life begins when the first checkpoint is being made: so the first kill falls into the run, however long the process takes to start.
    static (int ExitCode, string Error) RunFor(string[] arguments, string checkpoint, TimeSpan? life)
    {
        using var process = Process.Start(new ProcessStartInfo(Agent.Program, Agent.Arguments(arguments)) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        while (life is not null && !process.HasExited && !Directory.Exists(checkpoint)) Thread.Sleep(1);
        if (!process.WaitForExit(life ?? RunningProgram.Patience)) process.Kill();
        Assert.True(process.WaitForExit(RunningProgram.Patience));
        return (process.ExitCode, error.Result + output.Result);
    }
}
