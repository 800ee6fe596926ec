using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeLearn.Protocol;

/// <summary>
/// The trust in one fleet's own authority: whether a certificate was issued by it, for which role and to whom. Host names play no part,
/// since hubs sit on addresses that change: only the authority can issue a certificate with the role hub, and it issues it to the hub
/// alone.
/// </summary>
public sealed class FleetTrust : IDisposable
{
    const string ServerUse = "1.3.6.1.5.5.7.3.1";
    const string ClientUse = "1.3.6.1.5.5.7.3.2";

    readonly X509Certificate2 _authority;

    /// <summary>Trusts one authority.</summary>
    /// <param name="authorityCertificate">DER X.509</param>
    /// <exception cref="EdgeLearnException">Not a certificate of an authority.</exception>
    public FleetTrust(ReadOnlySpan<byte> authorityCertificate)
    {
        try
        {
            _authority = X509CertificateLoader.LoadCertificate(authorityCertificate);
        }
        catch (CryptographicException e)
        {
            throw new EdgeLearnException("the fleet's authority certificate cannot be read", e);
        }
        if (!_authority.Extensions.OfType<X509BasicConstraintsExtension>().Any(c => c.CertificateAuthority))
            throw new EdgeLearnException($"{_authority.Subject} is not the certificate of an authority");
        Fleet = Digest.Of(_authority.PublicKey.ExportSubjectPublicKeyInfo());
    }

    /// <summary>SHA-256 of the authority's public key: the fleet's name in tokens and in everything signed.</summary>
    public Digest Fleet { get; }

    /// <summary>The authority's certificate, DER.</summary>
    public byte[] AuthorityCertificate => _authority.RawData;

    /// <summary>Checks the authority that a hub presented against what a token promises, before any secret is sent.</summary>
    /// <exception cref="EdgeLearnException">Another authority.</exception>
    public static FleetTrust FromToken(EnrolmentToken token, ReadOnlySpan<byte> authorityCertificate)
    {
        FleetTrust trust = new(authorityCertificate);
        if (trust.Fleet == token.Fleet)
            return trust;
        string found = trust.Fleet.ToString()[..16], expected = token.Fleet.ToString()[..16];
        trust.Dispose();
        throw new EdgeLearnException(
            $"the hub at {token.Address} belongs to another fleet: its authority is {found}..., the token expects {expected}...; nothing "
            + $"secret was sent to it");
    }

    /// <summary>Says what is wrong with a certificate, or null if this fleet's authority issued it for this role.</summary>
    /// <param name="certificate">The peer's leaf; TLS has proven that the peer has its key.</param>
    /// <param name="role">What it must be for.</param>
    /// <param name="now">Time to check its validity at; null = a board that does not know the time yet and cannot check that part.</param>
    public string? Fault(X509Certificate2 certificate, FleetRole role, DateTimeOffset? now)
    {
        if (RoleOf(certificate) is not { } found)
            return "the certificate is not one of a fleet";
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        if (now is { } time)
            chain.ChainPolicy.VerificationTime = time.UtcDateTime;
        else
            chain.ChainPolicy.VerificationFlags |= X509VerificationFlags.IgnoreNotTimeValid;
        if (!chain.Build(certificate))
        {
            bool onlyTime = chain.ChainStatus.All(s => s.Status == X509ChainStatusFlags.NotTimeValid);
            return onlyTime
                ? $"the certificate of {certificate.Subject} is not valid at this time: {certificate.NotBefore:u} "
                    + $"to {certificate.NotAfter:u}"
                : "the certificate is of another fleet: this fleet's authority did not issue it";
        }
        if (chain.ChainElements.Count != 2)
            return "the certificate was not issued by the fleet's authority itself";
        if (found.Role != role)
            return $"the certificate is for the role {found.Role.ToString().ToLowerInvariant()}, not {role.ToString().ToLowerInvariant()}";
        string use = role == FleetRole.Hub ? ServerUse : ClientUse;
        if (!certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .Any(e => e.EnhancedKeyUsages.Cast<Oid>().Any(o => o.Value == use)))
        {
            return "the certificate is not for this use";
        }
        return null;
    }

    /// <summary>Role and name that a certificate claims; null if it does not look like one of a fleet. Proves nothing by itself.</summary>
    public static (FleetRole Role, string Name)? RoleOf(X509Certificate2 certificate)
    {
        string? name = null, unit = null;
        try
        {
            foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
            {
                if (part.HasMultipleElements)
                    return null;
                string? kind = part.GetSingleElementType().Value;
                if (kind == "2.5.4.3")
                    name = part.GetSingleElementValue();
                else if (kind == "2.5.4.11")
                    unit = part.GetSingleElementValue();
            }
        }
        catch (CryptographicException)
        {
            return null;
        }
        FleetRole? role = unit switch { "device" => FleetRole.Device, "hub" => FleetRole.Hub, "operator" => FleetRole.Operator, _ => null };
        return role is { } r && name is { Length: > 0 } ? (r, name) : null;
    }

    /// <summary>Subject of a certificate that the fleet's authority issues.</summary>
    public static X500DistinguishedName SubjectOf(FleetRole role, string name)
    {
        X500DistinguishedNameBuilder builder = new();
        builder.AddCommonName(name);
        builder.AddOrganizationalUnitName(role.ToString().ToLowerInvariant());
        return builder.Build();
    }

    /// <summary>Releases the certificate.</summary>
    public void Dispose() => _authority.Dispose();
}

/// <summary>What a certificate of a fleet is for; the OU of its subject.</summary>
public enum FleetRole
{
    /// <summary>A board: the CN is its id.</summary>
    Device = 1,

    /// <summary>The hub's server certificate.</summary>
    Hub = 2,

    /// <summary>The operator's command line.</summary>
    Operator = 3,
}
