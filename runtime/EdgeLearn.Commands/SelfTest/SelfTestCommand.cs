using System.CommandLine;

namespace EdgeLearn.Commands;

/// <summary><c>selftest</c>: checks this very binary on this very machine, without any file from outside.</summary>
public sealed class SelfTestCommand
{
    readonly Option<bool> _verbose = OptionText.Flag("--verbose", "print every check, not only what failed");
    readonly Option<bool> _json = CommandOutput.JsonOption();

    SelfTestCommand()
    {
    }

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new ExampleCommand("selftest",
            "Check this program on this machine: golden values, replay, resume, allocation; takes seconds.", "", "--verbose");
        var options = new SelfTestCommand();
        command.Options.Add(options._verbose);
        command.Options.Add(options._json);
        command.SetAction((parsed, stop) => Task.FromResult(options.Run(parsed, stop)));
        return command;
    }

    int Run(ParseResult parsed, CancellationToken stop)
        => Run(SelfTestChecks.All(), CommandOutput.Of(parsed, _json), parsed.GetValue(_verbose), stop);

    /// <summary>Runs checks; the exit code is 0 when all hold.</summary>
    internal static int Run(IEnumerable<(string Name, Action Check)> checks, CommandOutput output, bool verbose, CancellationToken stop)
    {
        var lines = output.Json ? output.Error : output.Output;
        var failures = new List<string>();
        int passed = 0;
        foreach (var (name, check) in checks)
        {
            stop.ThrowIfCancellationRequested();
            if (Failure(check) is { } failure)
            {
                failures.Add($"{name}: {failure}");
                lines.WriteLine($"FAILED {name}: {failure}");
            }
            else
            {
                passed++;
                if (verbose) lines.WriteLine($"ok     {name}");
            }
        }

        if (output.Json)
        {
            output.WriteJson(new SelfTestResult(passed, failures.Count, InstructionSet.Name, InstructionSet.VectorBits, failures),
                ResultJson.Default.SelfTestResult);
        }
        else
        {
            output.Output.WriteLine($"{passed} passed, {failures.Count} failed");
        }
        return failures.Count == 0 ? 0 : 1;
    }

    // A check must not end the others, whatever it throws.
    static string? Failure(Action check)
    {
        try
        {
            check();
            return null;
        }
#pragma warning disable CA1031
        catch (Exception e)
#pragma warning restore CA1031
        {
            return (e is SelfTestException or EdgeLearnException ? e.Message : $"{e.GetType().Name}: {e.Message}").ReplaceLineEndings(" ");
        }
    }
}

/// <summary>What <c>selftest --json</c> prints.</summary>
/// <param name="Passed">checks</param>
/// <param name="Failed">checks</param>
/// <param name="InstructionSet">what the program was compiled for or may use</param>
/// <param name="VectorBits">width of the registers that the kernels use</param>
/// <param name="Failures">one line each</param>
public sealed record SelfTestResult(int Passed, int Failed, string InstructionSet, int VectorBits, IReadOnlyList<string> Failures);

/// <summary>A check did not hold; the message says what.</summary>
sealed class SelfTestException(string message) : Exception(message);
