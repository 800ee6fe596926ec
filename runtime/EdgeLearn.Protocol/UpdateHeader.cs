namespace EdgeLearn.Protocol;

/// <summary>
/// What a board says and signs about its update. Canonical form: "ELU1", round u64, device u64, attempt [16], codec u8, base [32],
/// shape [32], examples u64, norm f64, content length i64, content digest [32]; numbers little-endian.
/// </summary>
public sealed record UpdateHeader
{
    /// <summary>Length of the canonical form, in bytes.</summary>
    public const int LengthBytes = 4 + 8 + 8 + 16 + 1 + 32 + 32 + 8 + 8 + 8 + 32;

    static ReadOnlySpan<byte> Magic => "ELU1"u8;

    /// <summary>The round of the task.</summary>
    public required ulong Round { get; init; }

    /// <summary>The board's id as a number.</summary>
    public required ulong Device { get; init; }

    /// <summary>The attempt of the task: makes the update count once, however often it is sent.</summary>
    public required Guid Attempt { get; init; }

    /// <summary>How the content is written.</summary>
    public required Codec Codec { get; init; }

    /// <summary>The model that training started from.</summary>
    public required Digest Base { get; init; }

    /// <summary><see cref="UpdateShape.Hash"/> of that model.</summary>
    public required Digest Shape { get; init; }

    /// <summary>Examples trained on (distinct, not times epochs): the board's weight, up to the round's limit.</summary>
    public required ulong ExampleCount { get; init; }

    /// <summary>Euclidean norm of the change of all travelling parameters.</summary>
    public required double Norm { get; init; }

    /// <summary>Bytes of the content.</summary>
    public required long ContentLength { get; init; }

    /// <summary>SHA-256 of the content.</summary>
    public required Digest Content { get; init; }

    /// <summary>The canonical form.</summary>
    public byte[] ToBytes()
    {
        CanonicalWriter writer = new();
        writer.WriteBytes(Magic);
        writer.WriteUInt64(Round);
        writer.WriteUInt64(Device);
        writer.WriteBytes(Attempt.ToByteArray(bigEndian: true));
        writer.WriteByte((byte)Codec);
        writer.WriteDigest(Base);
        writer.WriteDigest(Shape);
        writer.WriteUInt64(ExampleCount);
        writer.WriteDouble(Norm);
        writer.WriteInt64(ContentLength);
        writer.WriteDigest(Content);
        return writer.ToArray();
    }

    /// <summary>Reads the canonical form. Says nothing about the signature.</summary>
    /// <exception cref="EdgeLearnException">Not a header.</exception>
    public static UpdateHeader Parse(ReadOnlySpan<byte> bytes)
    {
        CanonicalReader reader = new(bytes, "the update's header");
        if (!reader.ReadBytes(Magic.Length).SequenceEqual(Magic))
            throw new EdgeLearnException("these bytes are not the header of an update");
        UpdateHeader header = new()
        {
            Round = reader.ReadUInt64(),
            Device = reader.ReadUInt64(),
            Attempt = new Guid(reader.ReadBytes(16), bigEndian: true),
            Codec = (Codec)reader.ReadByte(),
            Base = reader.ReadDigest(),
            Shape = reader.ReadDigest(),
            ExampleCount = reader.ReadUInt64(),
            Norm = reader.ReadDouble(),
            ContentLength = reader.ReadInt64(),
            Content = reader.ReadDigest(),
        };
        reader.ExpectEnd();
        return header;
    }
}
