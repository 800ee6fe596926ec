using System.Diagnostics;
using EdgeLearn.Protocol;

namespace EdgeLearn.Device;

/// <summary>
/// What the parts of a running agent share: folder, identity, state, link, log, and patience with a hub that is away. Owns the link and the
/// trust.
/// </summary>
sealed class AgentSession : IDisposable
{
    // A first contact with a server that is not the hub, or that refuses the certificate, gets this many tries: it is more likely a mistake
    // than an outage.
    const int SuspectLimit = 3;

    readonly BackOff _backOff;
    DeviceState _state;
    bool _reached;
    int _suspect;
    long _awaySince;
    string? _awayLine;
    ulong _up, _down, _earlierUp, _earlierDown;

    public AgentSession(DeviceAgentOptions options, DeviceFolder folder, DeviceIdentity identity, BoardLearner learner, HubClock clock,
        EventLog log)
    {
        Options = options;
        Folder = folder;
        Identity = identity;
        Learner = learner;
        Clock = clock;
        Log = log;
        Store = new ArtefactStore(folder);
        _state = folder.ReadState();
        _backOff = new BackOff(options.FirstBackOff, options.LongestBackOff);
        Fleet = new FleetTrust(identity.Authority);
        Trust = identity.TrustIn(Fleet);
        Link = OpenLink();
    }

    public DeviceAgentOptions Options { get; }

    public DeviceFolder Folder { get; }

    public DeviceIdentity Identity { get; private set; }

    public BoardLearner Learner { get; }

    public HubClock Clock { get; }

    public EventLog Log { get; }

    public ArtefactStore Store { get; }

    public FleetTrust Fleet { get; }

    public ArtefactTrust Trust { get; }

    public FleetLink Link { get; private set; }

    /// <summary>What survives a restart; setting it writes it.</summary>
    public DeviceState State
    {
        get => _state;
        set
        {
            Folder.Write(value);
            _state = value;
        }
    }

    /// <summary>Makes a call until the hub answers. The log hears of an outage once, and of its end.</summary>
    public async Task<T> RetryAsync<T>(Func<Task<T>> call, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                var answer = await call().ConfigureAwait(false);
                if (_awayLine is not null)
                    Log.Write("hub", $"the hub is back after {Stopwatch.GetElapsedTime(_awaySince).TotalSeconds:F0} s");
                _awayLine = null;
                _reached = true;
                _suspect = 0;
                _backOff.Reset();
                return answer;
            }
            catch (HubAwayException e)
            {
                if (e.Suspect && !_reached && ++_suspect >= SuspectLimit) throw new BoardRefusedException(e.Message, e);
                if (_awayLine is null) _awaySince = Stopwatch.GetTimestamp();
                if (_awayLine != e.Message) Log.Write("hub", $"{e.Message}; waiting for it");
                _awayLine = e.Message;
                await Task.Delay(_backOff.Next(), stop).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Goes on with another certificate.</summary>
    public void Renew(DeviceIdentity identity)
    {
        Identity = identity;
        _earlierUp += Link.BytesUp;
        _earlierDown += Link.BytesDown;
        Link.Dispose();
        Link = OpenLink();
    }

    /// <summary>Telemetry with the readings of the board, and the bytes since the last time.</summary>
    public Telemetry TakeTelemetry()
    {
        ulong up = _earlierUp + Link.BytesUp, down = _earlierDown + Link.BytesDown;
        var telemetry = new Telemetry { BytesUp = up - _up, BytesDown = down - _down };
        if (BoardReadings.PeakResidentBytes() is { } resident) telemetry.RssBytes = resident;
        if (BoardReadings.TemperatureCelsius() is { } celsius) telemetry.TemperatureCelsius = celsius;
        _up = up;
        _down = down;
        return telemetry;
    }

    /// <summary>Notes what became of an offer in a state, for the next check-in.</summary>
    public static DeviceState With(DeviceState state, Digest digest, OfferOutcome.Types.Kind kind, string reason, ModelScore? before = null,
        ModelScore? after = null) =>
        state with
        {
            Outcomes = [.. state.Outcomes,
        new KeptOutcome(digest.ToString(), kind, before?.Accuracy, after?.Accuracy, FleetLink.OneLine(reason))]
        };

    public void Dispose()
    {
        Link.Dispose();
        Fleet.Dispose();
    }

    FleetLink OpenLink()
    {
        using var key = Folder.Key();
        return new FleetLink(Options.Hub ?? Identity.Hub, Fleet, Identity.CertificateWith(key), Clock);
    }
}

/// <summary>Waits between attempts: uniform in [0, min(cap, first * 2^n)], so that a fleet does not come back all at once.</summary>
/// <remarks>Source: Brooker, Exponential backoff and jitter, AWS architecture blog, 2015 ("full jitter").</remarks>
/// <param name="first">upper end of the first wait</param>
/// <param name="cap">upper end of every wait</param>
sealed class BackOff(TimeSpan first, TimeSpan cap)
{
    /// <summary>Failures since the last success.</summary>
    public int Failures { get; private set; }

    /// <summary>The next wait; each call counts one failure.</summary>
    public TimeSpan Next()
    {
        double limit = Math.Min(cap.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(Failures, 40)));
        Failures++;
        return TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * limit);
    }

    public void Reset() => Failures = 0;
}
