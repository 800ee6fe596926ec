using System.Security.Cryptography;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeLearn.Device;

/// <summary>
/// How a board joins a fleet. It asks the hub for its authority, compares that with the token before it sends anything secret, then opens a
/// second connection that trusts this authority alone and trades the token for a certificate. The key is made on the board before the first
/// call, so that a lost answer can be asked for again with the same key.
/// </summary>
static class Enrolment
{
    static readonly TimeSpan s_callLimit = TimeSpan.FromSeconds(30);

    /// <summary>Enrols once; nothing is stored before every part of the answer has been checked.</summary>
    /// <param name="folder">Keeps key and identity.</param>
    /// <param name="token">From the operator.</param>
    /// <param name="hub">What to dial; null = the token's address.</param>
    /// <param name="name">What a person calls the board.</param>
    /// <param name="clock">Learns the hub's time.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="EdgeLearnException">Another fleet, or a token that is unknown, expired or used.</exception>
    /// <exception cref="HubAwayException">Nobody answered; try again.</exception>
    public static async Task<DeviceIdentity> EnrolAsync(DeviceFolder folder, EnrolmentToken token, string? hub, string name, HubClock clock,
        CancellationToken stop)
    {
        token = token with { Address = hub ?? token.Address };
        using var key = folder.Key();
        using var trust = await AuthorityAsync(token, stop).ConfigureAwait(false);
        using var channel = FleetChannel.Open(token.Address, trust);
        var request = new EnrollRequest
        {
            TokenId = ByteString.CopyFrom(token.Id.ToByteArray(bigEndian: true)),
            TokenSecret = ByteString.CopyFrom(token.Secret),
            CertificateRequest = ByteString.CopyFrom(key.CertificateRequest()),
            Name = name.Length <= 64 ? name : name[..64],
            AgentVersion = BoardReadings.AgentVersion,
            Platform = BoardReadings.Platform,
        };
        var answer = await CallAsync(token, options => new Fleet.FleetClient(channel).EnrollAsync(request, options), stop)
            .ConfigureAwait(false);
        var now = HubStatements.Verify(answer.Statement, [], answer.RoundPublicKey.Span);
        var identity = Check(answer, key, trust, token, now);
        if (folder.ReadIdentity() is { } before && before.Group != identity.Group)
        {
            // Versions count within a group: what another group had says nothing here.
            folder.DeleteReport();
            folder.Write(new DeviceState());
        }

        folder.Write(identity);
        clock.Learn(now);
        return identity;
    }

    /// <summary>
    /// Whether it is time for a new certificate: half of its life has passed by the hub's clock (the protocol asks for it before 2/3).
    /// </summary>
    public static bool IsRenewalDue(DeviceIdentity identity, DateTimeOffset hubNow)
    {
        var (from, until) = identity.Validity();
        return hubNow > from + (until - from) / 2;
    }

    /// <summary>Trades the certificate for a new one over a link that the old one opened. The key stays.</summary>
    /// <exception cref="EdgeLearnException">The hub answered with something else than a certificate for this board.</exception>
    public static async Task<DeviceIdentity> RenewAsync(DeviceFolder folder, DeviceIdentity identity, FleetTrust trust, FleetLink link,
        DateTimeOffset hubNow, CancellationToken stop)
    {
        using var key = folder.Key();
        var answer = await link.RenewAsync(new RenewRequest { CertificateRequest = ByteString.CopyFrom(key.CertificateRequest()) }, stop)
            .ConfigureAwait(false);
        var renewed = identity with { Certificate = answer.Certificate.ToByteArray() };
        CheckCertificate(renewed, key, trust, hubNow);
        folder.Write(renewed);
        return renewed;
    }

    /// <summary>
    /// The name that a key gives a board: the first 8 bytes of SHA-256 of its SubjectPublicKeyInfo, as 16 hexadecimal digits.
    /// </summary>
    public static string DeviceIdOf(FleetKey key)
        => key.Fingerprint.Head.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);

    static async Task<FleetTrust> AuthorityAsync(EnrolmentToken token, CancellationToken stop)
    {
        using var unverified = FleetChannel.OpenUnverified(token.Address);
        var answer =
            await CallAsync(token, options => new Fleet.FleetClient(unverified).AuthorityAsync(new AuthorityRequest(), options), stop)
            .ConfigureAwait(false);
        return FleetTrust.FromToken(token, answer.AuthorityCertificate.Span);
    }

    static DeviceIdentity Check(EnrollAnswer answer, FleetKey key, FleetTrust trust, EnrolmentToken token, DateTimeOffset now)
    {
        string address = token.Address;
        if (!answer.AuthorityCertificate.Span.SequenceEqual(trust.AuthorityCertificate))
            throw new EdgeLearnException($"the hub at {address} names another authority in its answer than before: enrolment refused");
        CheckPublicKey(answer.ReleasePublicKey.Span, "release", address);
        CheckPublicKey(answer.RoundPublicKey.Span, "round", address);
        if (answer.Group.Length == 0)
            throw new EdgeLearnException($"the hub at {address} enrols this board into no group: enrolment refused");
        var identity = new DeviceIdentity
        {
            Hub = address,
            DeviceId = answer.DeviceId,
            Group = answer.Group,
            TokenId = token.Id,
            Authority = answer.AuthorityCertificate.ToByteArray(),
            Certificate = answer.Certificate.ToByteArray(),
            ReleaseKey = answer.ReleasePublicKey.ToByteArray(),
            RoundKey = answer.RoundPublicKey.ToByteArray(),
        };
        CheckCertificate(identity, key, trust, now);
        return identity;
    }

    static void CheckCertificate(DeviceIdentity identity, FleetKey key, FleetTrust trust, DateTimeOffset now)
    {
        using var certificate = identity.CertificateWith(key);
        if (trust.Fault(certificate, FleetRole.Device, now) is { } fault)
            throw new EdgeLearnException($"the hub at {identity.Hub} sent a certificate that is of no use here: {fault}");
        string expected = DeviceIdOf(key), found = FleetTrust.RoleOf(certificate)!.Value.Name;
        if (identity.DeviceId != expected || found != expected)
        {
            throw new EdgeLearnException($"the hub at {identity.Hub} calls this board {identity.DeviceId} and its certificate {found}; "
                + $"its key makes it {expected}");
        }
    }

    static void CheckPublicKey(ReadOnlySpan<byte> key, string role, string address)
    {
        try
        {
            using var read = ECDsa.Create();
            read.ImportSubjectPublicKeyInfo(key, out _);
        }
        catch (CryptographicException e)
        {
            throw new EdgeLearnException($"the hub at {address} sent a {role} key that cannot be read: enrolment refused", e);
        }
    }

    static async Task<T> CallAsync<T>(EnrolmentToken token, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken stop)
    {
        try
        {
            return await call(new CallOptions(deadline: DateTime.UtcNow + s_callLimit, cancellationToken: stop)).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            stop.ThrowIfCancellationRequested();
            throw FleetFault.OfEnrolment(e, token);
        }
    }
}
