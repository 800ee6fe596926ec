using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>The fleet's own certificate authority: issues the certificates of boards, of the operator and of the hub itself.</summary>
sealed class FleetAuthority : IDisposable
{
    /// <summary>Longest certificate request that is looked at, in bytes.</summary>
    public const int LongestRequestBytes = 4096;

    static readonly TimeSpan s_life = TimeSpan.FromDays(20 * 365);
    static readonly TimeSpan s_operatorLife = TimeSpan.FromDays(10 * 365);
    static readonly TimeSpan s_skew = TimeSpan.FromMinutes(5);

    readonly FleetKey _key;
    readonly X509Certificate2 _certificate;

    FleetAuthority(FleetKey key, X509Certificate2 certificate)
    {
        _key = key;
        _certificate = certificate;
        Trust = new FleetTrust(certificate.RawData);
    }

    public FleetTrust Trust { get; }

    /// <summary>Opens the authority of a folder, or founds a fleet.</summary>
    public static FleetAuthority Open(HubFolder folder, DateTimeOffset now)
    {
        var key = folder.Key("authority");
        string path = Path.Combine(folder.Keys, "authority.crt");
        if (!File.Exists(path))
        {
            CertificateRequest request = new(new X500DistinguishedName("CN=EdgeLearn fleet"), key.Key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            using var made = request.CreateSelfSigned(now - s_skew, now + s_life);
            DurableFile.WriteNew(path, System.Text.Encoding.ASCII.GetBytes(made.ExportCertificatePem() + "\n"));
        }
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(path);
            return new FleetAuthority(key, key.With(certificate));
        }
        catch (CryptographicException e)
        {
            throw new EdgeLearnException($"{path}: no certificate could be read from it", e);
        }
    }

    /// <summary>Reads a board's request and proves that it holds the key.</summary>
    /// <exception cref="EdgeLearnException">Not a PKCS#10 request for a P-256 key, signed by that key.</exception>
    public static PublicKey ReadRequest(byte[] request)
    {
        if (request.Length is 0 or > LongestRequestBytes)
            throw new EdgeLearnException($"a certificate request of {request.Length} bytes, 1 to {LongestRequestBytes} expected");
        try
        {
            var read = CertificateRequest.LoadSigningRequest(request, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.Default);
            using var key = read.PublicKey.GetECDsaPublicKey();
            if (key is null || key.ExportParameters(false).Curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
                throw new EdgeLearnException("the certificate request is not for a P-256 key");
            return read.PublicKey;
        }
        catch (CryptographicException e)
        {
            throw new EdgeLearnException("the certificate request is not a PKCS#10 request signed by its own key", e);
        }
    }

    /// <summary>A board's certificate, DER.</summary>
    public byte[] IssueDevice(PublicKey key, string device, DateTimeOffset now, TimeSpan life)
    {
        using var certificate = Issue(key, FleetRole.Device, device, now, life, null);
        return certificate.RawData;
    }

    /// <summary>The operator's certificate; whoever holds its key may do everything that the command line does.</summary>
    public X509Certificate2 IssueOperator(FleetKey key, DateTimeOffset now) =>
        Issue(new PublicKey(key.Key), FleetRole.Operator, "operator", now, s_operatorLife, null);

    /// <summary>The server's certificate, with the names that a client may know the hub by.</summary>
    public X509Certificate2 IssueHub(FleetKey key, IEnumerable<string> hosts, DateTimeOffset now, TimeSpan life)
    {
        SubjectAlternativeNameBuilder names = new();
        foreach (string host in hosts.Distinct())
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }
        return Issue(new PublicKey(key.Key), FleetRole.Hub, "hub", now, life, names.Build());
    }

    X509Certificate2 Issue(PublicKey key, FleetRole role, string name, DateTimeOffset now, TimeSpan life, X509Extension? names)
    {
        CertificateRequest request = new(FleetTrust.SubjectOf(role, name), key, HashAlgorithmName.SHA256);
        string use = role == FleetRole.Hub ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2";
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        if (names is not null)
            request.CertificateExtensions.Add(names);
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x7F | 0x01);
        var until = now + life;
        if (until > _certificate.NotAfter)
            until = _certificate.NotAfter;
        return request.Create(_certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key.Key), now - s_skew, until, serial);
    }

    public void Dispose()
    {
        Trust.Dispose();
        _certificate.Dispose();
        _key.Dispose();
    }
}
