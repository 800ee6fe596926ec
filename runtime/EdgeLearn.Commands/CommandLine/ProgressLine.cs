using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>
/// How something goes: on a terminal one line that is drawn over again and again, cut to the window; elsewhere a line every ten seconds, so
/// that the log of a long run shows life and that of a short one nothing.
/// </summary>
sealed class ProgressLine(CommandOutput output) : IDisposable
{
    static readonly TimeSpan s_redraw = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan s_nextLine = TimeSpan.FromSeconds(10);

    long _last = output.Clock.GetTimestamp();
    int _width;

    /// <summary>Whether it is time to show something again.</summary>
    public bool IsDue => output.Clock.GetElapsedTime(_last) >= (output.IsTerminal ? s_redraw : s_nextLine);

    // Some windows begin a new line as soon as the last column is written.
    int Columns => Math.Max(0, output.Columns() - 1);

    public void Show(DataProgress progress)
    {
        if (!IsDue) return;
        int percent = progress.TotalBytes > 0 ? (int)(100 * progress.Bytes / progress.TotalBytes) : 0;
        Show($"{progress.Activity} {percent} %");
    }

    /// <summary>Shows a line in place of the last one; where there is no terminal, only when it is time.</summary>
    public void Show(string text)
    {
        if (!output.IsTerminal)
        {
            if (IsDue) Print(text);
            return;
        }

        text = Terminal.Cut(text, Columns);
        output.Error.Write('\r');
        output.Error.Write(text.PadRight(Math.Min(_width, Columns)));
        _width = text.Length;
        _last = output.Clock.GetTimestamp();
    }

    /// <summary>Prints a line that stays.</summary>
    public void Print(string text)
    {
        Clear();
        output.Error.WriteLine(text);
        _last = output.Clock.GetTimestamp();
    }

    public void Clear()
    {
        if (_width == 0) return;
        output.Error.Write('\r' + new string(' ', Math.Min(_width, Columns)) + '\r');
        _width = 0;
    }

    public void Dispose() => Clear();
}
