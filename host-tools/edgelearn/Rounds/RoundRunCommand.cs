using System.CommandLine;
using System.Diagnostics;
using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary><c>edgelearn round run</c>: federated rounds, one after the other.</summary>
static class RoundRunCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var json = CommandOutput.JsonOption();
        var command = new ExampleCommand(
            "run",
            "let the boards train together, for one round or more",
            "--rounds 10",
            "--rounds 20 --codec sign --lr 0.2 --deadline 5m --minimum 3",
            "--codec records --steps 200 --json");
        var options = new RoundOptions(command);
        var hub = new HubLocation(command);
        command.Options.Add(json);
        command.SetAction(async (parsed, stop) =>
        {
            var plan = options.Read(parsed);
            var output = CommandOutput.Of(parsed, json);
            using var client = hub.Open(parsed);
            var watch = Stopwatch.StartNew();
            var rounds =
                await RoundProgress.ShowAsync(output, plan.Count, progress => new RoundRunner(client, progress).RunAsync(plan, stop));
            var result = Sum(rounds, watch.Elapsed);
            if (output.Json) output.WriteJson(result, FleetJson.Default.RoundRunResult);
            else RoundTable.Write(rounds, output.Output);
            if (rounds.All(round => round.State != "committed"))
            {
                throw new EdgeLearnException($"no round was committed ({rounds[^1].Reason}): see 'edgelearn device list' for who is "
                    + $"there, or try a longer --deadline or a smaller --minimum");
            }
        });
        return command;
    }

    static RoundRunResult Sum(IReadOnlyList<RoundResult> rounds, TimeSpan elapsed)
    {
        ulong up = 0, down = 0;
        foreach (var round in rounds)
        {
            up += round.BytesUp;
            down += round.BytesDown;
        }

        return new RoundRunResult(rounds, rounds.LastOrDefault(round => round.State == "committed")?.Accuracy, up, down,
            elapsed.TotalSeconds);
    }
}
