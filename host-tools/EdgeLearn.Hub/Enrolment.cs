using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>Tokens in, certificates out.</summary>
sealed class Enrolment(HubState hub)
{
    static readonly TimeSpan s_defaultTokenLife = TimeSpan.FromHours(1);
    static readonly TimeSpan s_longestTokenLife = TimeSpan.FromDays(365);

    /// <summary>Makes a token for one board; it is known here as a hash alone from now on.</summary>
    public async Task<TokenView> CreateTokenAsync(CreateTokenRequest request)
    {
        string group = RoundRequests.Group(request.Group);
        TimeSpan life = request.LifeSeconds == 0 ? s_defaultTokenLife : TimeSpan.FromSeconds(request.LifeSeconds);
        if (life > s_longestTokenLife)
            throw Invalid($"a token that lives {life.TotalDays:0} days, at most {s_longestTokenLife.TotalDays:0} are possible");
        string address = request.Address.Length == 0 ? hub.PublicAddress : request.Address;
        if (address.Length > 512 || !Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme != Uri.UriSchemeHttps)
            throw Invalid($"'{address}' is not an address that a board can dial: https://host:port expected");
        EnrolmentToken token = EnrolmentToken.Create(address, hub.Authority.Trust.Fleet, hub.Now + life);
        TokenRow row = new(token.Id, EnrolmentToken.HashSecret(token.Secret), group, token.Expires.ToUnixTimeMilliseconds(), false, default, null);
        await hub.Store.WriteAsync(db => TokenTable.Add(db, row));
        hub.Pace.Attend();
        return new TokenView { Token = token.ToString(), TokenId = token.Id.ToString("N"), ExpiresUnixMs = row.ExpiresMs, Group = group };
    }

    /// <summary>One use of a token: checked and used up in one transaction.</summary>
    public async Task<EnrollAnswer> EnrollAsync(EnrollRequest request)
    {
        PublicKey key;
        try
        {
            key = FleetAuthority.ReadRequest(request.CertificateRequest.ToByteArray());
        }
        catch (EdgeLearnException e)
        {
            throw Invalid(e.Message);
        }
        byte[] spki = key.ExportSubjectPublicKeyInfo();
        Digest fingerprint = Digest.Of(spki);
        string device = DeviceRow.TextOf(fingerprint.Head);
        if (request.TokenId.Length != 16 || request.TokenSecret.Length != EnrolmentToken.SecretBytes)
            throw Refused("the token is not one of this fleet");
        Guid id = new(request.TokenId.Span, bigEndian: true);
        Digest secret = EnrolmentToken.HashSecret(request.TokenSecret.Span);
        DateTimeOffset now = hub.Now;
        string name = PlainText.Of(request.Name.Length == 0 ? device : request.Name, 64), agent = PlainText.Of(request.AgentVersion, 64), platform = PlainText.Of(request.Platform, 64);
        (string group, byte[] certificate) = await hub.Store.WriteAsync(db =>
        {
            TokenRow? token = TokenTable.Find(db, id);
            if (token is null || token.SecretHash != secret)
                throw Refused("the token is not one of this fleet, or its secret is wrong");
            if (token.Revoked)
                throw Refused("the token was revoked: ask for a new one");
            if (DeviceTable.Find(db, fingerprint.Head)?.RevokedReason is not null)
                throw new RpcException(new Status(StatusCode.PermissionDenied, $"the board {device} was revoked; it can come back with a new key alone"));
            if (!token.UsedBy.IsNone)
                return token.UsedBy == fingerprint ? (token.Group, token.Certificate!)
                    : throw Refused("the token was used already, by another board: a token is for one board, make a new one with 'edgelearn device token'");
            if (now.ToUnixTimeMilliseconds() > token.ExpiresMs)
                throw Refused($"the token has expired on {DateTimeOffset.FromUnixTimeMilliseconds(token.ExpiresMs):u}: make a new one with 'edgelearn device token'");
            byte[] issued = hub.Authority.IssueDevice(key, device, now, hub.Options.CertificateLife);
            DeviceTable.Enrol(db, fingerprint.Head, name, token.Group, spki, now.ToUnixTimeMilliseconds(), (now + hub.Options.CertificateLife).ToUnixTimeMilliseconds(), agent, platform);
            TokenTable.Use(db, id, fingerprint, issued);
            return (token.Group, issued);
        });
        hub.CountFleet();
        hub.Pace.Attend();
        hub.Log($"board {device} ({name}) has joined {group}");
        return new EnrollAnswer
        {
            DeviceId = device,
            Certificate = ByteString.CopyFrom(certificate),
            AuthorityCertificate = ByteString.CopyFrom(hub.Authority.Trust.AuthorityCertificate),
            ReleasePublicKey = ByteString.CopyFrom(hub.ReleasePublicKey.Span),
            RoundPublicKey = ByteString.CopyFrom(hub.Signer.PublicKey.Span),
            Group = group,
            Statement = hub.Signer.Statement([], now, 0),
            CertificateLifeSeconds = (uint)hub.Options.CertificateLife.TotalSeconds,
        };
    }

    /// <summary>A new certificate for a board that has a valid one.</summary>
    public async Task<RenewAnswer> RenewAsync(DeviceRow device, RenewRequest request)
    {
        PublicKey key;
        try
        {
            key = FleetAuthority.ReadRequest(request.CertificateRequest.ToByteArray());
        }
        catch (EdgeLearnException e)
        {
            throw Invalid(e.Message);
        }
        DateTimeOffset now = hub.Now;
        byte[] certificate = hub.Authority.IssueDevice(key, device.IdText, now, hub.Options.CertificateLife);
        await hub.Store.WriteAsync(db =>
            DeviceTable.Renew(db, device.Id, key.ExportSubjectPublicKeyInfo(), (now + hub.Options.CertificateLife).ToUnixTimeMilliseconds()));
        return new RenewAnswer { Certificate = ByteString.CopyFrom(certificate), CertificateLifeSeconds = (uint)hub.Options.CertificateLife.TotalSeconds };
    }

    /// <summary>Revokes a board at once, or a token that was not used.</summary>
    public async Task<RevokeAnswer> RevokeAsync(RevokeRequest request)
    {
        string reason = PlainText.Of(request.Reason, 200);
        if (request.TokenId.Length > 0)
        {
            if (!Guid.TryParseExact(request.TokenId, "N", out Guid id) || !await hub.Store.WriteAsync(db => TokenTable.Revoke(db, id)))
                throw new RpcException(new Status(StatusCode.NotFound, $"there is no unused token {request.TokenId}"));
            return new RevokeAnswer { TokenId = request.TokenId };
        }
        DeviceRow device = hub.Store.Read(db => DeviceTable.Find(db, request.DeviceId))
            ?? throw new RpcException(new Status(StatusCode.NotFound, $"there is no board '{request.DeviceId}', or several have that name: see 'edgelearn device list'"));
        await hub.Store.WriteAsync(db => DeviceTable.Revoke(db, device.Id, reason));
        hub.NoteRevoked(device.Id);
        await hub.Rounds.WithdrawAsync(device.Id, "the board was revoked");
        hub.Log($"board {device.IdText} ({device.Name}) is revoked");
        return new RevokeAnswer { DeviceId = device.IdText };
    }

    static RpcException Refused(string detail) => new(new Status(StatusCode.Unauthenticated, detail));

    static RpcException Invalid(string detail) => new(new Status(StatusCode.InvalidArgument, detail));
}
