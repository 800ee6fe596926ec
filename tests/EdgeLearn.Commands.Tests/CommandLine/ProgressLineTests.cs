using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class ProgressLineTests : IDisposable
{
    readonly StringWriter _error = new();
    readonly HandClock _clock = new();
    int _columns = 80;

    public void Dispose() => _error.Dispose();

    CommandOutput Output(bool isTerminal)
        => new(TextWriter.Null, _error, Json: false, isTerminal) { Clock = _clock, Columns = () => _columns };

    [Fact]
    public void A_terminal_is_drawn_over_within_its_width()
    {
        using (var line = new ProgressLine(Output(isTerminal: true)))
        {
            line.Show(new string('x', 100));
            _columns = 20;
            line.Show(new string('y', 100));
            line.Show("short");
        }
        string[] drawn = _error.ToString().Split('\r');
        Assert.Equal(["", new string('x', 78) + "…", new string('y', 18) + "…", "short" + new string(' ', 14), "     ", ""], drawn);
        Assert.DoesNotContain('\n', _error.ToString());
    }

    [Fact]
    public void A_file_gets_a_line_every_ten_seconds()
    {
        using (var line = new ProgressLine(Output(isTerminal: false)))
        {
            for (int second = 1; second <= 25; second++)
            {
                _clock.Seconds++;
                line.Show($"after {second} s");
            }
        }
        Assert.Equal("after 10 s\nafter 20 s\n", _error.ToString());
    }

    [Fact]
    public void A_file_gets_no_line_of_what_is_soon_over()
    {
        using (var line = new ProgressLine(Output(isTerminal: false)))
        {
            _clock.Seconds = 9;
            line.Show("soon over");
        }
        Assert.Equal("", _error.ToString());
    }

    sealed class HandClock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
