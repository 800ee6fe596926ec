using System.CommandLine;
using System.Text.Json;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;
using EdgeLearn.Images;

namespace EdgeLearn.Tests;

/// <summary>What a command line left behind, run in this process as the agent runs it.</summary>
sealed record Invoked(int ExitCode, string Output, string Error)
{
    public static Invoked Run(params string[] arguments) => Run(CancellationToken.None, arguments);

    /// <summary>Run as the host's program runs it, which reads images.</summary>
    public static Invoked OnHost(params string[] arguments) => Run(new StbImageDecoder(), arguments, CancellationToken.None);

    public static Invoked Run(CancellationToken stop, params string[] arguments) => Run(null, arguments, stop);

    static Invoked Run(IImageDecoder? images, string[] arguments, CancellationToken stop)
    {
        RootCommand root =
        [
            TrainCommand.Create(images), EvaluateCommand.Create(images), PredictCommand.Create(images), StreamCommand.Create(),
            FewShotCommand.Create(images), DataCommand.Create(images), PlanCommand.Create(images),
            AboutCommand.Create(), ModelCommand.Create(), SelfTestCommand.Create(), StepBenchCommand.Create(),
        ];
        using StringWriter output = new(), error = new();
        int code = CommandProgram.RunAsync(root, "edgelearn-device", arguments, output, error, stop).GetAwaiter().GetResult();
        return new Invoked(code, output.ToString(), error.ToString());
    }

    /// <summary>The one JSON object on standard output of a run that succeeded.</summary>
    public JsonElement Json()
    {
        if (ExitCode != 0) throw new InvalidOperationException($"exit code {ExitCode}: {Error}");
        if (Output.TrimEnd('\n').Contains('\n')) throw new InvalidOperationException($"more than one line: {Output}");
        return JsonDocument.Parse(Output).RootElement;
    }
}
