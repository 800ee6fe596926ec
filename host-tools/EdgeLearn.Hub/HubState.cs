using System.Collections.Concurrent;
using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>Everything that the calls of a hub share.</summary>
sealed class HubState : IDisposable
{
    readonly ConcurrentDictionary<ulong, byte> _revoked = [];
    readonly CancellationTokenSource _stopping = new();

    public HubState(HubOptions options)
    {
        Options = options;
        Folder = new HubFolder(options.Folder);
        try
        {
            DateTimeOffset now = options.Clock.GetUtcNow();
            Authority = FleetAuthority.Open(Folder, now);
            byte[] release = OperatorIdentity.Prepare(Folder, Authority, now);
            ReleasePublicKey = release;
            Signer = new RoundSigner(Folder.Key("round"), Authority.Trust.Fleet, release);
            Store = new FleetStore(Folder.Database);
            Artefacts = new ContentStore(Folder.Artefacts);
            Updates = new ContentStore(Folder.Updates);
            Pace = new PaceSteering(options);
            Liveness = new Liveness(this);
            Rounds = new RoundEngine(this);
            Export = TelemetryExport.FromVariables(options);
            foreach (ulong id in Store.Read(DeviceTable.Revoked))
                _revoked[id] = 0;
            CountFleet();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public HubOptions Options { get; }

    public HubFolder Folder { get; }

    public FleetAuthority Authority { get; } = null!;

    public RoundSigner Signer { get; } = null!;

    public ReadOnlyMemory<byte> ReleasePublicKey { get; }

    public FleetStore Store { get; } = null!;

    public ContentStore Artefacts { get; } = null!;

    public ContentStore Updates { get; } = null!;

    public PaceSteering Pace { get; } = null!;

    public Liveness Liveness { get; } = null!;

    public RoundEngine Rounds { get; } = null!;

    public TelemetryExport? Export { get; }

    /// <summary>Held by whoever gives a group a new version.</summary>
    public SemaphoreSlim Versions { get; } = new(1, 1);

    /// <summary>What boards dial, https://host:port; known once the hub listens.</summary>
    public string PublicAddress { get; set; } = "";

    public DateTimeOffset Now => Options.Clock.GetUtcNow();

    /// <summary>Cancelled when the hub begins to stop: ends the streams that would else go on.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public void Stop() => _stopping.Cancel();

    public bool IsRevoked(ulong device) => _revoked.ContainsKey(device);

    public void NoteRevoked(ulong device)
    {
        _revoked[device] = 0;
        CountFleet();
    }

    public void CountFleet() => Pace.FleetSize = Store.Read(db => Sql.Number(db, "SELECT count(*) FROM device WHERE revoked IS NULL"));

    public void Log(string line) => Options.Log?.Invoke(line);

    public void Dispose()
    {
        Rounds?.Dispose();
        Export?.Dispose();
        Liveness?.Dispose();
        Store?.Dispose();
        Signer?.Dispose();
        Authority?.Dispose();
        Folder.Dispose();
        Versions.Dispose();
        _stopping.Dispose();
    }
}
