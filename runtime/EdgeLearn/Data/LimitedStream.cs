namespace EdgeLearn;

/// <summary>
/// Passes writes on and stops before the inner stream grows beyond a limit. Closes nothing: the inner stream belongs to the caller.
/// </summary>
sealed class LimitedStream : Stream
{
    readonly Stream _inner;
    readonly long _limitBytes;
    readonly string _name;

    public LimitedStream(Stream inner, long limitBytes, string name)
    {
        _inner = inner;
        _limitBytes = limitBytes;
        _name = name;
    }

    public override bool CanRead => false;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => _inner.Length;

    public override long Position
    {
        get => _inner.Position;
        set => _inner.Position = value;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_inner.Position + buffer.Length > _limitBytes)
            throw new EdgeLearnException($"{_name} expands beyond its limit of {_limitBytes} bytes");
        _inner.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => _inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => _inner.Seek(offset, origin);

    public override void SetLength(long value) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
