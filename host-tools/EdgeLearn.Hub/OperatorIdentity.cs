using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>
/// The operator's folder: <c>release.key</c>, <c>operator.key</c>, <c>operator.crt</c>, <c>authority.crt</c>, <c>address</c>. Whoever holds
/// it is the operator; a hub makes it at its first start, readable by its owner alone.
/// </summary>
public sealed class OperatorIdentity : IDisposable
{
    OperatorIdentity(string address, FleetTrust trust, FleetKey release, X509Certificate2 certificate)
    {
        Address = address;
        Trust = trust;
        ReleaseKey = release;
        Certificate = certificate;
    }

    /// <summary>The hub's address, https://host:port, as of its last start.</summary>
    public string Address { get; }

    /// <summary>The fleet's authority.</summary>
    public FleetTrust Trust { get; }

    /// <summary>Signs what is pushed.</summary>
    public FleetKey ReleaseKey { get; }

    /// <summary>The operator's certificate with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Reads an operator's folder.</summary>
    /// <exception cref="EdgeLearnException">It is not one, or not all of it is there.</exception>
    public static OperatorIdentity Load(string folder)
    {
        string[] names = ["release.key", "operator.key", "operator.crt", "authority.crt", "address"];
        if (names.FirstOrDefault(name => !File.Exists(Path.Combine(folder, name))) is { } missing)
        {
            throw new EdgeLearnException($"{folder} is not an operator's folder: {missing} is missing; 'edgelearn serve' makes one in the "
                + $"hub's folder, as operator/");
        }
        FleetTrust? trust = null;
        FleetKey? release = null;
        try
        {
            using var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "authority.crt"));
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "operator.crt"));
            using var key = FleetKey.Load(Path.Combine(folder, "operator.key"));
            string address = File.ReadAllText(Path.Combine(folder, "address")).Trim();
            trust = new FleetTrust(authority.RawData);
            release = FleetKey.Load(Path.Combine(folder, "release.key"));
            return new OperatorIdentity(address, trust, release, key.With(certificate));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or EdgeLearnException)
        {
            trust?.Dispose();
            release?.Dispose();
            throw e as EdgeLearnException
                ?? new EdgeLearnException($"{folder}: the operator's folder cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Makes the folder if it was never made, and notes the hub's present address in it. Returns the public release key.</summary>
    internal static byte[] Prepare(HubFolder hub, FleetAuthority authority, DateTimeOffset now)
    {
        string folder = hub.Operator, known = Path.Combine(hub.Keys, "release.pub");
        if (File.Exists(known))
            return File.ReadAllBytes(known);
        HubFolder.MakePrivate(folder);
        using FleetKey release = FleetKey.LoadOrCreate(Path.Combine(folder, "release.key")),
            key = FleetKey.LoadOrCreate(Path.Combine(folder, "operator.key"));
        using var certificate = authority.IssueOperator(key, now);
        DurableFile.Replace(Path.Combine(folder, "operator.crt"), Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"));
        DurableFile.Replace(Path.Combine(folder, "authority.crt"), File.ReadAllBytes(Path.Combine(hub.Keys, "authority.crt")));
        // Last: once the hub knows the release key, the folder is complete and may be moved away.
        DurableFile.WriteNew(known, release.PublicKey.Span);
        return release.PublicKey.ToArray();
    }

    /// <summary>Notes the hub's address for the command line, where the operator's folder still lies in the hub's.</summary>
    internal static void NoteAddress(HubFolder hub, string address)
    {
        if (Directory.Exists(hub.Operator))
            DurableFile.Replace(Path.Combine(hub.Operator, "address"), Encoding.ASCII.GetBytes(address + "\n"));
    }

    /// <summary>Releases keys and certificates.</summary>
    public void Dispose()
    {
        Certificate.Dispose();
        ReleaseKey.Dispose();
        Trust.Dispose();
    }
}
