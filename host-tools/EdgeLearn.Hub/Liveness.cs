using System.Collections.Concurrent;
using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>
/// When boards were last seen and what they hold: kept in memory and written in batches, since a flush for each check-in would wear out the
/// disk.
/// </summary>
sealed class Liveness : IDisposable
{
    static readonly TimeSpan s_interval = TimeSpan.FromSeconds(5);

    readonly FleetStore _store;
    readonly Action<string> _log;
    readonly ITimer _timer;
    readonly ConcurrentDictionary<ulong, (long Ms, CheckInRequest Request)> _seen = [];

    public Liveness(FleetStore store, TimeProvider clock, Action<string> log)
    {
        _store = store;
        _log = log;
        _timer = clock.CreateTimer(_ => _ = FlushAsync(), null, s_interval, s_interval);
    }

    public void Note(ulong device, long nowMs, CheckInRequest request) => _seen[device] = (nowMs, request);

    /// <summary>Writes what was noted since the last time.</summary>
    public async Task FlushAsync()
    {
        List<(ulong Device, long Ms, CheckInRequest Request)> batch = [];
        foreach (ulong device in _seen.Keys)
        {
            if (_seen.TryRemove(device, out var seen))
                batch.Add((device, seen.Ms, seen.Request));
        }
        if (batch.Count == 0)
            return;
        try
        {
            await _store.WriteAsync(db =>
            {
                foreach ((ulong device, long ms, var request) in batch)
                    DeviceTable.Seen(db, device, ms, request);
            });
        }
        catch (IOException e)
        {
            _log($"when boards were last seen could not be written: {e.Message}");
        }
    }

    public void Dispose() => _timer.Dispose();
}
