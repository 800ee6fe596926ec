using System.CommandLine;
using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>
/// <c>bench</c> of both programs: our own workloads on this machine, beside nobody. The launcher's <c>./edgelearn bench</c> holds them
/// against other libraries.
/// </summary>
public sealed class StepBenchCommand
{
    readonly Option<string?> _only = OptionText.Text("--only", "ID,...", "workloads: W1, W3, ... (default: all)");
    readonly Option<bool> _quick = OptionText.Flag("--quick", "a tenth of a second for each workload instead of one");
    readonly Option<bool> _json = CommandOutput.JsonOption();

    StepBenchCommand()
    {
    }

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new ExampleCommand(
            "bench",
            "Time the steps of known workloads on this machine, with memory, temperature and clock. ./edgelearn bench holds them against "
            + "PyTorch, OpenBLAS and others.",
            "",
            "--quick --only W1,W3 --json");
        var options = new StepBenchCommand();
        command.Options.Add(options._only);
        command.Options.Add(options._quick);
        command.Options.Add(options._json);
        command.SetAction((parsed, stop) => Task.FromResult(options.Run(parsed, stop)));
        return command;
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var output = CommandOutput.Of(parsed, _json);
        Workload[] workloads = parsed.GetValue(_only) is { } only
            ? [.. only.Split(',', StringSplitOptions.TrimEntries).Select(Workloads.Named)] : [.. Workloads.All];
        double milliseconds = parsed.GetValue(_quick) ? 100 : 1000;
        var before = BoardState.Read();
        var rows = new List<StepBenchRow>();
        using (var line = new ProgressLine(output))
        {
            for (int i = 0; i < workloads.Length; i++)
            {
                line.Show(string.Create(CultureInfo.InvariantCulture,
                    $"{i + 1} of {workloads.Length}: {workloads[i].Id}; about {1.2e-3 * milliseconds * (workloads.Length - i):F0} s left"));
                rows.Add(StepBench.Measure(workloads[i], milliseconds, stop));
            }
        }

        var result = new StepBenchResult
        {
            Machine = Machine.Model,
            InstructionSet = InstructionSet.Name,
            Compiled = Machine.Compiled,
            Before = before,
            After = BoardState.Read(),
            PeakRssBytes = Machine.PeakRssBytes,
            Rows = rows,
        };
        if (output.Json) output.WriteJson(result, ResultJson.Default.StepBenchResult);
        else result.Write(output.Output);
        return 0;
    }
}
