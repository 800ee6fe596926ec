namespace EdgeLearn;

/// <summary>
/// A folder of files that were made from other files, each under a name that says what it was made from (a digest), so that a whole file
/// is always the right one. A file is written beside its place, flushed to the device and renamed: other processes see all of it or
/// nothing, and two that make the same file at once replace it with itself. Where nothing can be written the bytes are held in memory.
/// </summary>
sealed class FileCache
{
    /// <summary>No cached file grows beyond this unless the caller sets another limit.</summary>
    public const long DefaultLimitBytes = 4L << 30;

    /// <summary>Most bytes that are held in memory for a file that could not be written.</summary>
    public const long MemoryLimitBytes = 256L << 20;

    // A cache never takes the last room of a board's card.
    const long ReserveBytes = 64L << 20;

    static readonly TimeSpan s_abandonedAfter = TimeSpan.FromDays(1);

    readonly string[] _folders;
    readonly long _limitBytes;
    (string Path, long Bytes, DateTime Written, string Digest) _digested;

    /// <summary>Uses one folder, or the user's own cache.</summary>
    /// <param name="folder">the folder; null takes $XDG_CACHE_HOME/edgelearn or ~/.cache/edgelearn, and a temporary folder after
    /// them</param>
    /// <param name="limitBytes">most bytes of one cached file</param>
    public FileCache(string? folder = null, long limitBytes = DefaultLimitBytes)
    {
        _folders = folder is null ? DefaultFolders() : [Path.GetFullPath(folder)];
        _limitBytes = limitBytes;
    }

    /// <summary>The folder that is tried first.</summary>
    public string Folder => _folders[0];

    /// <summary>One line for the user when bytes had to be held in memory; null otherwise.</summary>
    public string? Notice { get; private set; }

    /// <summary>Opens the cached file <paramref name="file"/>, making it first where it is missing.</summary>
    /// <param name="file">a file name that holds a digest of everything the content depends on</param>
    /// <param name="name">what the user calls it, for messages</param>
    /// <param name="expectedBytes">its exact length, or -1 when that is not known before</param>
    /// <param name="write">writes the content to a seekable stream; it may be called twice, on two streams</param>
    /// <exception cref="EdgeLearnException">The content is larger than the limit or than expected, or <paramref name="write"/>
    /// refused.</exception>
    public ByteSource GetOrCreate(string file, string name, long expectedBytes, Action<Stream> write)
    {
        if (expectedBytes > _limitBytes)
            throw new EdgeLearnException($"{name} expands to {expectedBytes} bytes; the limit is {_limitBytes}");
        string? reason = null;
        foreach (string folder in _folders)
        {
            string path = Path.Combine(folder, file);
            try
            {
                if (TryOpen(path, name, expectedBytes) is { } found) return found;
                CreateFolder(folder);
                CheckRoom(folder, expectedBytes);
                WriteBeside(path, name, expectedBytes, write);
                if (TryOpen(path, name, expectedBytes) is { } made) return made;
                reason ??= $"{folder}: the file vanished after it was written";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                reason ??= $"{folder}: {e.Message}";
            }
        }

        return HoldInMemory(name, expectedBytes, write, reason!);
    }

    /// <summary>Removes the files of a name's beginning, all but one: earlier states of a file that grows.</summary>
    /// <param name="prefix">of their names</param>
    /// <param name="kept">the one that stays</param>
    public void RemoveOthers(string prefix, string kept)
    {
        foreach (string folder in _folders.Where(Directory.Exists))
        {
            foreach (string path in Directory.EnumerateFiles(folder, prefix + "*"))
            {
                try
                {
                    if (Path.GetFileName(path) != kept) File.Delete(path);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // What cannot be removed now is in nobody's way.
                }
            }
        }
    }

