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
            throw new EdgeLearnException($"cannot open {path}: {e.Message}", e);
        }
    }

    /// <summary>Fills <paramref name="bytes"/> from <paramref name="offset"/> on.</summary>
    /// <exception cref="EdgeLearnException">The bytes end before that, or the device fails.</exception>
    public void Read(long offset, Span<byte> bytes)
    {
        if (_file is null)
        {
            if (offset < 0 || offset > Length - bytes.Length) throw CutShort(offset, bytes.Length);
            _memory.Span.Slice((int)offset, bytes.Length).CopyTo(bytes);
            return;
        }

        while (!bytes.IsEmpty)
        {
            int count = ReadSome(offset, bytes);
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

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file?.Dispose();

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

    EdgeLearnException CutShort(long offset, int count) =>
        new($"{Name} ended at byte {Length} while {count} bytes from {offset} on were read; was it replaced while in use?");
}
