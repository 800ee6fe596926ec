using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace EdgeLearn;

/// <summary>
/// One saved moment of a run, read by position. Little-endian: magic "ELCKPT" and the version "02", sequence u64, steps done i64, stream
/// seed u64, epoch u64, position i32, then parts, each a length i64 and bytes: the run's identity (UTF-8, <see cref="RunIdentity"/>), the
/// model file, the state of update and rule and, where the run keeps something of the past, a <see cref="ContinualFile"/>; at the end
/// SHA-256 over all before it. Owns its source.
/// </summary>
sealed class CheckpointSlot : IDisposable
{
    const int FixedBytes = 8 + 8 + 8 + 8 + 8 + 4;

    const int MagicBytes = 6;

    readonly ByteSource _source;

    CheckpointSlot(ByteSource source) => _source = source;

    static ReadOnlySpan<byte> Magic => "ELCKPT02"u8;

    public required SlotHead Head { get; init; }

    public required string Identity { get; init; }

    public required ByteSource Model { get; init; }

    public required ByteSource State { get; init; }

    /// <summary>Null where the run keeps nothing of the past.</summary>
    public required ByteSource? Past { get; init; }

    public void Dispose() => _source.Dispose();

    /// <summary>Writes a slot in place of an older one, each part straight from where it lies.</summary>
    /// <param name="path">the file</param>
    /// <param name="head">which moment</param>
    /// <param name="identity">of the run</param>
    /// <param name="parts">lengths and contents: model, state and, where there is one, past</param>
    public static void Replace(string path, SlotHead head, string identity, IEnumerable<(long Bytes, Action<Stream> Write)> parts)
        => DurableFile.Replace(path, file =>
        {
            using var hashed = new HashStream(file);
            Span<byte> fixedPart = stackalloc byte[FixedBytes];
            Magic.CopyTo(fixedPart);
            BinaryPrimitives.WriteUInt64LittleEndian(fixedPart[8..], head.Sequence);
            BinaryPrimitives.WriteInt64LittleEndian(fixedPart[16..], head.StepCount);
            BinaryPrimitives.WriteUInt64LittleEndian(fixedPart[24..], head.Position.Seed);
            BinaryPrimitives.WriteUInt64LittleEndian(fixedPart[32..], head.Position.Epoch);
            BinaryPrimitives.WriteInt32LittleEndian(fixedPart[40..], head.Position.Position);
            hashed.Write(fixedPart);
            byte[] text = Encoding.UTF8.GetBytes(identity);
            Span<byte> length = stackalloc byte[sizeof(long)];
            foreach (var (bytes, write) in parts.Prepend((text.Length, stream => stream.Write(text))))
            {
                BinaryPrimitives.WriteInt64LittleEndian(length, bytes);
                hashed.Write(length);
                write(hashed);
            }

            file.Write(hashed.Finish());
        });

