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
    public override void Encode(in UpdateContext context, in BoardChange change, Stream content)
    {
        int count = change.Records.Length;
        if (count > RecordLimit || count % context.Directions != 0)
        {
            throw new ArgumentException($"{count} records, expected a multiple of {context.Directions} and at most {RecordLimit}",
                nameof(change));
        }
        byte[] piece = new byte[PieceLength];
        BinaryPrimitives.WriteUInt32LittleEndian(piece, (uint)(count / context.Directions));
        BinaryPrimitives.WriteUInt32LittleEndian(piece.AsSpan(4), (uint)context.Directions);
        int length = HeadBytes;
        foreach (var record in change.Records)
        {
            if (length + RecordBytes > piece.Length)
            {
                content.Write(piece, 0, length);
                length = 0;
            }
            BinaryPrimitives.WriteUInt64LittleEndian(piece.AsSpan(length), record.Seed);
            BinaryPrimitives.WriteSingleLittleEndian(piece.AsSpan(length + 8), record.Scalar);
            length += RecordBytes;
        }
        content.Write(piece, 0, length);
    }

    /// <inheritdoc/>
    public override Refusal Check(in UpdateContext context, Stream content, out string reason)
    {
        long count = (content.Length - HeadBytes) / RecordBytes;
        Span<byte> head = stackalloc byte[HeadBytes];
        head.Clear();
        content.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false);
        uint steps = BinaryPrimitives.ReadUInt32LittleEndian(head), directions = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
        if (content.Length < HeadBytes || count > RecordLimit || content.Length != HeadBytes + count * RecordBytes
            || (ulong)steps * directions != (ulong)count)
        {
            reason = $"{content.Length} bytes are not steps, directions and so many records of {RecordBytes} bytes";
            return Refusal.Malformed;
        }
        if (directions != (uint)context.Directions)
        {
            reason = $"{directions} directions a step, the task says {context.Directions}";
            return Refusal.Malformed;
        }
        for (int i = 0; i < count; i++)
        {
            var record = Read(content);
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
    public override UpdateChange Decode(in UpdateContext context, Stream content)
    {
        var records = new ZerothOrderRecord[(content.Length - HeadBytes) / RecordBytes];
        content.Position = HeadBytes;
        for (int i = 0; i < records.Length; i++) records[i] = Read(content);
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

    static ZerothOrderRecord Read(Stream content)
    {
        Span<byte> record = stackalloc byte[RecordBytes];
        content.ReadExactly(record);
        return new ZerothOrderRecord(BinaryPrimitives.ReadUInt64LittleEndian(record), BinaryPrimitives.ReadSingleLittleEndian(record[8..]));
    }
}
