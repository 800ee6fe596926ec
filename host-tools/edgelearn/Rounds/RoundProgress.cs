using EdgeLearn.Commands;
using EdgeLearn.Protocol;
using Spectre.Console;

namespace EdgeLearn.Cli;

/// <summary>
/// Rounds while they run, on standard error: a bar on a terminal, filled by the boards that have answered; otherwise one line a finished
/// round.
/// </summary>
sealed class RoundProgress
{
    readonly TextWriter _error;
    readonly int _count;
    readonly ProgressTask? _bar;
    string _waiting = "";

    RoundProgress(TextWriter error, int count, ProgressTask? bar)
    {
        _error = error;
        _count = count;
        _bar = bar;
    }

    /// <summary>Runs something that reports how its rounds go.</summary>
    /// <param name="output">where to</param>
    /// <param name="count">rounds</param>
    /// <param name="run">gets the place to report to</param>
    public static async Task<T> ShowAsync<T>(CommandOutput output, int count, Func<RoundProgress, Task<T>> run)
    {
        if (!output.IsTerminal) return await run(new RoundProgress(output.Error, count, null));
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output.Error) });
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 20 }, new PercentageColumn())
            .StartAsync(context => run(new RoundProgress(output.Error, count, context.AddTask("waiting for the hub", maxValue: count))));
    }

    /// <summary>A round as it is now.</summary>
    /// <param name="index">of the round, from 0</param>
    /// <param name="view">the hub's answer</param>
    public void Report(int index, RoundView view)
    {
        _waiting = "";
        if (_bar is null)
        {
            if (view.IsOver) _error.WriteLine(RoundTable.Line(RoundResult.Of(view)));
            return;
        }

        double answered = view.Accepted + view.Refused.Values.Sum(refused => (double)refused);
        double share = view.Expected == 0 ? 0 : Math.Min(1, answered / view.Expected);
        _bar.Value = index + (view.IsOver ? 1 : 0.99 * share);
        string accuracy = view.HasAccuracy ? $", accuracy {Figures.Fraction(view.Accuracy)}" : "";
        _bar.Description = Markup.Escape($"round {view.Round} ({index + 1}/{_count}): {view.Accepted}/{view.Expected} boards{accuracy}");
    }

    /// <summary>The hub is away for a while.</summary>
    public void Wait(string line)
    {
        if (_bar is not null) _bar.Description = Markup.Escape($"waiting: {line}");
        else if (line != _waiting) _error.WriteLine($"waiting: {line}");
        _waiting = line;
    }
}
