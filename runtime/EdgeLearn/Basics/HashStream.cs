namespace EdgeLearn;

/// <summary>Writes on to another stream and hashes what goes by: a file's digest costs no second reading.</summary>
/// <param name="inner">not owned; null where the digest alone is wanted</param>
sealed class HashStream(Stream? inner = null) : Stream
{
    readonly Sha256 _hash = new();
    long _length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    /// <summary>Bytes written.</summary>
    public override long Length => _length;

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>SHA-256 of all that was written; nothing can be written afterwards.</summary>
    public byte[] Finish() => _hash.Finish();

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _hash.Append(buffer);
        inner?.Write(buffer);
        _length += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => inner?.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
