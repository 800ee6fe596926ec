using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EdgeLearn.Protocol;

/// <summary>A SHA-256 digest: the name of an artefact, of a key or of a fleet.</summary>
public readonly record struct Digest
{
    /// <summary>Bytes of a digest.</summary>
    public const int LengthBytes = 32;

    readonly ulong _a, _b, _c, _d;

    /// <summary>Takes the 32 bytes of a digest.</summary>
    /// <exception cref="EdgeLearnException">Not 32 bytes.</exception>
    public Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != LengthBytes)
            throw new EdgeLearnException($"a SHA-256 digest has {LengthBytes} bytes, this one has {bytes.Length}");
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>True for the digest of 32 zero bytes, which stands for "none".</summary>
    public bool IsNone => (_a | _b | _c | _d) == 0;

    /// <summary>SHA-256 of some bytes.</summary>
    public static Digest Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[LengthBytes];
        SHA256.HashData(content, hash);
        return new Digest(hash);
    }

    /// <summary>SHA-256 of a stream, from its position to its end.</summary>
    public static Digest Of(Stream content)
    {
        Span<byte> hash = stackalloc byte[LengthBytes];
        SHA256.HashData(content, hash);
        return new Digest(hash);
    }

    /// <summary>SHA-256 and length of what is written.</summary>
    /// <param name="write">writes all of it</param>
    /// <param name="onto">where it goes; null = nowhere</param>
    public static (Digest Digest, long Bytes) Of(Action<Stream> write, Stream? onto = null)
    {
        using var hashed = new HashStream(onto);
        write(hashed);
        return (new Digest(hashed.Finish()), hashed.Length);
    }

    /// <summary>Writes the 32 bytes.</summary>
    /// <param name="destination">[at least 32]</param>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _d);
    }

    /// <summary>The 32 bytes in a new array.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[LengthBytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>The first eight bytes as a big-endian number.</summary>
    public ulong Head => _a;

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => $"{_a:x16}{_b:x16}{_c:x16}{_d:x16}";
}
