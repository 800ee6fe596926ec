using System.Buffers.Binary;

namespace EdgeLearn.Protocol;

/// <summary>
/// The records of pure zeroth-order training with plain SGD and no decay: steps u32, directions u32, then for each record seed u64 and
/// scalar float32, little-endian.
/// </summary>
public sealed class ZerothOrderCodec : UpdateCodec
{
    /// <summary>Greatest number of records in one update.</summary>
    public const int RecordLimit = 1 << 20;

    const int HeadBytes = 8;
    const int RecordBytes = 12;

    /// <inheritdoc/>
    public override Codec Kind => Codec.ZerothOrder;

    /// <inheritdoc/>
    public override string Name => "records";

    /// <inheritdoc/>
    public override ChangeKind Gives => ChangeKind.Records;

    /// <inheritdoc/>
    public override long LargestContentBytes(UpdateShape shape) => HeadBytes + (long)RecordLimit * RecordBytes;

    /// <inheritdoc/>
    public override byte[] Encode(in UpdateContext context, in BoardChange change)
    {
        int count = change.Records.Length;
        if (count > RecordLimit || count % context.Directions != 0)
        {
            throw new ArgumentException($"{count} records, expected a multiple of {context.Directions} and at most {RecordLimit}",
                nameof(change));
        }
        byte[] content = new byte[HeadBytes + count * RecordBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(content, (uint)(count / context.Directions));
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(4), (uint)context.Directions);
        var rest = content.AsSpan(HeadBytes);
        foreach (var record in change.Records)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, record.Seed);
            BinaryPrimitives.WriteSingleLittleEndian(rest[8..], record.Scalar);
            rest = rest[RecordBytes..];
        }
        return content;
    }

    /// <inheritdoc/>
    public override Refusal Check(in UpdateContext context, ReadOnlySpan<byte> content, out string reason)
    {
        int count = (content.Length - HeadBytes) / RecordBytes;
        if (content.Length < HeadBytes || count > RecordLimit || content.Length != HeadBytes + count * RecordBytes
            || (ulong)BinaryPrimitives.ReadUInt32LittleEndian(content) * BinaryPrimitives.ReadUInt32LittleEndian(content[4..])
            != (ulong)count)
        {
            reason = $"{content.Length} bytes are not steps, directions and so many records of {RecordBytes} bytes";
            return Refusal.Malformed;
        }
        if (BinaryPrimitives.ReadUInt32LittleEndian(content[4..]) != (uint)context.Directions)
        {
            reason = $"{BinaryPrimitives.ReadUInt32LittleEndian(content[4..])} directions a step, the task says {context.Directions}";
            return Refusal.Malformed;
        }
        for (int i = 0; i < count; i++)
        {
            var record = Read(content, i);
            if (!float.IsFinite(record.Scalar))
            {
                reason = $"the scalar of record {i} is {record.Scalar}";
                return Refusal.NonFinite;
            }
            // A board that could choose its seeds could choose its directions.
            if (record.Seed != RoundNoise.RecordSeed(context.Round, context.Device, i / context.Directions, i % context.Directions))
            {
                reason = $"the seed of record {i} is not the one of this round and board";
                return Refusal.Malformed;
            }
        }
        reason = "";
        return Refusal.None;
    }

    /// <inheritdoc/>
    public override UpdateChange Decode(in UpdateContext context, ReadOnlySpan<byte> content)
    {
        var records = new ZerothOrderRecord[(content.Length - HeadBytes) / RecordBytes];
        for (int i = 0; i < records.Length; i++) records[i] = Read(content, i);
        return new RecordChange(records, context.Directions);
    }

    /// <summary>Records replay for zo with sgd alone: every step adds a known multiple of known noise, and nothing else.</summary>
    /// <exception cref="EdgeLearnException">Another rule or update, or momentum, decay or average.</exception>
    public override void CheckSettings(TrainingSettings settings)
    {
        if (settings is not
            {
                Rule: ZerothOrderSettings, Update: SgdSettings { Momentum: 0, WeightDecay: 0 },
                Continual: null or { Average: AverageKind.None }
            })
        {
            throw new EdgeLearnException($"records of {settings.Rule.Word} with {settings.Update.Word} cannot be replayed: "
                + "this codec needs zo with sgd, without momentum, decay and average");
        }
    }

    static ZerothOrderRecord Read(ReadOnlySpan<byte> content, int index)
    {
        var record = content[(HeadBytes + index * RecordBytes)..];
        return new ZerothOrderRecord(BinaryPrimitives.ReadUInt64LittleEndian(record), BinaryPrimitives.ReadSingleLittleEndian(record[8..]));
    }
}
