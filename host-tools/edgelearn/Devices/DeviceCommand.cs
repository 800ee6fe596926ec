using System.CommandLine;
using EdgeLearn.Commands;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary><c>edgelearn device</c>: who is in the fleet.</summary>
static class DeviceCommand
{
    public static Command Create() => new ExampleCommand(
        "device",
        "let boards in, list them, throw them out",
        "token",
        "list",
        "show kitchen-pi",
        "revoke kitchen-pi --reason stolen")
    {
        Token(), List(), Show(), Revoke(),
    };

    // A word that lets one board in, once.
    static ExampleCommand Token()
    {
        var group = OptionText.Text("--group", "GROUP", "the group that the board will be in (default: default)");
        var life = DurationText.Option("--life", "how long it may be used, such as 10m, 2h or 7d (default 1h)");
        var address = OptionText.Text("--address", "ADDRESS",
            "what the board is to dial, https://host:port (default: the hub's own address)");
        var command = new ExampleCommand("token", "make a token that lets one board in, once", "", "--group field --life 7d",
            "--address https://hub.example:7443 --json")
        {
            group, life, address, CommandOutput.JsonOption(),
        };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            string? dialled = HubLocation.Address("--address", parsed.GetValue(address));
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed);
            var view = await client.CreateTokenAsync(parsed.GetValue(group) ?? "", parsed.GetValue(life), dialled, stop);
            var result = new TokenResult(view.Token, view.TokenId, view.Group, DateTimeOffset.FromUnixTimeMilliseconds(view.ExpiresUnixMs));
            // The word alone goes to standard output, so that TOKEN=$(edgelearn device token) works.
            output.Write(result, FleetJson.Default.TokenResult, text => text.WriteLine(result.Token));
            if (output.Json) return;
            output.Error.WriteLine($"lets one board into the group {result.Group} until {NumberText.Time(result.Expires)}; on the board: "
                + $"edgelearn-device run --token TOKEN --data DATA");
            output.Error.WriteLine($"to take it back: edgelearn device revoke --token {result.TokenId}");
        });
        return command;
    }

    static ExampleCommand List()
    {
        var group = OptionText.Text("--group", "GROUP", "only the boards of this group");
        var command = new ExampleCommand("list", "list the boards", "", "--group field --json") { group, CommandOutput.JsonOption() };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed);
            var devices = await client.ListDevicesAsync(parsed.GetValue(group) ?? "", stop);
            output.Write(new DeviceListResult([.. devices.Select(DeviceResult.Of)]), FleetJson.Default.DeviceListResult,
                text => Print(devices, text));
        });
        return command;
    }

    static void Print(IReadOnlyList<DeviceView> devices, TextWriter output)
    {
        if (devices.Count == 0)
        {
            output.WriteLine("no boards yet: 'edgelearn device token' makes a token that lets one in");
            return;
        }

        var table = new TextTable("id", "name", "group", "state", "seen", "model", "examples", "counted", "refused")
        { Texts = ["name", "group"] };
        var now = DateTimeOffset.UtcNow;
        foreach (var device in devices)
        {
            table.Add(device.DeviceId, device.Name, device.Group, device.Revoked ? "revoked" : "active",
                DurationText.Ago(device.LastSeenUnixMs, now), NumberText.Version(device.ModelVersion),
                NumberText.Count(device.ExampleCount), NumberText.Count(device.AcceptedReports),
                NumberText.Count(device.RefusedReports));
        }

        table.Write(output);
    }

    static ExampleCommand Show()
    {
        var name = new Argument<string>("DEVICE") { Description = "id of the board, or a name that no other board has" };
        var command = new ExampleCommand("show", "show one board", "kitchen-pi", "3f0e61b2a4c59d78 --json")
        {
            name, CommandOutput.JsonOption(),
        };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed);
            var device = DeviceResult.Of(await client.GetDeviceAsync(parsed.GetRequiredValue(name), stop));
            output.Write(device, FleetJson.Default.DeviceResult, text => Print(device, text));
        });
        return command;
    }

    static void Print(DeviceResult device, TextWriter output)
    {
        var facts = new FactList();
        facts.Add("id", device.DeviceId);
        facts.Add("name", device.Name);
        facts.Add("group", device.Group);
        string reason = string.IsNullOrEmpty(device.RevokedReason) ? "" : $": {device.RevokedReason}";
        facts.Add("state", device.Revoked ? $"revoked{reason}" : "active");
        facts.Add("enrolled", NumberText.Time(device.Enrolled));
        facts.Add("last seen", device.LastSeen is { } seen ? NumberText.Time(seen) : "never");
        facts.Add("certificate", $"until {NumberText.Time(device.CertificateExpires)}");
        facts.Add("model", device.ModelDigest is { } digest ? $"v{device.ModelVersion} {NumberText.Short(digest)}" : "none yet");
        facts.Add("examples", NumberText.Count(device.Examples));
        facts.Add("program", $"{device.AgentVersion} on {device.Platform}");
        facts.Add("reports", $"{device.AcceptedReports:N0} counted, {device.RefusedReports:N0} refused");
        if (device.LastOutcome is { } outcome) facts.Add("last offer", Text(outcome));
        facts.Write(output);
    }

    static string Text(OutcomeResult outcome)
    {
        string score = outcome.AccuracyAfter is { } after
            ? $", held-out accuracy {NumberText.Fraction(outcome.AccuracyBefore)} -> {NumberText.Fraction(after)}" : "";
        return $"{outcome.Kind.Replace('_', ' ')} {NumberText.Short(outcome.ModelDigest)}{score}"
            + (outcome.Reason is { } reason ? $" ({reason})" : "");
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
        var command = new ExampleCommand("revoke", "refuse a board from now on, at once and for good", "kitchen-pi --reason stolen",
            "--token 0f5c6a0e4c9d4b0fb6f5b7c6a1d2e3f4")
        {
            name, token, reason, CommandOutput.JsonOption(),
        };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            string? device = parsed.GetValue(name), tokenId = parsed.GetValue(token);
            if (device is null == tokenId is null) throw new EdgeLearnException("name what to revoke: a board, or a token with --token ID");
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed);
            var answer = device is null
                ? await client.RevokeTokenAsync(tokenId!, stop)
                : await client.RevokeDeviceAsync(device, parsed.GetValue(reason) ?? "", stop);
            var result = device is null ? new RevokeResult(null, answer.TokenId) : new RevokeResult(answer.DeviceId, null);
            output.Write(result, FleetJson.Default.RevokeResult, text => text.WriteLine(device is null
                ? $"token {answer.TokenId} is revoked" : $"board {answer.DeviceId} is revoked: the hub refuses it from now on"));
        });
        return command;
    }
}
