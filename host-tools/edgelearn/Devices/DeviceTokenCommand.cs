using System.CommandLine;
using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary><c>edgelearn device token</c>: a word that lets one board in, once.</summary>
static class DeviceTokenCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var group = OptionText.Text("--group", "GROUP", "the group that the board will be in (default: default)");
        var life = DurationText.Option("--life", "how long it may be used, such as 10m, 2h or 7d (default 1h)");
        var address =
            OptionText.Text("--address", "ADDRESS", "what the board is to dial, https://host:port (default: the hub's own address)");
        var json = CommandOutput.JsonOption();
        var command = new ExampleCommand("token", "make a token that lets one board in, once", "", "--group field --life 7d",
            "--address https://hub.example:7443 --json")
        {
            group, life, address, json,
        };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            string? dialled = HubLocation.Address("--address", parsed.GetValue(address));
            using var client = hub.Open(parsed);
            var output = CommandOutput.Of(parsed, json);
            var view = await client.CreateTokenAsync(parsed.GetValue(group) ?? "", parsed.GetValue(life), dialled, stop);
            var result = new TokenResult(view.Token, view.TokenId, view.Group, DateTimeOffset.FromUnixTimeMilliseconds(view.ExpiresUnixMs));
            if (output.Json)
            {
                output.WriteJson(result, FleetJson.Default.TokenResult);
                return;
            }

            // The word alone goes to standard output, so that TOKEN=$(edgelearn device token) works.
            output.Output.WriteLine(result.Token);
            output.Error.WriteLine($"lets one board into the group {result.Group} until {result.Expires:u}; on the board: "
                + $"edgelearn-device run --token TOKEN --data DATA");
            output.Error.WriteLine($"to take it back: edgelearn device revoke --token {result.TokenId}");
        });
        return command;
    }
}
