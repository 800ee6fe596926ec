using System.Text;

namespace EdgeLearn.Tests;

/// <summary>What an agent logs, for a test that waits for a line while the agent runs.</summary>
sealed class AgentLog : TextWriter
{
    readonly Lock _lock = new();
    readonly StringBuilder _text = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        lock (_lock) _text.Append(value);
    }

    public override void WriteLine(string? value)
    {
        lock (_lock) _text.Append(value).Append('\n');
    }

    /// <summary>Returns when the log holds a text.</summary>
    public async Task WaitForAsync(string text, CancellationToken stop)
    {
        while (!ToString().Contains(text, StringComparison.Ordinal)) await Task.Delay(10, stop);
    }

    public override string ToString()
    {
        lock (_lock) return _text.ToString();
    }
}
