using EdgeLearn.Protocol;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>Takes back what enrolment gave: a board's place in the fleet, at once, or a token that was not used.</summary>
sealed class Revocation(FleetStore store, FleetRoll roll, RoundRules rules, Action<string> log)
{
    public async Task<RevokeAnswer> RevokeAsync(RevokeRequest request)
    {
        string reason = PlainText.Of(request.Reason, 200);
        if (request.TokenId.Length > 0)
        {
            if (!Guid.TryParseExact(request.TokenId, "N", out Guid id) || !await store.WriteAsync(db => TokenTable.Revoke(db, id)))
                throw new RpcException(new Status(StatusCode.NotFound, $"there is no unused token {request.TokenId}"));
            return new RevokeAnswer { TokenId = request.TokenId };
        }
        DeviceRow device = roll.Find(request.DeviceId);
        await store.WriteAsync(db => DeviceTable.Revoke(db, device.Id, reason));
        roll.NoteRevoked(device.Id);
        await rules.WithdrawAsync(device.Id, "the board was revoked");
        log($"board {device.IdText} ({device.Name}) is revoked");
        return new RevokeAnswer { DeviceId = device.IdText };
    }
}
