using System.Buffers.Text;
using System.Security.Cryptography;

namespace EdgeLearn.Protocol;

/// <summary>
/// What a board needs to join a fleet, as one word: <c>el1.</c> and base64url of the hub's address, the SHA-256 of the authority's public
/// key, the token's id and secret and its expiry. Scoped to one group, for one board, for a while. The hub keeps a hash of the secret.
/// </summary>
/// <param name="Address">What to dial, https://host:port.</param>
/// <param name="Fleet">SHA-256 of the authority's public key (SPKI).</param>
/// <param name="Id">16 bytes.</param>
/// <param name="Secret">32 bytes.</param>
/// <param name="Expires">By the hub's clock; a board may have none and leaves the decision to the hub.</param>
public sealed record EnrolmentToken(string Address, Digest Fleet, Guid Id, byte[] Secret, DateTimeOffset Expires)
{
    /// <summary>Bytes of the secret.</summary>
    public const int SecretBytes = 32;

    const string Prefix = "el1.";
    const int ChecksumBytes = 4;
    const int LongestText = 2048;

    /// <summary>A new token with a random id and secret.</summary>
    public static EnrolmentToken Create(string address, Digest fleet, DateTimeOffset expires) => new(
        address, fleet, new Guid(RandomNumberGenerator.GetBytes(16), bigEndian: true), RandomNumberGenerator.GetBytes(SecretBytes),
        DateTimeOffset.FromUnixTimeSeconds(expires.ToUnixTimeSeconds()));

    /// <summary>What the hub stores in place of the secret. The secret is 256 random bits, so a plain hash is enough.</summary>
    public static Digest HashSecret(ReadOnlySpan<byte> secret) => Digest.Of(secret);

    /// <summary>The word to hand over. It is a secret until it has been used.</summary>
    public override string ToString()
    {
        CanonicalWriter writer = new();
        writer.WriteByte(1);
        writer.WriteText(Address);
        writer.WriteDigest(Fleet);
        writer.WriteBytes(Id.ToByteArray(bigEndian: true));
        writer.WriteBytes(Secret);
        writer.WriteInt64(Expires.ToUnixTimeSeconds());
        byte[] body = writer.ToArray();
        byte[] whole = [.. body, .. SHA256.HashData(body).AsSpan(0, ChecksumBytes)];
        return Prefix + Base64Url.EncodeToString(whole);
    }

    /// <summary>Reads a token.</summary>
    /// <exception cref="EdgeLearnException">Not a token, of a later version, or damaged (it carries a checksum).</exception>
    public static EnrolmentToken Parse(string text)
    {
        string trimmed = text.Trim();
        if (!trimmed.StartsWith(Prefix, StringComparison.Ordinal))
        {
            throw new EdgeLearnException("this is not an enrolment token: a token starts with el1. ; make one with 'edgelearn device "
                + "token'");
        }
        var encoded = trimmed.AsSpan(Prefix.Length);
        if (encoded.Length > LongestText || !Base64Url.IsValid(encoded))
            throw Damaged();
        byte[] whole = Base64Url.DecodeFromChars(encoded);
        if (whole.Length <= ChecksumBytes)
            throw Damaged();
        ReadOnlySpan<byte> body = whole.AsSpan(0, whole.Length - ChecksumBytes);
        if (!SHA256.HashData(body).AsSpan(0, ChecksumBytes).SequenceEqual(whole.AsSpan(body.Length)))
            throw Damaged();
        CanonicalReader reader = new(body, "the enrolment token");
        byte version = reader.ReadByte();
        if (version != 1)
            throw new EdgeLearnException($"the enrolment token has version {version}, this program knows version 1: update it");
        string address = reader.ReadText();
        var fleet = reader.ReadDigest();
        Guid id = new(reader.ReadBytes(16), bigEndian: true);
        byte[] secret = reader.ReadBytes(SecretBytes).ToArray();
        long seconds = reader.ReadInt64();
        reader.ExpectEnd();
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps
            || seconds is < 0 or > 253_402_300_799)
        {
            throw Damaged();
        }
        return new EnrolmentToken(address, fleet, id, secret, DateTimeOffset.FromUnixTimeSeconds(seconds));
    }

    static EdgeLearnException Damaged()
        => new("the enrolment token is damaged: copy it whole, or make a new one with 'edgelearn device token'");
}