    /// <summary>The slot in a file, or null when it is not whole: half written, damaged, or something else.</summary>
    /// <exception cref="EdgeLearnException">It has another version, or cannot be read.</exception>
    public static CheckpointSlot? Open(string path)
    {
        var source = ByteSource.Open(path, path);
        try
        {
            var slot = Parse(source);
            if (slot is null) source.Dispose();
            return slot;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    static CheckpointSlot? Parse(ByteSource source)
    {
        if (source.Length < FixedBytes + Sha256.LengthBytes) return null;
        Span<byte> head = stackalloc byte[FixedBytes], digest = stackalloc byte[Sha256.LengthBytes];
        source.Read(0, head);
        if (!head.StartsWith(Magic[..MagicBytes])) return null;
        if (!head.StartsWith(Magic))
        {
            throw new EdgeLearnException($"{source.Name} has format {Encoding.ASCII.GetString(head[MagicBytes..Magic.Length])} of "
                + $"checkpoints, this program reads {Encoding.ASCII.GetString(Magic[MagicBytes..])}: go on with the program that wrote it, "
                + $"or choose another folder");
        }
        long end = source.Length - Sha256.LengthBytes, at = FixedBytes;
        source.Read(end, digest);
        if (!digest.SequenceEqual(source.Hash(end))) return null;
        List<ByteSource> parts = [];
        while (at < end)
        {
            if (NextPart(source, ref at, end) is not { } part) return null;
            parts.Add(part);
        }

        if (parts.Count is < 3 or > 4) return null;
        byte[] identity = new byte[parts[0].Length];
        parts[0].Read(0, identity);
        return new CheckpointSlot(source)
        {
            Head = new SlotHead(BinaryPrimitives.ReadUInt64LittleEndian(head[8..]), BinaryPrimitives.ReadInt64LittleEndian(head[16..]),
                new StreamPosition(BinaryPrimitives.ReadUInt64LittleEndian(head[24..]), BinaryPrimitives.ReadUInt64LittleEndian(head[32..]),
                    BinaryPrimitives.ReadInt32LittleEndian(head[40..]))),
            Identity = Encoding.UTF8.GetString(identity),
            Model = parts[1],
            State = parts[2],
            Past = parts.Count > 3 ? parts[3] : null,
        };
    }

    static ByteSource? NextPart(ByteSource source, ref long at, long end)
    {
        if (end - at < sizeof(long)) return null;
        Span<byte> length = stackalloc byte[sizeof(long)];
        source.Read(at, length);
        long start = at + sizeof(long), bytes = BinaryPrimitives.ReadInt64LittleEndian(length);
        if (bytes < 0 || bytes > end - start) return null;
        at = start + bytes;
        return source.Part(start, bytes);
    }
}

/// <summary>Which moment a slot holds.</summary>
/// <param name="Sequence">of the save, from 1</param>
/// <param name="StepCount">steps done</param>
/// <param name="Position">of the samples</param>
readonly record struct SlotHead(ulong Sequence, long StepCount, StreamPosition Position);

/// <summary>
/// What makes two runs the same run, as text: everything that decides what the next step does, but for the weights. Of the settings only
/// those stand in it that differ from their defaults and change bits, by the names of their tables: a new setting leaves older checkpoints
/// valid, and threads, memory and the way in which the length was said play no part. So a default never changes: it gets a new name.
/// </summary>
static class RunIdentity
{
    /// <summary>The identity of a session: "network = 64-10, loss = cross-entropy, ..., rule = tpsgd, update = sgd, lr = 0.5".</summary>
    public static string Of(TrainingSession session)
    {
        var settings = session.Settings;
        List<(string Name, string Value)> entries =
        [
            ("network", session.Network.Spec.ToString()), ("loss", session.Network.Loss.Name), ("samples", Text(session.Data.Count)),
            ("classes", Text(session.Data.ClassCount)), ("steps", Text(session.TotalSteps)), ("epoch steps", Text(session.StepsPerEpoch)),
            ("noise", Text(Noise.Version)), .. settings.Changes(onlyBits: true),
        ];
        if (settings.OrderSeed is { } order) entries.Add(("order seed", Text(order)));
        if (settings.DirectionSeed is { } directions) entries.Add(("direction seed", Text(directions)));
        return string.Join(", ", entries.Select(entry => $"{entry.Name} = {entry.Value}"));
    }

    /// <summary>The first entry that differs, said as "'lr = 1' where this run has 'lr = 2'".</summary>
    public static string Difference(string saved, string current)
    {
        string[] a = saved.Split(", "), b = current.Split(", ");
        string? lost = a.Except(b).FirstOrDefault(), found = b.Except(a).FirstOrDefault();
        if (lost is null) return $"not '{found}', which this run has";
        string name = lost[..(lost.IndexOf(" = ", StringComparison.Ordinal) + 3)];
        string? other = Array.Find(b, entry => entry.StartsWith(name, StringComparison.Ordinal));
        return other is null ? $"'{lost}', which this run has not" : $"'{lost}' where this run has '{other}'";
    }

    static string Text<T>(T number)
        where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);
}
