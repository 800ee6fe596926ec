using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EdgeLearn;

/// <summary>
/// Every step of a zeroth-order run: q records of (seed u64, scalar float32) and a checksum u32, little-endian, after a header of magic
/// "ELSTEP02", first step i64, q i32, noise kind i32, noise version i32, SHA-256 of the weights at the first step, SHA-256 of the
/// run's identity (<see cref="RunIdentity"/>). Replaying it from those weights rebuilds the run bit for bit: it is the checkpoint's delta,
/// the audit trail and the federated message. A torn tail is cut off at opening.
/// </summary>
sealed class StepLog : IDisposable
{
    const int HeaderBytes = 8 + 8 + 4 + 4 + 4 + 32 + 32;
    const int RecordBytes = 12;

    readonly SafeFileHandle _file;
    readonly byte[] _entry;
    readonly int _directions;

    StepLog(SafeFileHandle file, int directions, long firstStep)
    {
        _file = file;
        _directions = directions;
        _entry = new byte[directions * RecordBytes + sizeof(uint)];
        FirstStep = firstStep;
    }

    static ReadOnlySpan<byte> Magic => "ELSTEP02"u8;

    /// <summary>Steps done before the first entry.</summary>
    public long FirstStep { get; }

    /// <summary>Whole entries.</summary>
    public long Count { get; private set; }

    /// <summary>Opens the log of a run, or begins one at the session's present step when there is none that fits.</summary>
    /// <param name="path">the file</param>
    /// <param name="session">a run of <c>zo</c>, restored to its newest slot</param>
    public static StepLog Open(string path, TrainingSession session)
    {
        int directions = ProbesOf(session).Directions;
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"the step log {path} cannot be used: {e.Message}", e);
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        if (RandomAccess.Read(file, header, 0) == HeaderBytes && header.StartsWith(Magic)
            && header[(HeaderBytes - 32)..].SequenceEqual(IdentityHash(session)))
        {
            var log = new StepLog(file, directions, BinaryPrimitives.ReadInt64LittleEndian(header[8..]));
            log.FindEnd();
            // A log that ends before the slot lost its tail in a power cut: what it lacks can't be replayed any more.
            bool sameStart = log.FirstStep != session.StepCount
                || header.Slice(28, 32).SequenceEqual(session.Network.Parameters.ContentHash());
            if (sameStart && log.FirstStep <= session.StepCount && log.FirstStep + log.Count >= session.StepCount) return log;
        }

        WriteHeader(header, session);
        RandomAccess.SetLength(file, 0);
        RandomAccess.Write(file, header, 0);
        return new StepLog(file, directions, session.StepCount);
    }

    static void WriteHeader(Span<byte> header, TrainingSession session)
    {
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], session.StepCount);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], ProbesOf(session).Directions);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], (int)ProbesOf(session).Noise);
        BinaryPrimitives.WriteInt32LittleEndian(header[24..], Noise.Version);
        session.Network.Parameters.ContentHash().CopyTo(header[28..]);
        IdentityHash(session).CopyTo(header[60..]);
    }

    static ProbeSettings ProbesOf(TrainingSession session) => (ProbeSettings)session.Settings.Rule;

    static byte[] IdentityHash(TrainingSession session)
        => Sha256.Hash(Encoding.UTF8.GetBytes(RunIdentity.Of(session)));

    void FindEnd()
    {
        while (TryRead(Count)) Count++;
        RandomAccess.SetLength(_file, OffsetOf(Count));
    }

    long OffsetOf(long entry) => HeaderBytes + entry * _entry.Length;

    bool TryRead(long entry)
        => RandomAccess.Read(_file, _entry, OffsetOf(entry)) == _entry.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(_entry.AsSpan(_entry.Length - sizeof(uint))) == Checksum(entry);

    // 32 bits of FNV-1a over the entry's number and content: tells a torn write from a whole one.
    uint Checksum(long entry)
    {
        uint hash = 2166136261 ^ (uint)(FirstStep + entry);
        foreach (byte b in _entry.AsSpan(0, _entry.Length - sizeof(uint))) hash = (hash ^ b) * 16777619;
        return hash;
    }

    /// <summary>Adds the records of one step. Allocates nothing; the bytes are with the operating system when it returns.</summary>
    public void Append(ReadOnlySpan<ZerothOrderRecord> records)
    {
        for (int i = 0; i < records.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_entry.AsSpan(i * RecordBytes), records[i].Seed);
            BinaryPrimitives.WriteSingleLittleEndian(_entry.AsSpan(i * RecordBytes + 8), records[i].Scalar);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(_entry.AsSpan(_entry.Length - sizeof(uint)), Checksum(Count));
        RandomAccess.Write(_file, _entry, OffsetOf(Count));
        Count++;
    }

    /// <summary>Repeats all logged steps that the session has not done yet.</summary>
    public void ReplayInto(TrainingSession session)
    {
        var records = new ZerothOrderRecord[_directions];
        for (long entry = session.StepCount - FirstStep; entry < Count; entry++)
        {
            if (!TryRead(entry)) throw new EdgeLearnException($"the step log is damaged at step {FirstStep + entry}");
            for (int i = 0; i < records.Length; i++)
            {
                records[i] = new ZerothOrderRecord(BinaryPrimitives.ReadUInt64LittleEndian(_entry.AsSpan(i * RecordBytes)),
                    BinaryPrimitives.ReadSingleLittleEndian(_entry.AsSpan(i * RecordBytes + 8)));
            }

            session.Replay(records);
        }
    }

    /// <summary>Makes everything appended so far survive a power cut.</summary>
    public void Flush() => RandomAccess.FlushToDisk(_file);

    public void Dispose() => _file.Dispose();
}
