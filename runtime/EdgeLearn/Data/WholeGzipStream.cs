using System.Buffers.Binary;
using System.IO.Compression;

namespace EdgeLearn;

/// <summary>
/// Expands a gzip file and refuses one that is cut short, which the framework's stream takes for whole: at the end, the length in the last
/// four bytes must be that of what was read (RFC 1952), unless several files were joined into one.
/// </summary>
sealed class WholeGzipStream : ReadOnlyStream
{
    readonly FileStream _stored;
    readonly string _name;
    readonly GZipStream _content;
    long _count;
    bool _isChecked;

    /// <summary>Expands a file from its beginning.</summary>
    /// <param name="stored">owned from now on</param>
    /// <param name="name">what the user calls it</param>
    public WholeGzipStream(FileStream stored, string name)
    {
        (_stored, _name) = (stored, name);
        _content = new GZipStream(stored, CompressionMode.Decompress);
    }

    static ReadOnlySpan<byte> MemberStart => [0x1F, 0x8B, 0x08];

    /// <exception cref="EdgeLearnException">The file is cut short.</exception>
    public override int Read(Span<byte> buffer)
    {
        int count = _content.Read(buffer);
        _count += count;
        if (count == 0 && !buffer.IsEmpty) Check();
        return count;
    }

    void Check()
    {
        if (_isChecked) return;
        _isChecked = true;
        Span<byte> tail = stackalloc byte[sizeof(uint)];
        if (_stored.Length < tail.Length) throw Short();
        _stored.Position = _stored.Length - tail.Length;
        _stored.ReadExactly(tail);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (length != (uint)_count && (length > _count || !HasSecondMember())) throw Short();
    }

    // Whether the three bytes with which a member begins stand anywhere behind the first.
    bool HasSecondMember()
    {
        byte[] buffer = new byte[1 << 16];
        _stored.Position = 1;
        for (int kept = 0; ;)
        {
            int count = _stored.ReadAtLeast(buffer.AsSpan(kept), buffer.Length - kept, throwOnEndOfStream: false);
            if (buffer.AsSpan(0, kept + count).IndexOf(MemberStart) >= 0) return true;
            if (kept + count < buffer.Length) return false;
            buffer.AsSpan(buffer.Length - 2).CopyTo(buffer);
            kept = 2;
        }
    }

    EdgeLearnException Short() => new($"{_name} is a gzip file that is cut short; fetch it again");

    protected override void Dispose(bool disposing)
    {
        if (disposing) _content.Dispose();
        base.Dispose(disposing);
    }
}
