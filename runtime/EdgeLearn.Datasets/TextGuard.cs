namespace EdgeLearn.Datasets;

/// <summary>
/// Passes reads on and stops at a line, or a text, that no table of samples has: a csv reader holds a line in memory, and a small gzip
/// file may expand to a line without end.
/// </summary>
sealed class TextGuard(Stream inner, string name, long limitBytes) : Stream
{
    /// <summary>Most bytes of a line: above 100,000 columns.</summary>
    public const int LongestLineBytes = 1 << 20;

    long _lineBytes;
    long _lineNumber = 1;

    /// <summary>Bytes read so far.</summary>
    public long Bytes { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => Bytes;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int count = ReadInner(buffer);
        Bytes += count;
        if (Bytes > limitBytes) throw new EdgeLearnException($"{name} is larger than {limitBytes} bytes when expanded");
        for (var rest = buffer[..count]; !rest.IsEmpty;)
        {
            int end = rest.IndexOf((byte)'\n');
            _lineBytes += end < 0 ? rest.Length : end;
            if (_lineBytes > LongestLineBytes)
                throw new EdgeLearnException($"{name}: line {_lineNumber} is longer than {LongestLineBytes} bytes; is it a csv?");
            if (end < 0) break;
            rest = rest[(end + 1)..];
            _lineBytes = 0;
            _lineNumber++;
        }

        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    int ReadInner(Span<byte> buffer)
    {
        try
        {
            return inner.Read(buffer);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw GzipFile.Damaged(name, e);
        }
    }
}
