namespace EdgeLearn.Tests;

/// <summary>The system's clock, which a test puts forward: no deadline passes because the machine was slow.</summary>
sealed class ShiftedClock : TimeProvider
{
    readonly Lock _lock = new();
    readonly List<(ITimer Timer, DateTimeOffset Due, TimeSpan Period)> _timers = [];
    TimeSpan _shift;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _shift;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        lock (_lock) _timers.Add((timer, GetUtcNow() + dueTime, period));
        return timer;
    }

    /// <summary>Puts the clock forward; timers that are due by then fire.</summary>
    public void Advance(TimeSpan time)
    {
        lock (_lock)
        {
            _shift += time;
            foreach (var (timer, due, period) in _timers)
                if (due <= GetUtcNow()) timer.Change(TimeSpan.Zero, period); // nothing happens to one that is disposed of
        }
    }
}
