using System.CommandLine;
using EdgeLearn.Commands;
using EdgeLearn.Hub;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>What <c>push --json</c> prints.</summary>
/// <param name="Version">that the model got in its group</param>
/// <param name="Digest">SHA-256 of the file</param>
/// <param name="Group">that it was pushed to</param>
/// <param name="SizeBytes">of the file</param>
/// <param name="Devices">boards that it will be offered to</param>
sealed record PushResult(ulong Version, string Digest, string Group, long SizeBytes, ulong Devices);

/// <summary><c>edgelearn push</c>: a signed model to a group of boards.</summary>
static class PushCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "a model file, as 'train --save' writes it" };
        var to = OptionText.Text("--to", "GROUP", "the boards that get it (default: default)");
        var key = OptionText.Text("--release-key", "FILE",
            "sign with this key (default: release.key in the operator's folder, made at the hub's first start)");
        var rounds = OptionText.Whole("--successors",
            $"how many rounds may follow before the next push (default {OperatorClient.UsualGenerationLimit}, 0 = none)", 0u,
            uint.MaxValue, "a number of rounds, 0 or more");
        var version = OptionText.Whole("--as-version", "version of the model, above the group's newest (default: the next one)", 1ul,
            ulong.MaxValue, "a whole number of 1 or more");
        var command = new ExampleCommand("push", "sign a model and offer it to a group of boards", "model.safetensors",
            "model.safetensors --to field --json") { model, to, key, rounds, version, CommandOutput.JsonOption() };
        var hub = new HubLocation(command);
        command.SetAction(async (parsed, stop) =>
        {
            string path = parsed.GetRequiredValue(model);
            long size = Check(path);
            using var client = hub.Open(parsed);
            using var releaseKey = parsed.GetValue(key) is { } file ? FleetKey.Load(file) : null;
            var output = CommandOutput.Of(parsed);
            var answer = await client.PushAsync(
                path, parsed.GetValue(to) ?? "", parsed.GetValue(rounds) ?? OperatorClient.UsualGenerationLimit, parsed.GetValue(version),
                releaseKey, stop);
            var result = new PushResult(answer.Version, Convert.ToHexStringLower(answer.Digest.Span), answer.Group, size,
                answer.DeviceCount);
            output.Write(result, FleetJson.Default.PushResult, text => Print(result, text));
        });
        return command;
    }

    static void Print(PushResult result, TextWriter output)
    {
        output.WriteLine($"version {result.Version} for {result.Group}: {ByteCount.Format(result.SizeBytes)}, SHA-256 {result.Digest}");
        output.WriteLine(result.Devices == 0
            ? $"no board is in {result.Group} yet: 'edgelearn device token --group {result.Group}' lets one in"
            : $"{NumberText.Counted(result.Devices, "board")} will try it on their own held-out examples, and take it "
                + $"unless it scores clearly worse");
    }

    // The hub would refuse what is no model too, but here nothing has to travel first.
    static long Check(string path)
    {
        if (!File.Exists(path)) throw new EdgeLearnException($"there is no model file {path}: make one with 'edgelearn train --save FILE'");
        using var model = ModelFile.Load(path);
        return new FileInfo(path).Length;
    }
}
