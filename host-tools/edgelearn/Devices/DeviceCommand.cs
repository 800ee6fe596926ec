using System.CommandLine;
using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary><c>edgelearn device</c>: who is in the fleet.</summary>
static class DeviceCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create() => new ExampleCommand(
        "device",
        "let boards in, list them, throw them out",
        "token",
        "list",
        "show kitchen-pi",
        "revoke kitchen-pi --reason stolen")
    {
        DeviceTokenCommand.Create(), List(), Show(), Revoke(),
    };

    static ExampleCommand List()
    {
        var group = OptionText.Text("--group", "GROUP", "only the boards of this group");
        var json = CommandOutput.JsonOption();
        var command = new ExampleCommand("list", "list the boards", "", "--group field --json") { group, json };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed, json);
            var devices = await client.ListDevicesAsync(parsed.GetValue(group) ?? "", stop);
            if (output.Json)
            {
                output.WriteJson(new DeviceListResult([.. devices.Select(DeviceResult.Of)]), FleetJson.Default.DeviceListResult);
                return;
            }

            if (devices.Count == 0)
            {
                output.Output.WriteLine("no boards yet: 'edgelearn device token' makes a token that lets one in");
                return;
            }

            var table = new TextTable("id", "name", "group", "state", "seen", "model", "examples", "counted", "refused");
            var now = DateTimeOffset.UtcNow;
            foreach (var device in devices)
            {
                table.Add(
                    device.DeviceId, device.Name, device.Group, device.Revoked ? "revoked" : "active",
                    DurationText.Ago(device.LastSeenUnixMs, now),
                    device.ModelVersion == 0 ? Figures.None : $"v{device.ModelVersion}", $"{device.ExampleCount}",
                    $"{device.AcceptedReports}", $"{device.RefusedReports}");
            }

            table.Write(output.Output);
        });
        return command;
    }

    static ExampleCommand Show()
    {
        var name = new Argument<string>("DEVICE") { Description = "id of the board, or a name that no other board has" };
        var json = CommandOutput.JsonOption();
        var command = new ExampleCommand("show", "show one board", "kitchen-pi", "3f0e61b2a4c59d78 --json") { name, json };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed, json);
            var device = DeviceResult.Of(await client.GetDeviceAsync(parsed.GetRequiredValue(name), stop));
            if (output.Json) output.WriteJson(device, FleetJson.Default.DeviceResult);
            else Print(device, output.Output);
        });
        return command;
    }

    static void Print(DeviceResult device, TextWriter output)
    {
        output.WriteLine($"""
            id            {device.DeviceId}
            name          {device.Name}
            group         {device.Group}
            state         {(device.Revoked
                ? $"revoked{(string.IsNullOrEmpty(device.RevokedReason) ? "" : $": {device.RevokedReason}")}" : "active")}
            enrolled      {device.Enrolled:u}
            last seen     {(device.LastSeen is { } seen ? $"{seen:u}" : "never")}
            certificate   until {device.CertificateExpires:u}
            model         {(device.ModelDigest is { } digest ? $"v{device.ModelVersion} {Figures.Short(digest)}" : "none yet")}
            examples      {device.Examples}
            program       {device.AgentVersion} on {device.Platform}
            reports       {device.AcceptedReports} counted, {device.RefusedReports} refused
            """);
        if (device.LastOutcome is not { } outcome) return;
        string score = outcome.AccuracyAfter is { } after
            ? $", held-out accuracy {Figures.Fraction(outcome.AccuracyBefore)} -> {Figures.Fraction(after)}" : "";
        output.WriteLine($"last offer "
            + $"   {outcome.Kind.Replace('_', ' ')} {Figures.Short(outcome.ModelDigest)}{score}"
                    + $"{(outcome.Reason is { } reason ? $" ({reason})" : "")}");
    }

    static ExampleCommand Revoke()
    {
        var name = new Argument<string?>("DEVICE")
        {
            Description = "id of the board, or a name that no other board has",
            Arity = ArgumentArity.ZeroOrOne
        };
        var token = OptionText.Text("--token", "ID", "revoke a token that was not used yet, by its id, instead of a board");
        var reason = OptionText.Text("--reason", "TEXT", "one line, kept with the board and told to it");
        var json = CommandOutput.JsonOption();
        var command = new ExampleCommand("revoke", "refuse a board from now on, at once and for good", "kitchen-pi --reason stolen",
            "--token 0f5c6a0e4c9d4b0fb6f5b7c6a1d2e3f4")
        {
            name, token, reason, json,
        };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            string? device = parsed.GetValue(name), tokenId = parsed.GetValue(token);
            if (device is null == tokenId is null) throw new EdgeLearnException("name what to revoke: a board, or a token with --token ID");
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed, json);
            var answer = device is null
                ? await client.RevokeTokenAsync(tokenId!, stop)
                : await client.RevokeDeviceAsync(device, parsed.GetValue(reason) ?? "", stop);
            var result = device is null ? new RevokeResult(null, answer.TokenId) : new RevokeResult(answer.DeviceId, null);
            if (output.Json)
            {
                output.WriteJson(result, FleetJson.Default.RevokeResult);
            }
            else
            {
                output.Output.WriteLine(device is null
                    ? $"token {answer.TokenId} is revoked"
                    : $"board {answer.DeviceId} is revoked: the hub refuses it from now on");
            }
        });
        return command;
    }
}