    /// <summary>
    /// SHA-256 of a file's bytes in lower-case hexadecimal; not read again where the last file asked for has kept its length and time.
    /// </summary>
    /// <exception cref="EdgeLearnException">The file cannot be read.</exception>
    public string DigestOf(string path)
    {
        var file = new FileInfo(path);
        if (_digested.Path != path || !file.Exists || (_digested.Bytes, _digested.Written) != (file.Length, file.LastWriteTimeUtc))
            _digested = (path, file.Exists ? file.Length : 0, file.LastWriteTimeUtc, GzipFile.Digest(path));
        return _digested.Digest;
    }

    static string[] DefaultFolders()
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        string? home = Environment.GetEnvironmentVariable("HOME");
        string temporary = Path.Combine(Path.GetTempPath(), "edgelearn-" + Environment.UserName);
        if (Path.IsPathRooted(cache)) return [Path.Combine(cache, "edgelearn"), temporary];
        if (Path.IsPathRooted(home)) return [Path.Combine(home, ".cache", "edgelearn"), temporary];
        return [temporary];
    }

    // Nobody else may write where we read from later: others could plant a file under the name of a digest.
    static void CreateFolder(string folder)
    {
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, Own);
    }

    static void CheckRoom(string folder, long expectedBytes)
    {
        long room = new DriveInfo(folder).AvailableFreeSpace - ReserveBytes;
        if (Math.Max(expectedBytes, 0) > room) throw new IOException($"no room for {expectedBytes} bytes");
    }

    static ByteSource? TryOpen(string path, string name, long expectedBytes)
    {
        if (!File.Exists(path) || WritableByOthers(Path.GetDirectoryName(path)!)) return null;
        var source = ByteSource.Open(path, name);
        if (expectedBytes < 0 || source.Length == expectedBytes) return source;

        // A damaged file system may leave a short file; it is made again.
        source.Dispose();
        return null;
    }

    static bool WritableByOthers(string folder) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(folder) & UnixFileMode.OtherWrite) != 0;

    void WriteBeside(string path, string name, long expectedBytes, Action<Stream> write)
    {
        string folder = Path.GetDirectoryName(path)!;
        if (WritableByOthers(folder)) throw new IOException("everybody may write there");
        RemoveAbandoned(folder);
        string part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            using (var stream = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                Write(stream, name, expectedBytes, _limitBytes, write);
                stream.Flush(flushToDisk: true);
            }

            File.Move(part, path, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }

    static void Write(Stream stream, string name, long expectedBytes, long limitBytes, Action<Stream> write)
    {
        var limited = new LimitedStream(stream, expectedBytes < 0 ? limitBytes : expectedBytes, name);
        write(limited);
        if (expectedBytes >= 0 && stream.Length != expectedBytes)
            throw new EdgeLearnException($"{name} is cut short: {stream.Length} of the {expectedBytes} bytes that its header promises");
    }

    // A process that was killed leaves its part; nobody writes one for a day.
    static void RemoveAbandoned(string folder)
    {
        foreach (string part in Directory.EnumerateFiles(folder, "*.part"))
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(part) > s_abandonedAfter) File.Delete(part);
        }
    }

    ByteSource HoldInMemory(string name, long expectedBytes, Action<Stream> write, string reason)
    {
        string because = $"no cache can be written ({reason})";
        if (expectedBytes > MemoryLimitBytes)
        {
            throw new EdgeLearnException($"{name} expands to {expectedBytes} bytes and {because}; set XDG_CACHE_HOME to a folder with "
                + $"room");
        }
        try
        {
            using var stream = new MemoryStream((int)Math.Max(expectedBytes, 0));
            Write(stream, name, expectedBytes, Math.Min(_limitBytes, MemoryLimitBytes), write);
            Notice = $"{because}: {stream.Length} bytes of {name} are held in memory; set XDG_CACHE_HOME to a folder that can be written";
            return new ByteSource(stream.GetBuffer().AsMemory(0, (int)stream.Length), name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"cannot read {name}: {e.Message}", e);
        }
    }
}

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
