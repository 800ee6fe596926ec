using System.Diagnostics;

namespace EdgeLearn.Device;

/// <summary>
/// The time as the hub has signed it, carried on by the board's monotonic counter: many boards have no clock of their own.
/// </summary>
public sealed class HubClock
{
    DateTimeOffset _hub;
    long _at;
    bool _known;

    /// <summary>The hub's time now; null before the first signed answer.</summary>
    public DateTimeOffset? Now => _known ? _hub + Stopwatch.GetElapsedTime(_at) : null;

    /// <summary>Takes the time of a verified statement.</summary>
    public void Learn(DateTimeOffset hub)
    {
        _hub = hub;
        _at = Stopwatch.GetTimestamp();
        _known = true;
    }
}
