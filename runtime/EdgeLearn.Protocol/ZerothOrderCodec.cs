using System.Buffers.Binary;

namespace EdgeLearn.Protocol;

/// <summary>
/// The records of pure zeroth-order training with plain SGD and no decay: steps u32, directions u32, then for each record seed u64 and scalar
/// float32, little-endian. The result of the round is the concatenation in the order of board ids, each scalar times the board's share of the
/// examples, replayed from the base. Since every step only adds to the weights, this is the weighted mean of the boards' models, up to rounding;
/// the hub's result is authoritative.
/// Source: Malladi et al., Fine-tuning language models with just forward passes (MeZO), arXiv:2305.17333; Qin et al., FedKSeed, arXiv:2312.06353.
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
    public override long LargestContentBytes(UpdateShape shape) => HeadBytes + (long)RecordLimit * RecordBytes;

    /// <inheritdoc/>
    public override byte[] Encode(in UpdateContext context, in BoardChange change)
    {
        int count = change.Records.Length;
        if (count > RecordLimit || count % context.Directions != 0)
            throw new ArgumentException($"{count} records, expected a multiple of {context.Directions} and at most {RecordLimit}", nameof(change));
        byte[] content = new byte[HeadBytes + count * RecordBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(content, (uint)(count / context.Directions));
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(4), (uint)context.Directions);
        Span<byte> rest = content.AsSpan(HeadBytes);
        foreach (ZerothOrderRecord record in change.Records)
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
            || (ulong)BinaryPrimitives.ReadUInt32LittleEndian(content) * BinaryPrimitives.ReadUInt32LittleEndian(content[4..]) != (ulong)count)
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
            ZerothOrderRecord record = Read(content, i);
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
    public override UpdateSum NewSum(UpdateShape shape) => new ZerothOrderSum();

    /// <summary>Reads the records of checked content.</summary>
    public static (ZerothOrderRecord[] Records, int Directions) Decode(ReadOnlySpan<byte> content)
    {
        ZerothOrderRecord[] records = new ZerothOrderRecord[(content.Length - HeadBytes) / RecordBytes];
        for (int i = 0; i < records.Length; i++)
            records[i] = Read(content, i);
        return (records, (int)BinaryPrimitives.ReadUInt32LittleEndian(content[4..]));
    }

    static ZerothOrderRecord Read(ReadOnlySpan<byte> content, int index)
    {
        ReadOnlySpan<byte> record = content[(HeadBytes + index * RecordBytes)..];
        return new ZerothOrderRecord(BinaryPrimitives.ReadUInt64LittleEndian(record), BinaryPrimitives.ReadSingleLittleEndian(record[8..]));
    }
}

sealed class ZerothOrderSum : UpdateSum
{
    readonly SortedDictionary<ulong, (ulong Weight, ZerothOrderRecord[] Records, int Directions)> _boards = [];
    ulong _weight;

    public override void Add(ulong device, ulong weight, ReadOnlySpan<byte> content)
    {
        (ZerothOrderRecord[] records, int directions) = ZerothOrderCodec.Decode(content);
        _boards.Add(device, (weight, records, directions));
        _weight += weight;
    }

    public override void Apply(UpdateTarget target)
    {
        foreach ((ulong weight, ZerothOrderRecord[] records, int directions) in _boards.Values)
        {
            ZerothOrderRecord[] scaled = new ZerothOrderRecord[records.Length];
            for (int i = 0; i < records.Length; i++)
                scaled[i] = records[i] with { Scalar = (float)((double)records[i].Scalar * weight / _weight) };
            target.Replay(scaled, directions);
        }
    }
}
