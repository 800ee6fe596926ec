namespace EdgeLearn;

/// <summary>
/// Passes writes on and stops before the inner stream grows beyond a limit. Closes nothing: the inner stream belongs to the caller.
/// </summary>
sealed class LimitedStream(Stream inner, long limitBytes, string name) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (inner.Position + buffer.Length > limitBytes)
            throw new EdgeLearnException($"{name} expands beyond its limit of {limitBytes} bytes");
        inner.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void SetLength(long value) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
