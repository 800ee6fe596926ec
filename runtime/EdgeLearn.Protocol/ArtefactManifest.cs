namespace EdgeLearn.Protocol;

/// <summary>
/// What an artefact is and where it comes from. <see cref="ToBytes"/> is its one canonical form, and what is signed:
/// "ELM1", fleet [32], group, version u64, digest [32], size i64, parent [32], origin [32], generation u32, generation limit u32, round
/// u64, updates [32], signer u8, created i64; numbers little-endian, text behind its 16-bit length.
/// </summary>
public sealed record ArtefactManifest
{
    /// <summary>Longest manifest, in bytes.</summary>
    public const int LongestBytes = 1024;

    static ReadOnlySpan<byte> Magic => "ELM1"u8;

    /// <summary>The fleet: SHA-256 of its authority's public key.</summary>
    public required Digest Fleet { get; init; }

    /// <summary>The group of boards that it is for.</summary>
    public required string Group { get; init; }

    /// <summary>Greater for every newer artefact of the group; boards and hub refuse to go back.</summary>
    public required ulong Version { get; init; }

    /// <summary>SHA-256 of the artefact's bytes.</summary>
    public required Digest Digest { get; init; }

    /// <summary>Length of the artefact.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The model that it was made from; none for a first push.</summary>
    public Digest Parent { get; init; }

    /// <summary>The pushed artefact at the root of the lineage; none for a push itself.</summary>
    public Digest Origin { get; init; }

    /// <summary>How many rounds away from the push; 0 for a push itself.</summary>
    public uint Generation { get; init; }

    /// <summary>In a push: how many successors the hub's round key may sign, 0 = none. In a successor: 0.</summary>
    public uint GenerationLimit { get; init; }

    /// <summary>The round that made it; 0 for a push.</summary>
    public ulong Round { get; init; }

    /// <summary>Hash of the accepted updates, in order of device id; none for a push.</summary>
    public Digest Updates { get; init; }

    /// <summary>Who signs it.</summary>
    public required ArtefactSigner Signer { get; init; }

    /// <summary>When it was made, milliseconds since 1970, by the signer's clock; for people.</summary>
    public required long CreatedUnixMs { get; init; }

    /// <summary>The canonical form.</summary>
    public byte[] ToBytes()
    {
        CanonicalWriter writer = new();
        writer.WriteBytes(Magic);
        writer.WriteDigest(Fleet);
        writer.WriteText(Group);
        writer.WriteUInt64(Version);
        writer.WriteDigest(Digest);
        writer.WriteInt64(SizeBytes);
        writer.WriteDigest(Parent);
        writer.WriteDigest(Origin);
        writer.WriteUInt32(Generation);
        writer.WriteUInt32(GenerationLimit);
        writer.WriteUInt64(Round);
        writer.WriteDigest(Updates);
        writer.WriteByte((byte)Signer);
        writer.WriteInt64(CreatedUnixMs);
        return writer.ToArray();
    }

    /// <summary>Reads the canonical form and checks that the fields agree with each other. Says nothing about the signature.</summary>
    /// <exception cref="EdgeLearnException">Not a manifest, or one that contradicts itself.</exception>
    public static ArtefactManifest Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LongestBytes)
            throw new EdgeLearnException($"the artefact's manifest has {bytes.Length} bytes, more than {LongestBytes}");
        CanonicalReader reader = new(bytes, "the artefact's manifest");
        if (!reader.ReadBytes(Magic.Length).SequenceEqual(Magic))
            throw new EdgeLearnException("these bytes are not the manifest of an artefact");
        ArtefactManifest manifest = new()
        {
            Fleet = reader.ReadDigest(),
            Group = reader.ReadText(),
            Version = reader.ReadUInt64(),
            Digest = reader.ReadDigest(),
            SizeBytes = reader.ReadInt64(),
            Parent = reader.ReadDigest(),
            Origin = reader.ReadDigest(),
            Generation = reader.ReadUInt32(),
            GenerationLimit = reader.ReadUInt32(),
            Round = reader.ReadUInt64(),
            Updates = reader.ReadDigest(),
            Signer = (ArtefactSigner)reader.ReadByte(),
            CreatedUnixMs = reader.ReadInt64(),
        };
        reader.ExpectEnd();
        bool push = manifest.Origin.IsNone && manifest.Generation == 0 && manifest.Round == 0 && manifest.Updates.IsNone;
        bool successor = !manifest.Origin.IsNone && !manifest.Parent.IsNone && manifest.Generation > 0 && manifest.GenerationLimit == 0
            && manifest.Round > 0 && !manifest.Updates.IsNone;
        bool whole = manifest.Version > 0 && manifest.SizeBytes > 0 && !manifest.Digest.IsNone && manifest.Group.Length > 0;
        if (!whole || !(manifest.Signer == ArtefactSigner.Release ? push : manifest.Signer == ArtefactSigner.Round && successor))
        {
            throw new EdgeLearnException($"the artefact's manifest contradicts itself (version {manifest.Version}, "
                + $"signer {manifest.Signer}, round {manifest.Round})");
        }
        return manifest;
    }

    /// <summary>Signs the canonical form.</summary>
    public SignedManifest Sign(FleetKey key)
    {
        byte[] bytes = ToBytes();
        return new SignedManifest
        {
            Manifest = Google.Protobuf.ByteString.CopyFrom(bytes),
            Signature = Google.Protobuf.ByteString.CopyFrom(key.Sign(SignedThing.Manifest, bytes)),
        };
    }
}

/// <summary>Who signed an artefact.</summary>
public enum ArtefactSigner : byte
{
    /// <summary>The operator's release key: a push.</summary>
    Release = 1,

    /// <summary>The hub's round key: the result of a round, within the lineage of a push.</summary>
    Round = 2,
}
