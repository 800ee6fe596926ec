using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeLearn.Protocol;

/// <summary>
/// A private ECDSA P-256 key and what it is used for here: signing, certificate requests. The key never leaves this machine.
/// </summary>
public sealed class FleetKey : IDisposable
{
    /// <summary>Bytes of a signature: r and s, 32 bytes each.</summary>
    public const int SignatureBytes = 64;

    static readonly string s_curve = ECCurve.NamedCurves.nistP256.Oid.Value!;

    FleetKey(ECDsa key)
    {
        Key = key;
        PublicKey = key.ExportSubjectPublicKeyInfo();
    }

    /// <summary>The key itself, for TLS and for issuing certificates. Owned by this object.</summary>
    public ECDsa Key { get; }

    /// <summary>The public key as SubjectPublicKeyInfo (DER).</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>SHA-256 of the public key.</summary>
    public Digest Fingerprint => Digest.Of(PublicKey.Span);

    /// <summary>A new random key.</summary>
    public static FleetKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads a PKCS#8 PEM file.</summary>
    /// <exception cref="EdgeLearnException">Missing, unreadable, or not a P-256 key.</exception>
    public static FleetKey Load(string path)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            if (key.ExportParameters(false).Curve.Oid.Value != s_curve)
                throw new EdgeLearnException($"{path}: the key is not on the curve P-256");
            return new FleetKey(key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new EdgeLearnException($"{path}: no private key could be read from it ({e.Message.ReplaceLineEndings(" ")})", e);
        }
    }

    /// <summary>Reads a PKCS#8 PEM file, or makes a new key and the file at its first use.</summary>
    /// <exception cref="EdgeLearnException">The file cannot be read, or holds no P-256 key.</exception>
    public static FleetKey LoadOrCreate(string path)
    {
        if (File.Exists(path)) return Load(path);
        var key = Create();
        key.Save(path);
        return key;
    }

    /// <summary>Writes a PKCS#8 PEM file that only its owner can read: beside, flushed, renamed. An existing file is an error.</summary>
    public void Save(string path)
        => DurableFile.WriteNew(path, System.Text.Encoding.ASCII.GetBytes(Key.ExportPkcs8PrivateKeyPem() + "\n"), secret: true);

    /// <summary>Signs SHA-256 of (a prefix that names the purpose, the content).</summary>
    /// <returns>64 bytes</returns>
    public byte[] Sign(SignedThing thing, ReadOnlySpan<byte> content)
        => Key.SignHash(Hash(thing, content), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <summary>
    /// True if the signature is by the owner of the public key, over this content, for this purpose. False for anything malformed.
    /// </summary>
    /// <param name="publicKey">SubjectPublicKeyInfo (DER) of a P-256 key</param>
    /// <param name="thing">the purpose</param>
    /// <param name="content">what was signed</param>
    /// <param name="signature">64 bytes</param>
    public static bool Verify(ReadOnlySpan<byte> publicKey, SignedThing thing, ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureBytes)
            return false;
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(publicKey, out int read);
            return read == publicKey.Length && key.ExportParameters(false).Curve.Oid.Value == s_curve
                && key.VerifyHash(Hash(thing, content), signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>A PKCS#10 request for this key (DER). Its subject says nothing: the hub names the board.</summary>
    public byte[] CertificateRequest() => new CertificateRequest("CN=device", Key, HashAlgorithmName.SHA256).CreateSigningRequest();

    /// <summary>A certificate for this key, with the key, ready for TLS. The caller disposes it.</summary>
    /// <exception cref="EdgeLearnException">The certificate is for another key.</exception>
    public X509Certificate2 With(X509Certificate2 certificate)
    {
        if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(PublicKey.Span))
            throw new EdgeLearnException($"the certificate {certificate.Subject} is for another key");
        return certificate.CopyWithPrivateKey(Key);
    }

    /// <summary>Releases the key.</summary>
    public void Dispose() => Key.Dispose();

    static byte[] Hash(SignedThing thing, ReadOnlySpan<byte> content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("EdgeLearn 1 "u8);
        hash.AppendData([(byte)thing]);
        hash.AppendData(content);
        return hash.GetHashAndReset();
    }
}

/// <summary>
/// What a signature is for. It is part of what is signed, so that a signature for one purpose is worth nothing for another.
/// </summary>
public enum SignedThing : byte
{
    /// <summary>The manifest of an artefact.</summary>
    Manifest = 1,

    /// <summary>The hub's word on the time and the newest version.</summary>
    Statement = 2,

    /// <summary>The header of a board's update.</summary>
    Update = 3,
}
