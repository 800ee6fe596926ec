using System.Buffers.Binary;

namespace EdgeLearn.Protocol;

/// <summary>One perturbation and what was made of it: w &lt;- w + scalar * z(seed). Rate and sign are in the scalar already.</summary>
/// <param name="Seed"><see cref="FleetHash.RecordSeed"/> of round, board and number of the record.</param>
/// <param name="Scalar">Rounded to float32 before the board applied it.</param>
public readonly record struct ZerothOrderRecord(ulong Seed, float Scalar);

/// <summary>
/// The records of pure zeroth-order training (stateless update, no decay): count u32, then for each record seed u64 and scalar float32, little-endian.
/// The result of the round is the concatenation in the order of board ids, each scalar times the board's share of the examples, replayed from the
/// base. Since every step adds to the weights, this is the weighted mean of the boards' models, up to rounding.
/// Source: Malladi et al., Fine-tuning language models with just forward passes (MeZO), arXiv:2305.17333; Qin et al., FedKSeed, arXiv:2312.06353.
/// </summary>
public sealed class ZerothOrderCodec : UpdateCodec
{
    /// <summary>Greatest number of records in one update.</summary>
    public const int RecordLimit = 1 << 20;

    const int RecordBytes = 12;

    /// <inheritdoc/>
    public override Codec Kind => Codec.ZerothOrder;

    /// <inheritdoc/>
    public override long LargestContentBytes(UpdateShape shape) => sizeof(uint) + (long)RecordLimit * RecordBytes;

    /// <inheritdoc/>
    public override byte[] Encode(UpdateShape shape, in LocalChange change)
    {
        if (change.Records.Length > RecordLimit)
            throw new ArgumentException($"{change.Records.Length} records, at most {RecordLimit}", nameof(change));
        byte[] content = new byte[sizeof(uint) + change.Records.Length * RecordBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(content, (uint)change.Records.Length);
        Span<byte> rest = content.AsSpan(sizeof(uint));
        foreach (ZerothOrderRecord record in change.Records)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, record.Seed);
            BinaryPrimitives.WriteSingleLittleEndian(rest[8..], record.Scalar);
            rest = rest[RecordBytes..];
        }
        return content;
    }

    /// <inheritdoc/>
    public override Refusal Check(UpdateShape shape, ulong round, ulong device, ReadOnlySpan<byte> content, out string reason)
    {
        if (content.Length < sizeof(uint) || (content.Length - sizeof(uint)) % RecordBytes != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(content) != (content.Length - sizeof(uint)) / RecordBytes
            || content.Length > LargestContentBytes(shape))
        {
            reason = $"{content.Length} bytes are not a count and so many records of {RecordBytes} bytes";
            return Refusal.Malformed;
        }
        int count = (content.Length - sizeof(uint)) / RecordBytes;
        for (int i = 0; i < count; i++)
        {
            ZerothOrderRecord record = Read(content, i);
            if (!float.IsFinite(record.Scalar))
            {
                reason = $"the scalar of record {i} is {record.Scalar}";
                return Refusal.NonFinite;
            }
            // A board that could choose its seeds could choose its directions.
            if (record.Seed != FleetHash.RecordSeed(round, device, i))
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
    public static ZerothOrderRecord[] Decode(ReadOnlySpan<byte> content)
    {
        ZerothOrderRecord[] records = new ZerothOrderRecord[(content.Length - sizeof(uint)) / RecordBytes];
        for (int i = 0; i < records.Length; i++)
            records[i] = Read(content, i);
        return records;
    }

    static ZerothOrderRecord Read(ReadOnlySpan<byte> content, int index)
    {
        ReadOnlySpan<byte> record = content[(sizeof(uint) + index * RecordBytes)..];
        return new ZerothOrderRecord(BinaryPrimitives.ReadUInt64LittleEndian(record), BinaryPrimitives.ReadSingleLittleEndian(record[8..]));
    }
}

sealed class ZerothOrderSum : UpdateSum
{
    readonly SortedDictionary<ulong, (ulong Examples, ZerothOrderRecord[] Records)> _boards = [];
    ulong _examples;

    public override void Add(ulong device, ulong exampleCount, ReadOnlySpan<byte> content)
    {
        _boards.Add(device, (exampleCount, ZerothOrderCodec.Decode(content)));
        _examples += exampleCount;
    }

    public override void Apply(UpdateTarget target)
    {
        foreach ((ulong examples, ZerothOrderRecord[] records) in _boards.Values)
        {
            ZerothOrderRecord[] scaled = new ZerothOrderRecord[records.Length];
            for (int i = 0; i < records.Length; i++)
                scaled[i] = records[i] with { Scalar = (float)((double)records[i].Scalar * examples / _examples) };
            target.Replay(scaled);
        }
    }
}
