using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace EdgeLearn;

/// <summary>
/// One saved moment of a run, as bytes. Little-endian: magic "ELCKPT" and the version "02", sequence u64, steps done i64, stream seed u64,
/// epoch u64, position i32, then parts, each a length i64 and bytes: the run's identity (UTF-8, <see cref="RunIdentity"/>), the model file,
/// the state of update and rule and, where the run keeps something of the past, a <see cref="ContinualFile"/>; at the end SHA-256 over all
/// before it.
/// </summary>
sealed record CheckpointSlot(ulong Sequence, long StepCount, StreamPosition Position, string Identity, ReadOnlyMemory<byte> Model,
    ReadOnlyMemory<byte> State, ReadOnlyMemory<byte> Past = default)
{
    const int FixedBytes = 8 + 8 + 8 + 8 + 8 + 4;

    const int MagicBytes = 6;

    static ReadOnlySpan<byte> Magic => "ELCKPT02"u8;

    public byte[] ToArray()
    {
        byte[] identity = Encoding.UTF8.GetBytes(Identity);
        byte[] bytes = new byte[FixedBytes + 3 * sizeof(long) + identity.Length + Model.Length + State.Length
            + (Past.Length > 0 ? sizeof(long) + Past.Length : 0) + Sha256.LengthBytes];
        var rest = bytes.AsSpan();
        Magic.CopyTo(rest);
        BinaryPrimitives.WriteUInt64LittleEndian(rest[8..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(rest[16..], StepCount);
        BinaryPrimitives.WriteUInt64LittleEndian(rest[24..], Position.Seed);
        BinaryPrimitives.WriteUInt64LittleEndian(rest[32..], Position.Epoch);
        BinaryPrimitives.WriteInt32LittleEndian(rest[40..], Position.Position);
        rest = WritePart(rest[FixedBytes..], identity);
        rest = WritePart(rest, Model.Span);
        rest = WritePart(rest, State.Span);
        if (Past.Length > 0) rest = WritePart(rest, Past.Span);
        Sha256.Hash(bytes.AsSpan(0, bytes.Length - Sha256.LengthBytes)).CopyTo(rest);
        return bytes;
    }

    static Span<byte> WritePart(Span<byte> rest, ReadOnlySpan<byte> part)
    {
        BinaryPrimitives.WriteInt64LittleEndian(rest, part.Length);
        part.CopyTo(rest[sizeof(long)..]);
        return rest[(sizeof(long) + part.Length)..];
    }

    /// <summary>The slot in these bytes, or null when they are not whole: half written, damaged, or something else.</summary>
    /// <param name="bytes">of a file</param>
    /// <param name="name">what to call it in errors</param>
    /// <exception cref="EdgeLearnException">It has another version.</exception>
    public static CheckpointSlot? Parse(ReadOnlyMemory<byte> bytes, string name)
    {
        if (bytes.Length < FixedBytes + Sha256.LengthBytes || !bytes.Span.StartsWith(Magic[..MagicBytes])) return null;
        if (!bytes.Span.StartsWith(Magic))
        {
            throw new EdgeLearnException($"{name} has format {Encoding.ASCII.GetString(bytes.Span[MagicBytes..Magic.Length])} of "
                + $"checkpoints, this program reads {Encoding.ASCII.GetString(Magic[MagicBytes..])}: go on with the program that wrote it, "
                + $"or choose another folder");
        }
        var content = bytes[..^Sha256.LengthBytes];
        if (!Sha256.Hash(content.Span).AsSpan().SequenceEqual(bytes.Span[^Sha256.LengthBytes..])) return null;
        var head = content.Span;
        var position = new StreamPosition(BinaryPrimitives.ReadUInt64LittleEndian(head[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(head[32..]), BinaryPrimitives.ReadInt32LittleEndian(head[40..]));
        var rest = content[FixedBytes..];
        if (!TryReadPart(ref rest, out var identity) || !TryReadPart(ref rest, out var model) || !TryReadPart(ref rest, out var state))
            return null;
        ReadOnlyMemory<byte> past = default;
        if (rest.Length > 0 && (!TryReadPart(ref rest, out past) || rest.Length > 0)) return null;
        return new CheckpointSlot(BinaryPrimitives.ReadUInt64LittleEndian(head[8..]), BinaryPrimitives.ReadInt64LittleEndian(head[16..]),
            position, Encoding.UTF8.GetString(identity.Span), model, state, past);
    }

    static bool TryReadPart(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> part)
    {
        part = default;
        if (rest.Length < sizeof(long)) return false;
        long length = BinaryPrimitives.ReadInt64LittleEndian(rest.Span);
        if (length < 0 || length > rest.Length - sizeof(long)) return false;
        part = rest.Slice(sizeof(long), (int)length);
        rest = rest[(sizeof(long) + (int)length)..];
        return true;
    }
}

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
