using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>A hub may die at any moment: what it has acknowledged counts, once.</summary>
public class HubRestartTests
{
    [Fact]
    public void A_hub_that_is_killed_in_mid_round_finishes_the_round_after_its_restart()
    {
        using var fleet = new FleetOfProcesses("--test-data", "digits");
        RunningProgram[] boards = [fleet.StartBoard("board-1", "--token", fleet.Token()),
            fleet.StartBoard("board-2", "--token", fleet.Token())];
        foreach (var board in boards) board.WaitForError("enrolled");
        fleet.Ask("push", fleet.Model());
        boards[1].Suspend();
        using var run = fleet.StartCli("round", "run", "--json");
        WaitUntil(() => Newest(fleet) is { } round && round.GetProperty("reported").GetInt32() == 1, "one board has reported");
        fleet.Hub.Kill();
        run.WaitForError("waiting");
        fleet.StartHub();
        boards[1].Resume();
        var result = run.WaitForExit();
        Assert.True(result.ExitCode == 0, result.Error);
        var only = Assert.Single(JsonDocument.Parse(result.Output).RootElement.GetProperty("rounds").EnumerateArray());
        Assert.Equal("committed", only.GetProperty("state").GetString());
        Assert.Equal(2, only.GetProperty("reported").GetInt32());
        Assert.InRange(only.GetProperty("accuracy").GetDouble(), 0.5, 1);
        Assert.Single(fleet.Ask("round", "list").GetProperty("rounds").EnumerateArray());
    }

    [Fact]
    [Trait("speed", "slow")]
    public void Rounds_survive_a_hub_that_is_killed_again_and_again()
    {
        using var fleet = new FleetOfProcesses("--test-data", "digits");
        foreach (string name in (string[])["board-1", "board-2"]) fleet.StartBoard(name, "--token", fleet.Token()).WaitForError("enrolled");
        fleet.Ask("push", fleet.Model());
        using var run = fleet.StartCli("round", "run", "--rounds", "8", "--epochs", "20", "--batch", "8", "--json");
        WaitUntil(() => Newest(fleet) is not null, "a round is open");
        var random = new Random(1);
        for (int i = 0; i < 6; i++)
        {
            Thread.Sleep(random.Next(200, 1500));
            fleet.Hub.Kill();
            fleet.StartHub();
        }

        var result = run.WaitForExit();
        Assert.True(result.ExitCode == 0, result.Error);
        var rounds = JsonDocument.Parse(result.Output).RootElement.GetProperty("rounds").EnumerateArray().ToArray();
        Assert.Equal(8, rounds.Length);
        Assert.All(rounds,
            round => Assert.Equal(("committed", 2), (round.GetProperty("state").GetString(), round.GetProperty("reported").GetInt32())));
        Assert.Equal(Enumerable.Range(2, 8), rounds.Select(round => round.GetProperty("model_version").GetInt32()));
        Assert.InRange(rounds[^1].GetProperty("accuracy").GetDouble(), 0.85, 1);
    }

    static JsonElement? Newest(FleetOfProcesses fleet)
    {
        var rounds = fleet.Ask("round", "list").GetProperty("rounds");
        return rounds.GetArrayLength() == 0 ? null : rounds[0];
    }

    static void WaitUntil(Func<bool> holds, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!holds())
        {
            if (watch.Elapsed > RunningProgram.Patience)
                throw new TimeoutException($"it did not happen within {RunningProgram.Patience} that {what}");
            Thread.Sleep(50);
        }
    }
}
