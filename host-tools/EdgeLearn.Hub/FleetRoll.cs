using System.Collections.Concurrent;
using EdgeLearn.Protocol;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>Which boards the fleet has: who they are, who is revoked, how many there are.</summary>
sealed class FleetRoll
{
    readonly FleetStore _store;
    readonly PaceSteering _pace;
    readonly ConcurrentDictionary<ulong, byte> _revoked = [];

    public FleetRoll(FleetStore store, PaceSteering pace)
    {
        _store = store;
        _pace = pace;
        foreach (ulong id in store.Read(DeviceTable.Revoked))
            _revoked[id] = 0;
        Count();
    }

    public bool IsRevoked(ulong device) => _revoked.ContainsKey(device);

    public void NoteRevoked(ulong device)
    {
        _revoked[device] = 0;
        Count();
    }

    /// <summary>The board of an id, or of a name that it alone has.</summary>
    /// <exception cref="RpcException">NotFound.</exception>
    public DeviceRow Find(string idOrName) => _store.Read(db => DeviceTable.Find(db, idOrName))
        ?? throw Fault.Of(StatusCode.NotFound, $"there is no board '{idOrName}', or several have that name: see 'edgelearn device list'");

    /// <summary>Boards of a group that are not revoked.</summary>
    public long CountIn(string group) => _store.Read(db => DeviceTable.CountActive(db, group));

    /// <summary>Counts the boards again: one has come or gone.</summary>
    public void Count() => _pace.FleetSize = _store.Read(db => Sql.Number(db, "SELECT count(*) FROM device WHERE revoked IS NULL"));
}

/// <summary>Takes back what enrolment gave: a board's place in the fleet, at once, or a token that was not used.</summary>
sealed class Revocation(FleetStore store, FleetRoll roll, RoundRules rules, Action<string> log)
{
    public async Task<RevokeAnswer> RevokeAsync(RevokeRequest request)
    {
        string reason = PlainText.Of(request.Reason, 200);
        if (request.TokenId.Length > 0)
        {
            if (!Guid.TryParseExact(request.TokenId, "N", out var id) || !await store.WriteAsync(db => TokenTable.Revoke(db, id)))
                throw Fault.Of(StatusCode.NotFound, $"there is no unused token {request.TokenId}");
            return new RevokeAnswer { TokenId = request.TokenId };
        }
        var device = roll.Find(request.DeviceId);
        await store.WriteAsync(db => DeviceTable.Revoke(db, device.Id, reason));
        roll.NoteRevoked(device.Id);
        await rules.WithdrawAsync(device.Id, "the board was revoked");
        log($"board {device.IdText} ({device.Name}) is revoked");
        return new RevokeAnswer { DeviceId = device.IdText };
    }
}
