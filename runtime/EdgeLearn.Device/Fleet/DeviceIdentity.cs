using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization;
using EdgeLearn.Protocol;

namespace EdgeLearn.Device;

/// <summary>Who this board is and whom it trusts: what enrolment gave. Holds no secret but is kept private.</summary>
sealed record DeviceIdentity
{
    /// <summary>What to dial, https://host:port.</summary>
    public required string Hub { get; init; }

    /// <summary>16 hexadecimal digits, from the hub.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The group that the token was made for.</summary>
    public required string Group { get; init; }

    /// <summary>Id of the token that it was enrolled with: another token means to enrol again.</summary>
    public Guid TokenId { get; init; }

    /// <summary>DER X.509 of the fleet's authority.</summary>
    public required byte[] Authority { get; init; }

    /// <summary>DER X.509 of this board; replaced at renewal.</summary>
    public required byte[] Certificate { get; init; }

    /// <summary>SubjectPublicKeyInfo of the key that signs pushes.</summary>
    public required byte[] ReleaseKey { get; init; }

    /// <summary>SubjectPublicKeyInfo of the key that signs results of rounds and the hub's statements.</summary>
    public required byte[] RoundKey { get; init; }

    /// <summary>The id as the number that seeds and headers use.</summary>
    [JsonIgnore]
    public ulong DeviceNumber
    => ulong.Parse(DeviceId, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What decides whether an artefact may be used here.</summary>
    public ArtefactTrust TrustIn(FleetTrust fleet) => new(fleet.Fleet, Group, ReleaseKey, RoundKey);

    /// <summary>The certificate with the board's key, for TLS. The caller disposes it.</summary>
    /// <exception cref="EdgeLearnException">The certificate is damaged or for another key.</exception>
    public X509Certificate2 CertificateWith(FleetKey key)
    {
        using var certificate = Read(Certificate);
        return key.With(certificate);
    }

    /// <summary>First and last moment of the certificate, by the hub's clock.</summary>
    public (DateTimeOffset From, DateTimeOffset Until) Validity()
    {
        using var certificate = Read(Certificate);
        return (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
    }

    internal static X509Certificate2 Read(byte[] certificate)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(certificate);
        }
        catch (System.Security.Cryptography.CryptographicException e)
        {
            throw new EdgeLearnException("the board's certificate cannot be read: enrol again with a new token in an empty folder", e);
        }
    }
}
