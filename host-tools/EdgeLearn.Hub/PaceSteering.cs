using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>
/// When boards are to come back: a window with full jitter, [0, 2 x interval]. The interval grows with the fleet so that the hub sees no
/// more than a set number of check-ins a second, and is short while a round is open or the operator has just done something.
/// </summary>
sealed class PaceSteering(HubOptions options)
{
    static readonly TimeSpan s_attention = TimeSpan.FromSeconds(60);
    static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    long _busyUntilMs;

    /// <summary>Boards that are not revoked.</summary>
    public long FleetSize { get; set; }

    /// <summary>Something happened that boards should hear of soon.</summary>
    public void Attend() => Interlocked.Exchange(ref _busyUntilMs, (options.Clock.GetUtcNow() + s_attention).ToUnixTimeMilliseconds());

    public Window Next(bool roundOpen)
    {
        bool busy = roundOpen || options.Clock.GetUtcNow().ToUnixTimeMilliseconds() < Interlocked.Read(ref _busyUntilMs);
        double ms = Math.Max((busy ? options.BusyInterval : options.IdleInterval).TotalMilliseconds,
            FleetSize * 1000 / options.CheckInsPerSecond);
        return new Window { MinMs = 0, MaxMs = (uint)(2 * Math.Min(ms, s_longest.TotalMilliseconds)) };
    }
}
