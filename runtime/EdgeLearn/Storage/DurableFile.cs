using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>Files that are whole or not there: written beside, flushed to the disk, renamed, and the rename flushed too.</summary>
public static partial class DurableFile
{
    /// <summary>Writes a file that must not exist yet.</summary>
    /// <param name="path">Its final name; the folder must exist.</param>
    /// <param name="content">All of it.</param>
    /// <param name="secret">Readable by its owner alone.</param>
    /// <exception cref="EdgeLearnException">It exists already, or cannot be written.</exception>
    public static void WriteNew(string path, ReadOnlySpan<byte> content, bool secret = false)
    {
        if (File.Exists(path))
            throw new EdgeLearnException($"{path} exists already and is not overwritten");
        Replace(path, content, secret);
    }

    /// <summary>Writes a file in place of an older one; after a power cut one of the two is there, whole.</summary>
    /// <exception cref="EdgeLearnException">It cannot be written.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content, bool secret = false)
        => Replace(path, content, static (file, bytes) => file.Write(bytes), secret);

    /// <summary>The same for content that is written piece by piece, straight from where it lies.</summary>
    /// <param name="path">its final name; the folder must exist</param>
    /// <param name="write">writes all of it; the older file stays where this throws</param>
    /// <param name="secret">readable by its owner alone</param>
    /// <exception cref="EdgeLearnException">It cannot be written.</exception>
    public static void Replace(string path, Action<Stream> write, bool secret = false)
        => Replace(path, write, static (file, all) => all(file), secret);

    static void Replace<T>(string path, T content, Action<Stream, T> write, bool secret)
        where T : allows ref struct
    {
        string beside = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.new";
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = secret ? UnixFileMode.UserRead | UnixFileMode.UserWrite
                    : UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
            }
            using (FileStream file = new(beside, options))
            {
                write(file, content);
                file.Flush(flushToDisk: true);
            }
            Publish(beside, path);
        }
        catch (Exception e)
        {
            if (File.Exists(beside)) File.Delete(beside);  // deleting in a folder that is missing throws
            if (e is IOException or UnauthorizedAccessException) throw new EdgeLearnException($"{path} cannot be written: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Renames a file that was written and flushed, and flushes the rename.</summary>
    public static void Publish(string beside, string path)
    {
        File.Move(beside, path, overwrite: true);
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        int handle = Open(folder, 0x80000);  // O_RDONLY | O_CLOEXEC; O_DIRECTORY differs between architectures
        if (handle < 0)
            throw new IOException($"the folder {folder} cannot be opened: errno {Marshal.GetLastPInvokeError()}");
        int result = FSync(handle);
        int error = Marshal.GetLastPInvokeError();
        _ = Close(handle);
        // Some file systems cannot flush a folder and say EINVAL (22); there the rename is as durable as it gets.
        if (result != 0 && error != 22)
            throw new IOException($"the folder {folder} cannot be flushed: errno {error}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
