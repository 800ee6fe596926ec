using System.CommandLine;
using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary><c>edgelearn round</c>: federated rounds.</summary>
static class RoundCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
        => new ExampleCommand("round", "run federated rounds, list them, watch one", "run --rounds 10", "list",
            "watch") { RoundRunCommand.Create(), List(), Watch() };

    static ExampleCommand List()
    {
        var group = OptionText.Text("--group", "GROUP", "only the rounds of this group");
        var limit = OptionText.Whole("--limit", "at most so many, the newest (default 100)");
        var json = CommandOutput.JsonOption();
        var command = new ExampleCommand("list", "list the rounds, newest first", "", "--group field --limit 10 --json") { group, limit,
            json };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            int most = parsed.GetValue(limit) ?? 100;
            if (most < 1) throw new EdgeLearnException($"--limit {most}: expected 1 or more");
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed, json);
            RoundResult[] rounds = [
                .. (await client.ListRoundsAsync(parsed.GetValue(group) ?? "", (uint)most, stop)).Select(RoundResult.Of)];
            if (output.Json) output.WriteJson(new RoundListResult(rounds), FleetJson.Default.RoundListResult);
            else if (rounds.Length == 0) output.Output.WriteLine("no rounds yet: 'edgelearn round run' starts one");
            else RoundTable.Write(rounds, output.Output);
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
        var json = CommandOutput.JsonOption();
        var command = new ExampleCommand("watch", "follow a round to its end", "", "12 --json") { number, json };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed, json);
            var round = await RoundProgress.ShowAsync(output, 1,
                progress => new RoundRunner(client, progress).WatchAsync(parsed.GetValue(number), stop));
            if (output.Json) output.WriteJson(round, FleetJson.Default.RoundResult);
            else RoundTable.Write([round], output.Output);
        });
        return command;
    }
}
