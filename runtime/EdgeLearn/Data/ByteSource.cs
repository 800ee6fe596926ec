using Microsoft.Win32.SafeHandles;

namespace EdgeLearn;

/// <summary>
/// Bytes read by position: an open file, or an array where there could be no file. A file is never mapped, since every page read
/// through a mapping counts as memory of the process. Reads allocate nothing and may come from several threads.
/// </summary>
sealed class ByteSource : IDisposable
{
    readonly SafeFileHandle? _file;
    readonly ReadOnlyMemory<byte> _memory;
    readonly long _start;
    readonly bool _isPart;

    /// <summary>Reads bytes that somebody holds in memory; they must not change.</summary>
    public ByteSource(ReadOnlyMemory<byte> memory, string name)
    {
        _memory = memory;
        Name = name;
        Length = memory.Length;
    }

    ByteSource(SafeFileHandle file, string name)
    {
        _file = file;
        Name = name;
        Length = RandomAccess.GetLength(file);
    }

    ByteSource(ByteSource whole, long start, long length)
    {
        _file = whole._file;
        _memory = whole._memory;
        _start = whole._start + start;
        _isPart = true;
        Name = whole.Name;
        Length = length;
    }

    /// <summary>The file, for messages.</summary>
    public string Name { get; }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>Opens a file for reading by position.</summary>
    /// <exception cref="EdgeLearnException">There is no such file, or it cannot be read.</exception>
    public static ByteSource Open(string path, string? name = null)
    {
        name ??= Path.GetFileName(path);
        try
        {
            return new ByteSource(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete), name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new EdgeLearnException($"cannot read {path}: {e.Message}", e);
        }
    }

    /// <summary>Some of the bytes, counted from 0 again; dies with the whole, which alone is disposed of.</summary>
    /// <exception cref="EdgeLearnException">The bytes end before that.</exception>
    public ByteSource Part(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > Length - length) throw CutShort(offset, length);
        return new ByteSource(this, offset, length);
    }

    /// <summary>Fills <paramref name="bytes"/> from <paramref name="offset"/> on.</summary>
    /// <exception cref="EdgeLearnException">The bytes end before that, or the device fails.</exception>
    public void Read(long offset, Span<byte> bytes)
    {
        if ((_file is null || _isPart) && (offset < 0 || offset > Length - bytes.Length)) throw CutShort(offset, bytes.Length);
        if (_file is null)
        {
            _memory.Span.Slice((int)(_start + offset), bytes.Length).CopyTo(bytes);
            return;
        }

        while (!bytes.IsEmpty)
        {
            int count = ReadSome(_start + offset, bytes);
            if (count == 0) throw CutShort(offset, bytes.Length);
            offset += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>The first bytes: <paramref name="atMost"/>, or all when there are fewer.</summary>
    public byte[] ReadStart(int atMost)
    {
        byte[] start = new byte[(int)Math.Min(atMost, Length)];
        Read(0, start);
        return start;
    }

    /// <summary>SHA-256 of the first bytes, read in pieces.</summary>
    public byte[] Hash(long length)
    {
        var hash = new Sha256();
        byte[] piece = new byte[(int)Math.Min(length, 1 << 16)];
        for (long at = 0; at < length; at += piece.Length)
        {
            var bytes = piece.AsSpan(0, (int)Math.Min(piece.Length, length - at));
            Read(at, bytes);
            hash.Append(bytes);
        }

        return hash.Finish();
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        if (!_isPart) _file?.Dispose();
    }

    int ReadSome(long offset, Span<byte> bytes)
    {
        try
        {
            return RandomAccess.Read(_file!, bytes, offset);
        }
        catch (IOException e)
        {
            throw new EdgeLearnException($"cannot read {Name} at byte {offset}: {e.Message}", e);
        }
    }

    EdgeLearnException CutShort(long offset, long count) =>
        new($"{Name} ended at byte {Length} while {count} bytes from {offset} on were read; was it replaced while in use?");
}
