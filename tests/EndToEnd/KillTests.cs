using System.Diagnostics;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// kill -9 of a checkpointed run of the real agent at random moments: the resumed run ends with the same bytes as one that nobody
/// disturbed.
/// </summary>
public sealed class KillTests : IDisposable
{
    const int Steps = 4000;

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
        string[] refresh = update == "frugal" ? ["--refresh", "50"] : [];
        string[] Arguments(string save, int steps) =>
        [
            "train", "--data", "digits", "--network", "8x8-200@4x4-10", "--rule", rule, "--update", update, .. refresh,
            "--steps", $"{steps}", "--save", save,
        ];
        string whole = Path.Combine(_folder, "whole");
        var start = Agent.Run(Arguments(whole, 1)).Elapsed;
        var undisturbed = Agent.Run(Arguments(whole, Steps));
        Assert.True(undisturbed.ExitCode == 0, undisturbed.Error);
        byte[] expected = File.ReadAllBytes(whole);
        var time = TimeSpan.FromMilliseconds(Math.Max(50, (undisturbed.Elapsed - start).TotalMilliseconds));

        var random = new Random(kills);
        int killed = 0;
        for (int run = 0; killed < kills; run++)
        {
            string broken = Path.Combine(_folder, $"broken-{run}"), checkpoint = Path.Combine(_folder, $"checkpoint-{run}");
            string[] arguments = [.. Arguments(broken, Steps), "--checkpoint", checkpoint, "--checkpoint-interval", "0.02", "--resume"];
            while (true)
            {
                // With all kills spent the run goes to its end.
                TimeSpan? life = killed < kills ? random.NextDouble() * time / 2 : null;
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

    // A life begins when the run makes its first checkpoint: so kills fall into the run, however long the process takes to start.
    static (int ExitCode, string Error) RunFor(string[] arguments, string checkpoint, TimeSpan? life)
    {
        var before = WrittenTo(checkpoint);
        var start = new ProcessStartInfo(Agent.Program, Agent.Arguments(arguments))
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        while (life is not null && !process.HasExited && WrittenTo(checkpoint) == before) Thread.Sleep(1);
        if (!process.WaitForExit(life ?? RunningProgram.Patience)) process.Kill();
        Assert.True(process.WaitForExit(RunningProgram.Patience));
        return (process.ExitCode, error.Result + output.Result);
    }

    static DateTime WrittenTo(string folder) => !Directory.Exists(folder)
        ? default
        : Directory.GetFileSystemEntries(folder).Append(folder).Max(File.GetLastWriteTimeUtc);
}
