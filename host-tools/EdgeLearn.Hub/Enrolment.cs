using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Hub;

/// <summary>Tokens in, certificates out.</summary>
sealed class Enrolment(
    FleetStore store, FleetAuthority authority, RoundSigner signer, FleetRoll roll, PaceSteering pace, HubOptions options)
{
    static readonly TimeSpan s_defaultTokenLife = TimeSpan.FromHours(1);
    static readonly TimeSpan s_longestTokenLife = TimeSpan.FromDays(365);

    /// <summary>What boards dial, https://host:port; known once the hub listens.</summary>
    public string PublicAddress { get; set; } = "";

    /// <summary>Makes a token for one board; it is known here as a hash alone from now on.</summary>
    public async Task<TokenView> CreateTokenAsync(CreateTokenRequest request)
    {
        string group = RoundRequests.Group(request.Group);
        var life = request.LifeSeconds == 0 ? s_defaultTokenLife : TimeSpan.FromSeconds(request.LifeSeconds);
        if (life > s_longestTokenLife)
            throw Fault.Invalid($"a token that lives {life.TotalDays:0} days, at most {s_longestTokenLife.TotalDays:0} are possible");
        string address = request.Address.Length == 0 ? PublicAddress : request.Address;
        if (address.Length > 512 || !Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
            throw Fault.Invalid($"'{address}' is not an address that a board can dial: https://host:port expected");
        var token = EnrolmentToken.Create(address, authority.Trust.Fleet, options.Clock.GetUtcNow() + life);
        TokenRow row = new(token.Id, EnrolmentToken.HashSecret(token.Secret), group, token.Expires.ToUnixTimeMilliseconds(), false, default,
            null);
        await store.WriteAsync(db => TokenTable.Add(db, row));
        pace.Attend();
        return new TokenView { Token = token.ToString(), TokenId = token.Id.ToString("N"), ExpiresUnixMs = row.ExpiresMs, Group = group };
    }

    /// <summary>One use of a token: checked and used up in one transaction.</summary>
    public async Task<EnrollAnswer> EnrollAsync(EnrollRequest request)
    {
        var key = KeyOf(request.CertificateRequest);
        byte[] spki = key.ExportSubjectPublicKeyInfo();
        var fingerprint = Digest.Of(spki);
        string device = DeviceRow.TextOf(fingerprint.Head);
        if (request.TokenId.Length != 16 || request.TokenSecret.Length != EnrolmentToken.SecretBytes)
            throw Refused("the token is not one of this fleet");
        Guid id = new(request.TokenId.Span, bigEndian: true);
        var secret = EnrolmentToken.HashSecret(request.TokenSecret.Span);
        var now = options.Clock.GetUtcNow();
        string name = PlainText.Of(request.Name.Length == 0 ? device : request.Name, 64), agent = PlainText.Of(request.AgentVersion, 64),
            platform = PlainText.Of(request.Platform, 64);
        (string group, byte[] certificate) = await store.WriteAsync(db =>
        {
            var token = TokenTable.Find(db, id);
            if (token is null || token.SecretHash != secret)
                throw Refused("the token is not one of this fleet, or its secret is wrong");
            if (token.Revoked)
                throw Refused("the token was revoked: ask for a new one");
            if (DeviceTable.Find(db, fingerprint.Head)?.RevokedReason is not null)
                throw Fault.Of(StatusCode.PermissionDenied, $"the board {device} was revoked; it can come back with a new key alone");
            if (!token.UsedBy.IsNone)
            {
                return token.UsedBy == fingerprint ? (token.Group, token.Certificate!)
                    : throw Refused("the token was used already, by another board: a token is for one board, make a new one with "
                        + "'edgelearn device token'");
            }
            if (now.ToUnixTimeMilliseconds() > token.ExpiresMs)
            {
                throw Refused($"the token has expired on {DateTimeOffset.FromUnixTimeMilliseconds(token.ExpiresMs):u}: make a new one "
                    + $"with 'edgelearn device token'");
            }
            byte[] issued = authority.IssueDevice(key, device, now, options.CertificateLife);
            long expiresMs = (now + options.CertificateLife).ToUnixTimeMilliseconds();
            DeviceTable.Enrol(db, fingerprint.Head, name, token.Group, spki, now.ToUnixTimeMilliseconds(), expiresMs, agent, platform);
            TokenTable.Use(db, id, fingerprint, issued);
            return (token.Group, issued);
        });
        roll.Count();
        pace.Attend();
        options.Log?.Invoke($"board {device} ({name}) has joined {group}");
        return new EnrollAnswer
        {
            DeviceId = device,
            Certificate = ByteString.CopyFrom(certificate),
            AuthorityCertificate = ByteString.CopyFrom(authority.Trust.AuthorityCertificate),
            ReleasePublicKey = ByteString.CopyFrom(signer.ReleasePublicKey.Span),
            RoundPublicKey = ByteString.CopyFrom(signer.PublicKey.Span),
            Group = group,
            Statement = signer.Statement([], now, 0),
            CertificateLifeSeconds = (uint)options.CertificateLife.TotalSeconds,
        };
    }

    /// <summary>A new certificate for a board that has a valid one.</summary>
    public async Task<RenewAnswer> RenewAsync(DeviceRow device, RenewRequest request)
    {
        var key = KeyOf(request.CertificateRequest);
        var now = options.Clock.GetUtcNow();
        byte[] certificate = authority.IssueDevice(key, device.IdText, now, options.CertificateLife);
        await store.WriteAsync(db =>
            DeviceTable.Renew(db, device.Id, key.ExportSubjectPublicKeyInfo(), (now + options.CertificateLife).ToUnixTimeMilliseconds()));
        uint lifeSeconds = (uint)options.CertificateLife.TotalSeconds;
        return new RenewAnswer { Certificate = ByteString.CopyFrom(certificate), CertificateLifeSeconds = lifeSeconds };
    }

    static PublicKey KeyOf(ByteString certificateRequest)
    {
        try
        {
            return FleetAuthority.ReadRequest(certificateRequest.ToByteArray());
        }
        catch (EdgeLearnException e)
        {
            throw Fault.Invalid(e.Message);
        }
    }

    static RpcException Refused(string detail) => Fault.Of(StatusCode.Unauthenticated, detail);
}

/// <summary>An enrolment token as the hub keeps it: a hash in place of the secret.</summary>
/// <param name="UsedBy">SHA-256 of the public key that it was used for; none = unused.</param>
/// <param name="Certificate">What that key got, to answer the same again.</param>
sealed record TokenRow(Guid Id, Digest SecretHash, string Group, long ExpiresMs, bool Revoked, Digest UsedBy, byte[]? Certificate);

/// <summary>Enrolment tokens.</summary>
static class TokenTable
{
    public const string Schema = """
        CREATE TABLE token (
            id BLOB PRIMARY KEY, secret_hash BLOB NOT NULL, grp TEXT NOT NULL, expires_ms INTEGER NOT NULL,
                revoked INTEGER NOT NULL DEFAULT 0,
            used_by BLOB, certificate BLOB) WITHOUT ROWID;
        """;

    public static void Add(SqliteConnection db, TokenRow token) =>
        db.Execute("INSERT INTO token (id, secret_hash, grp, expires_ms) VALUES ($id, $hash, $group, $expires)",
            ("$id", token.Id.ToByteArray(true)), ("$hash", token.SecretHash.ToArray()), ("$group", token.Group),
            ("$expires", token.ExpiresMs));

    public static TokenRow? Find(SqliteConnection db, Guid id) =>
        db.Query("SELECT secret_hash, grp, expires_ms, revoked, used_by, certificate FROM token WHERE id = $id",
            r => new TokenRow(id, r.Digest(0), r.GetString(1), r.GetInt64(2), r.GetInt64(3) != 0, r.Digest(4),
            r.IsDBNull(5) ? null : r.Bytes(5)),
            ("$id", id.ToByteArray(true))).FirstOrDefault();

    public static void Use(SqliteConnection db, Guid id, Digest key, byte[] certificate) =>
        db.Execute("UPDATE token SET used_by = $key, certificate = $certificate WHERE id = $id",
            ("$id", id.ToByteArray(true)), ("$key", key.ToArray()), ("$certificate", certificate));

    public static bool Revoke(SqliteConnection db, Guid id) =>
        db.Execute("UPDATE token SET revoked = 1 WHERE id = $id AND used_by IS NULL", ("$id", id.ToByteArray(true))) == 1;
}
