using System.CommandLine;

namespace EdgeLearn.Commands;

/// <summary><c>selftest</c>: checks this very binary on this very machine, without any file from outside.</summary>
public static class SelfTestCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var verbose = OptionText.Flag("--verbose", "print every check, not only what failed");
        var command = new ExampleCommand("selftest",
            "Check this program on this machine: golden values, replay, resume, allocation; takes seconds.", "", "--verbose")
        {
            verbose, CommandOutput.JsonOption(),
        };
        command.SetAction((parsed, stop)
            => Task.FromResult(Run(SelfTestChecks.All(), CommandOutput.Of(parsed), parsed.GetValue(verbose), stop)));
        return command;
    }

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

        output.Write(new SelfTestResult(passed, failures.Count, InstructionSet.Name, InstructionSet.VectorBits, failures),
            ResultJson.Default.SelfTestResult, text => text.WriteLine($"{passed} passed, {failures.Count} failed"));
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

/// <summary>All checks of the selftest, in order: from the noise up to whole runs.</summary>
static class SelfTestChecks
{
    /// <summary>Name and check; a check throws when it does not hold.</summary>
    public static IEnumerable<(string Name, Action Check)> All()
    {
        yield return ("noise words have their golden values", GoldenChecks.NoiseWords);
        yield return ("normal noise has its golden bits", GoldenChecks.NormalNoise);
        yield return ("orders of epochs are the golden ones", GoldenChecks.EpochOrders);
        foreach (var (name, run) in GoldenChecks.TrainingRuns()) yield return ($"{name} trains as PyTorch does", run);
        yield return ("dense layers agree with plain arithmetic at every width", ForwardChecks.Dense);
        yield return ("random inputs agree with plain arithmetic at every fan", ForwardChecks.RandomInputs);
        foreach (var kind in Enum.GetValues<NoiseKind>())
        {
            yield return ($"a probe of {kind} noise reads perturbed weights and leaves them alone", () => ForwardChecks.Probe(kind));
            yield return ($"the step log of {kind} noise rebuilds the weights", () => ResumeChecks.Replay(kind));
        }

        yield return ("a model file brings back every bit", ResumeChecks.ModelRoundTrip);
        foreach (var (name, settings) in SmallTask.RulesAndUpdates())
            yield return ($"{name} allocates nothing and keeps the state it says", () => TrainingChecks.Allocation(name, settings));
        foreach (var rule in LearningRules.All) yield return ($"{rule.Word} learns real targets", () => TrainingChecks.Regression(rule));
        foreach (var (name, settings) in SmallTask.RulesAndUpdates())
            yield return ($"{name} resumes bit for bit", () => ResumeChecks.Resume(settings));
    }
}
