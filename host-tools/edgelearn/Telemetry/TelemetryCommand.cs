using System.CommandLine;
using EdgeLearn.Commands;
using EdgeLearn.Hub;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary><c>edgelearn telemetry</c>: what the boards say about themselves.</summary>
static class TelemetryCommand
{
    static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    // The widths are those of usual rows: in a table that follows, the head is printed before them.
    static TextTable Table(bool follows) => new("time", "device", "round", "loss", "accuracy", "step ms", "RSS", "deg C", "examples", "up",
        "down")
    { Texts = ["device"], Widths = follows ? [19, 12, 5, 6, 8, 7, 7, 5, 8, 7, 7] : [] };

    public static Command Create()
    {
        var device = OptionText.Text("--device", "DEVICE", "only this board: its id, or a name that no other board has");
        var round = OptionText.Whole("--round", "only this round", 1ul, ulong.MaxValue, "the number of a round, 1 or more");
        var limit = OptionText.Whole("--limit", "at most so many, the newest (default 1000)");
        var follow = OptionText.Flag("--follow", "go on with what comes in, until Ctrl-C; with --json one object a line");
        var command = new ExampleCommand("telemetry", "show what the boards report: loss, accuracy, step time, memory, temperature, bytes",
            "", "--device kitchen-pi --follow", "--round 7 --json")
        {
            device, round, limit, follow, CommandOutput.JsonOption(),
        };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            int most = parsed.GetValue(limit) ?? 1000;
            if (most < 1) throw new EdgeLearnException($"--limit {most}: expected 1 or more");
            using var client = hub.Open(parsed);
            var query = new TelemetryQuery(client, parsed.GetValue(device) ?? "", parsed.GetValue(round) ?? 0, (uint)most);
            var output = CommandOutput.Of(parsed);
            if (parsed.GetValue(follow)) await FollowAsync(query, output, stop);
            else Print(await query.ReadAsync(stop), output);
        });
        return command;
    }

    static void Print(IReadOnlyList<TelemetryView> entries, CommandOutput output)
    {
        TelemetryResult[] rows = [.. entries.Select(TelemetryResult.Of)];
        output.Write(new TelemetryListResult(rows), FleetJson.Default.TelemetryListResult, text =>
        {
            var table = Table(follows: false);
            foreach (var row in rows) table.Add(Cells(row));
            if (rows.Length > 0) table.Write(text);
            else text.WriteLine("no telemetry yet: boards report once a minute, and after every round");
            if (rows is not [{ Figures: { } figures }]) return;
            text.WriteLine();
            figures.Write(text);
        });
    }

    static async Task FollowAsync(TelemetryQuery query, CommandOutput output, CancellationToken stop)
    {
        var table = Table(follows: true);
        if (!output.Json) table.Write(output.Output);
        var known = new HashSet<TelemetryView>();
        try
        {
            while (true)
            {
                var entries = await query.ReadAsync(stop);
                foreach (var entry in entries)
                {
                    if (!known.Add(entry)) continue;
                    var row = TelemetryResult.Of(entry);
                    table.Add(Cells(row));
                    output.Write(row, FleetJson.Default.TelemetryResult, table.Write);
                }

                // What the hub no longer lists cannot come again.
                known.IntersectWith(entries);
                output.Output.Flush();
                await Task.Delay(s_interval, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Ctrl-C is how following ends.
        }
    }

    static string[] Cells(TelemetryResult row) =>
    [
        NumberText.Time(row.Time), row.Name, row.Round == 0 ? NumberText.None : $"{row.Round}", NumberText.Fraction(row.Loss),
        NumberText.Fraction(row.Accuracy), NumberText.Milliseconds(row.StepMs), NumberText.Bytes(row.RssBytes),
        NumberText.Tenths(row.TemperatureCelsius), NumberText.Count(row.Examples), NumberText.Bytes(row.BytesUp),
        NumberText.Bytes(row.BytesDown),
    ];

    /// <summary>What is asked for, oldest first.</summary>
    sealed record TelemetryQuery(OperatorClient Client, string Device, ulong Round, uint Limit)
    {
        public async Task<IReadOnlyList<TelemetryView>> ReadAsync(CancellationToken stop)
            => [.. (await Client.ListTelemetryAsync(Device, Round, Limit, stop)).Reverse()];
    }
}
