using System.Diagnostics;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>One line on a terminal that is drawn over again and again; prints nothing where standard error is no terminal.</summary>
sealed class ProgressLine(CommandOutput output) : IDisposable
{
    static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    long _last = Stopwatch.GetTimestamp();
    int _width;

    /// <summary>Whether it is time to draw again.</summary>
    public bool IsDue => output.IsTerminal && Stopwatch.GetElapsedTime(_last) >= s_interval;

    public void Show(DataProgress progress)
    {
        if (!IsDue) return;
        int percent = progress.TotalBytes > 0 ? (int)(100 * progress.Bytes / progress.TotalBytes) : 0;
        Show($"{progress.Activity} {percent} %");
    }

    public void Show(string text)
    {
        if (!output.IsTerminal) return;
        output.Error.Write('\r');
        output.Error.Write(text.PadRight(_width));
        _width = text.Length;
        _last = Stopwatch.GetTimestamp();
    }

    public void Clear()
    {
        if (_width == 0) return;
        output.Error.Write('\r' + new string(' ', _width) + '\r');
        _width = 0;
    }

    public void Dispose() => Clear();
}
