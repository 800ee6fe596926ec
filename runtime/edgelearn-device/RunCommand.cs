using System.CommandLine;
using System.Text.Json.Serialization;
using EdgeLearn.Commands;
using EdgeLearn.Device;

namespace EdgeLearn.Agent;

/// <summary>What <c>run --json</c> prints when the agent has stopped.</summary>
/// <param name="Device">16 hexadecimal digits</param>
/// <param name="RoundsAccepted">updates that the hub has counted</param>
/// <param name="RoundsRefused">updates that it has not</param>
/// <param name="ModelVersion">of the model in use; 0 = none</param>
/// <param name="Examples">training examples of the board</param>
/// <param name="PeakRssBytes">peak memory of the process</param>
sealed record RunResult(string Device, int RoundsAccepted, int RoundsRefused, ulong ModelVersion, int Examples, long PeakRssBytes);

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(RunResult))]
sealed partial class RunJson : JsonSerializerContext;

/// <summary><c>run</c>: the board as a member of a fleet.</summary>
sealed class RunCommand
{
    readonly DataArguments _data = new();
    readonly Option<string?> _token =
        OptionText.Text("--token", "TOKEN", "enrolment token from 'edgelearn device token' on the host; needed the first time only");
    readonly Option<string?> _folder =
        OptionText.Text("--folder", "DIR", "the board's key, certificate, models and state (default ./edgelearn-device)");
    readonly Option<string?> _hub = OptionText.Text("--hub", "URL", "dial this address in place of the token's");
    readonly Option<string?> _name = OptionText.Text("--name", "NAME", "what people call the board (default: the machine's name)");
    readonly Option<(int Part, int Count)?> _part =
        OptionText.Part("--part", "take part I of N of the data (default: all of it)", "part/parts, such as 1/4");
    readonly Option<double?> _alpha =
        OptionText.Number("--alpha", "with --part: Dirichlet shares by label; small = few classes a board (default: equal shares)");
    readonly Option<ulong?> _seed = OptionText.Seed("--seed", "seed of the parts and of what is held out (default 0)");
    readonly Option<double?> _heldOut =
        OptionText.Number("--held-out", "part of the examples that is never trained on but scores models (default 0.1)");
    readonly Option<int?> _rounds = OptionText.Whole("--rounds", "stop after so many rounds (default 0: go on)");
    readonly Option<long?> _memoryLimit = OptionText.MemoryLimit("weights and workspace of a round");
    readonly Option<bool> _once = OptionText.Flag("--once", "stop when the hub has nothing to do for this board");
    readonly Option<double?> _poll =
        OptionText.Number("--poll", "check in every so many seconds in place of when the hub says; for trials");

    RunCommand(ExampleCommand command)
    {
        foreach (var option in (Option[])[_token, _folder, _hub, _name]) command.Options.Add(option);
        _data.AddTo(command, required: true);
        foreach (var option in (Option[])[_part, _alpha, _seed, _heldOut, _memoryLimit, _rounds, _once, _poll, CommandOutput.JsonOption()])
            command.Options.Add(option);
    }

    public static Command Create()
    {
        var command = new ExampleCommand(
            "run", "Join a fleet: check in at the hub, use the models it pushes, learn in its rounds. Ends cleanly on Ctrl-C or SIGTERM.",
            "--token TOKEN --data ./samples", "--data ./samples", "--data mnist --part 1/4 --alpha 1 --folder board-1 --token TOKEN --once",
            "--data people.csv --group-column person --part 1/4");
        command.SetAction(new RunCommand(command).RunAsync);
        return command;
    }

    async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var output = CommandOutput.Of(parsed);
        // Held out once, by --held-out: a test part is split off only where the command line says so.
        bool splits = _data.SaysTestPart(parsed);
        using var data = new BoardFile(_data.Data(parsed)!, model => _data.Options(parsed, model?.Network.Loss ?? Loss.MeanSquareError,
            model is null ? null : ModelMeaning.Of(model)) with
        { TakesWhole = !splits }, output.Error.WriteLine);
        var (part, count) = parsed.GetValue(_part) ?? (1, 1);
        double? poll = parsed.GetValue(_poll);
        if (poll is { } seconds && !(seconds > 0 && seconds <= 86400))
            throw new EdgeLearnException($"--poll {seconds}: expected seconds above 0, at most 86400");
        int rounds = parsed.GetValue(_rounds) ?? 0;
        if (rounds < 0) throw new EdgeLearnException($"--rounds {rounds}: expected 0 or more");
        var run = await DeviceAgent.RunAsync(
            new DeviceAgentOptions
            {
                Folder = parsed.GetValue(_folder) ?? "edgelearn-device",
                Token = parsed.GetValue(_token),
                Hub = parsed.GetValue(_hub),
                Name = parsed.GetValue(_name) ?? Environment.MachineName,
                Data = data,
                Share = new DataShare
                {
                    Part = part,
                    PartCount = count,
                    Alpha = parsed.GetValue(_alpha),
                    Seed = parsed.GetValue(_seed) ?? 0,
                    HeldOutFraction = parsed.GetValue(_heldOut) ?? new DataShare().HeldOutFraction
                },
                ExitWhenDone = parsed.GetValue(_once),
                RoundLimit = rounds,
                MemoryLimitBytes = parsed.GetValue(_memoryLimit),
                PollInterval = poll is { } interval ? TimeSpan.FromSeconds(interval) : null,
                Log = output.Error,
                LogAsJson = output.Json,
            },
            stop).ConfigureAwait(false);
        var result = new RunResult(run.DeviceId, run.RoundsAccepted, run.RoundsRefused, run.ModelVersion, run.Examples,
            Machine.PeakRssBytes);
        output.Write(result, RunJson.Default.RunResult, text => text.WriteLine($"{result.Device}: {result.RoundsAccepted} rounds counted, "
            + $"{result.RoundsRefused} not, model version {result.ModelVersion}, {result.Examples:N0} examples, peak memory "
            + ByteCount.Format(result.PeakRssBytes)));
        return 0;
    }
}
