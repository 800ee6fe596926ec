using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;

namespace EdgeLearn.Commands;

/// <summary>
/// Runs the command line of a program. A mistake of the user is one line on standard error that begins with <c>error:</c>, and exit code 1;
/// so is a mistake of the program, which shows its stack trace only when EDGELEARN_TRACE=1; help is printed only on
/// request (<c>help train</c> is <c>train --help</c>). Ctrl-C and SIGTERM ask the command to stop; it then leaves with 130 or 143.
/// A second one ends the process at once.
/// </summary>
public static class CommandProgram
{
    /// <summary>Runs a program that owns the process.</summary>
    /// <param name="root">its commands</param>
    /// <param name="name">what a person types to start it, for help and errors</param>
    /// <param name="arguments">of the process</param>
    /// <returns>the exit code</returns>
    public static async Task<int> RunAsync(RootCommand root, string name, IReadOnlyList<string> arguments)
    {
        using var stop = new CancellationTokenSource();
        int stoppedBy = 0;
        void Stop(PosixSignalContext context)
        {
            if (stop.IsCancellationRequested) return;
            stoppedBy = context.Signal == PosixSignal.SIGINT ? 130 : 143;
            context.Cancel = true;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        int code = await RunAsync(root, name, arguments, Console.Out, Console.Error, stop.Token).ConfigureAwait(false);
        return code == Interrupted ? stoppedBy : code;
    }

    /// <summary>Exit code of a command that was stopped.</summary>
    internal const int Interrupted = 130;

    /// <summary>Set to 1, it adds the stack trace to an unexpected error.</summary>
    internal const string TraceVariable = "EDGELEARN_TRACE";

    /// <summary>Runs a command line inside another program, such as a test.</summary>
    internal static async Task<int> RunAsync(RootCommand root, string name, IReadOnlyList<string> arguments, TextWriter output,
        TextWriter error, CancellationToken stop)
    {
        root.HelpName = name;
        ExampleHelp.Install(root, name);
        if (arguments is ["help", ..]) arguments = [.. arguments.Skip(1), "--help"];
        var parsed = root.Parse(arguments);
        if (parsed.Action is ParseErrorAction || parsed.Action is null) return UsageError(parsed, name, error);
        var invocation = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null
        };
        try
        {
            return await parsed.InvokeAsync(invocation, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (stop.IsCancellationRequested)
        {
            if (e is CommandStoppedException) error.WriteLine(e.Message);
            return Interrupted;
        }
        catch (Exception e) when (e is EdgeLearnException or IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            string message = e is OutOfMemoryException ? "out of memory: try a smaller --batch or network (see 'plan')" : e.Message;
            error.WriteLine($"error: {message.ReplaceLineEndings(" ")}");
            return 1;
        }
        catch (Exception e)
        {
            // A mistake of the program, not of its user; the last resort.
            error.WriteLine($"error: unexpected {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}; please report it");
            if (Environment.GetEnvironmentVariable(TraceVariable) == "1") error.WriteLine(e.StackTrace);
            return 1;
        }
    }

    static int UsageError(ParseResult parsed, string name, TextWriter error)
    {
        var command = parsed.CommandResult.Command;
        string path = string.Join(' ', PathTo(command, name));
        string what = parsed.Errors.Count == 0
            || (command.Subcommands.Count > 0 && parsed.CommandResult.Tokens.Count == 0 && parsed.UnmatchedTokens.Count == 0)
            ? $"no command given: expected {string.Join(", ", command.Subcommands.Select(c => c.Name))}"
            : Message(parsed, command);
        error.WriteLine($"error: {what.TrimEnd('.').ReplaceLineEndings(" ")}; see '{path} --help'");
        return 1;
    }

    static string Message(ParseResult parsed, Command command)
    {
        if (parsed.UnmatchedTokens is not [var stray, ..]) return parsed.Errors[0].Message;
        bool isCommand = command.Subcommands.Count > 0 && !stray.StartsWith('-');
        var known = isCommand ? command.Subcommands.Select(c => c.Name) : command.Options.Select(o => o.Name);
        string? meant = known.FirstOrDefault(candidate => IsClose(stray, candidate));
        string what = isCommand ? "command" : stray.StartsWith('-') ? "option" : "argument";
        return $"unknown {what} '{stray}'"
            + (meant is null ? isCommand ? $": expected {string.Join(", ", known)}" : "" : $": did you mean {meant}?");
    }

    // At most two letters apart, by the number of single-letter edits (Levenshtein).
    static bool IsClose(string a, string b)
    {
        int[] row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1] <= 2;
    }

    /// <summary>The words that lead to a command.</summary>
    internal static List<string> PathTo(Command command, string name)
    {
        var names = new List<string>();
        for (Symbol? at = command; at is not null; at = at.Parents.FirstOrDefault()) names.Insert(0, at is RootCommand ? name : at.Name);
        return names;
    }
}

/// <summary>A command was stopped by Ctrl-C or SIGTERM; the message is one line that says what was kept.</summary>
/// <param name="message">one line</param>
/// <param name="stop">who asked</param>
public sealed class CommandStoppedException(string message, CancellationToken stop) : OperationCanceledException(message, stop);
