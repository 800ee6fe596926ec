using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeLearn.Protocol;
using Google.Protobuf;

namespace EdgeLearn.Tests;

/// <summary>The keys of a fleet, and what can be signed with them.</summary>
sealed class TestFleet : IDisposable
{
    public const string Group = "default";

    const string ServerUse = "1.3.6.1.5.5.7.3.1";
    const string ClientUse = "1.3.6.1.5.5.7.3.2";

    static readonly TimeSpan s_skew = TimeSpan.FromMinutes(5);

    readonly FleetKey _authorityKey = FleetKey.Create();
    readonly FleetKey _hubKey = FleetKey.Create();
    readonly X509Certificate2 _authority;

    public TestFleet()
    {
        var request = new CertificateRequest(new X500DistinguishedName("CN=test fleet"), _authorityKey.Key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow - s_skew, DateTimeOffset.UtcNow.AddYears(1));
        Trust = new FleetTrust(_authority.RawData);
    }

    public FleetTrust Trust { get; }

    public FleetKey ReleaseKey { get; } = FleetKey.Create();

    public FleetKey RoundKey { get; } = FleetKey.Create();

    public X509Certificate2 HubCertificate(FleetRole role = FleetRole.Hub)
    {
        using var issued = Issue(new PublicKey(_hubKey.Key), role, "hub", TimeSpan.FromDays(30), ClientUse, ServerUse);
        using var withKey = _hubKey.With(issued);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    public X509Certificate2 IssueDevice(PublicKey key, string name, TimeSpan life) => Issue(key, FleetRole.Device, name, life, ClientUse);

    X509Certificate2 Issue(PublicKey key, FleetRole role, string name, TimeSpan life, params string[] uses)
    {
        var request = new CertificateRequest(FleetTrust.SubjectOf(role, name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses.Select(use => new Oid(use))], true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 1);
        var now = DateTimeOffset.UtcNow;
        return request.Create(_authority.SubjectName, X509SignatureGenerator.CreateForECDsa(_authorityKey.Key), now - s_skew, now + life,
            serial);
    }

    public ArtefactManifest Push(byte[] content, ulong version, string group = Group, uint generationLimit = 100) => new()
    {
        Fleet = Trust.Fleet,
        Group = group,
        Version = version,
        Digest = Digest.Of(content),
        SizeBytes = content.Length,
        GenerationLimit = generationLimit,
        Signer = ArtefactSigner.Release,
        CreatedUnixMs = 1,
    };

    public ArtefactManifest Successor(byte[] content, ulong version, ArtefactManifest origin, ulong round) => new()
    {
        Fleet = Trust.Fleet,
        Group = Group,
        Version = version,
        Digest = Digest.Of(content),
        SizeBytes = content.Length,
        Parent = origin.Digest,
        Origin = origin.Digest,
        Generation = 1,
        Round = round,
        Updates = Digest.Of("updates"u8),
        Signer = ArtefactSigner.Round,
        CreatedUnixMs = 1,
    };

    public ArtefactOffer Offer(ArtefactManifest manifest, ArtefactManifest? origin = null, FleetKey? signer = null)
    {
        var offer = new ArtefactOffer
        {
            Artefact =
            manifest.Sign(signer ?? (manifest.Signer == ArtefactSigner.Release ? ReleaseKey : RoundKey))
        };
        if (origin is not null) offer.Origin = origin.Sign(ReleaseKey);
        return offer;
    }

    public static ByteString NewAttempt() => ByteString.CopyFrom(RandomNumberGenerator.GetBytes(16));

    public void Dispose()
    {
        Trust.Dispose();
        _authority.Dispose();
        _authorityKey.Dispose();
        _hubKey.Dispose();
        ReleaseKey.Dispose();
        RoundKey.Dispose();
    }
}
