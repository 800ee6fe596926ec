using System.CommandLine;
using System.Diagnostics;
using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary><c>edgelearn round</c>: federated rounds.</summary>
static class RoundCommand
{
    public static Command Create()
        => new ExampleCommand("round", "run federated rounds, list them, watch one", "run --rounds 10", "list",
            "watch") { Run(), List(), Watch() };

    static ExampleCommand Run()
    {
        var command = new ExampleCommand(
            "run",
            "let the boards train together, for one round or more",
            "--rounds 10",
            "--rounds 20 --codec sign --lr 0.2 --deadline 5m --minimum 3",
            "--codec records --steps 200 --json");
        var options = new RoundOptions(command);
        var hub = new HubLocation(command);
        command.Options.Add(CommandOutput.JsonOption());
        command.SetAction(async (parsed, stop) =>
        {
            var plan = options.Read(parsed);
            var output = CommandOutput.Of(parsed);
            using var client = hub.Open(parsed);
            var watch = Stopwatch.StartNew();
            var rounds = await RoundProgress.ShowAsync(output, plan.Count,
                progress => new RoundRunner(client, progress).RunAsync(plan, stop));
            var result = Sum(rounds, watch.Elapsed);
            output.Write(result, FleetJson.Default.RoundRunResult, text =>
            {
                RoundTable.Write(rounds, text);
                RoundTable.WriteFigures(rounds, text);
            });
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
        foreach (var round in rounds) (up, down) = (up + round.BytesUp, down + round.BytesDown);
        return new RoundRunResult(rounds, rounds.LastOrDefault(round => round.State == "committed")?.Accuracy, up, down,
            elapsed.TotalSeconds);
    }

    static ExampleCommand List()
    {
        var group = OptionText.Text("--group", "GROUP", "only the rounds of this group");
        var limit = OptionText.Whole("--limit", "at most so many, the newest (default 100)");
        var command = new ExampleCommand("list", "list the rounds, newest first", "", "--group field --limit 10 --json") { group, limit,
            CommandOutput.JsonOption() };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            int most = parsed.GetValue(limit) ?? 100;
            if (most < 1) throw new EdgeLearnException($"--limit {most}: expected 1 or more");
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed);
            RoundResult[] rounds = [
                .. (await client.ListRoundsAsync(parsed.GetValue(group) ?? "", (uint)most, stop)).Select(RoundResult.Of)];
            output.Write(new RoundListResult(rounds), FleetJson.Default.RoundListResult, text =>
            {
                if (rounds.Length == 0) text.WriteLine("no rounds yet: 'edgelearn round run' starts one");
                else RoundTable.Write(rounds, text);
            });
        });
        return command;
    }

    static ExampleCommand Watch()
    {
        var number = new Argument<ulong>("ROUND")
        {
            Description = "number of the round (default: the newest)",
            Arity = ArgumentArity.ZeroOrOne
        };
        var command = new ExampleCommand("watch", "follow a round to its end", "", "12 --json") { number, CommandOutput.JsonOption() };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed);
            var round = await RoundProgress.ShowAsync(output, 1,
                progress => new RoundRunner(client, progress).WatchAsync(parsed.GetValue(number), stop));
            output.Write(round, FleetJson.Default.RoundResult, text =>
            {
                RoundTable.Write([round], text);
                RoundTable.WriteFigures([round], text);
            });
        });
        return command;
    }
}
