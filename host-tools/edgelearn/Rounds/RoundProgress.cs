using EdgeLearn.Commands;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>
/// Rounds while they run, on standard error: one line that is drawn over on a terminal; elsewhere a line for each finished round, and the
/// open one every ten seconds.
/// </summary>
sealed class RoundProgress : IDisposable
{
    static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    readonly Lock _lock = new();
    readonly CommandOutput _output;
    readonly ProgressLine _line;
    readonly int _count;
    readonly Timer _timer;
    string _text = "waiting for the hub";
    string _waiting = "";

    RoundProgress(CommandOutput output, int count)
    {
        _output = output;
        _line = new ProgressLine(output);
        _count = count;
        // The hub speaks when something has changed.
        _timer = new Timer(_ => Show(), null, TimeSpan.Zero, s_look);
    }

    /// <summary>Runs something that reports how its rounds go.</summary>
    /// <param name="output">where to</param>
    /// <param name="count">rounds</param>
    /// <param name="run">gets the place to report to</param>
    public static async Task<T> ShowAsync<T>(CommandOutput output, int count, Func<RoundProgress, Task<T>> run)
    {
        using var progress = new RoundProgress(output, count);
        return await run(progress);
    }

    /// <summary>A round as it is now.</summary>
    /// <param name="index">of the round, from 0</param>
    /// <param name="view">the hub's answer</param>
    public void Report(int index, RoundView view)
    {
        lock (_lock)
        {
            _waiting = "";
            string accuracy = view.HasAccuracy ? $", accuracy {NumberText.Fraction(view.Accuracy)}" : "";
            _text = $"round {view.Round} ({index + 1} of {_count}): {view.Accepted} of {NumberText.Counted(view.Expected, "board")}"
                + accuracy;
            if (view.IsOver && !_output.IsTerminal) _line.Print(RoundTable.Line(RoundResult.Of(view)));
            else _line.Show(_text);
        }
    }

    /// <summary>The hub is away for a while.</summary>
    public void Wait(string line)
    {
        lock (_lock)
        {
            if (!_output.IsTerminal && line != _waiting) _line.Print($"waiting: {line}");
            _waiting = line;
            _text = $"waiting: {line}";
            _line.Show(_text);
        }
    }

    void Show()
    {
        lock (_lock) _line.Show(_text);
    }

    public void Dispose()
    {
        using (var last = new ManualResetEvent(false))
        {
            if (_timer.Dispose(last)) last.WaitOne();
        }

        _line.Dispose();
    }
}
