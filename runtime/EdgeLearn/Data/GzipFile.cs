using System.IO.Compression;
using System.IO.Hashing;

namespace EdgeLearn;

/// <summary>Files that may be compressed with gzip.</summary>
static class GzipFile
{
    // Deflate cannot do better: 258 bytes from one bit pair. Source: zlib technical details, "maximum compression factor".
    const long LargestRatio = 1032;

    /// <summary>True when the file starts like a gzip file.</summary>
    /// <exception cref="EdgeLearnException">The file cannot be read.</exception>
    public static bool IsGzip(string path)
    {
        using var source = ByteSource.Open(path);
        return source.ReadStart(2) is [0x1F, 0x8B];
    }

    /// <summary>
    /// What tells the file from others in the cache: XXH128 of its bytes as they are stored, in lower-case hexadecimal. SHA-256 takes as
    /// long as reading a table does, and there is nobody here to deceive but the owner of the cache.
    /// </summary>
    /// <exception cref="EdgeLearnException">The file cannot be read.</exception>
    public static string Digest(string path)
    {
        try
        {
            using var stream = OpenStored(path);
            var hash = new XxHash128();
            hash.Append(stream);
            return Convert.ToHexStringLower(hash.GetCurrentHash());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"cannot read {path}: {e.Message}", e);
        }
    }

    /// <summary>The same for a file whose bytes are at hand.</summary>
    public static string Digest(ReadOnlySpan<byte> stored) => Convert.ToHexStringLower(XxHash128.Hash(stored));

    /// <summary>Opens the content as a stream from its beginning, expanding it when it is compressed; the caller disposes it.</summary>
    /// <exception cref="EdgeLearnException">The file cannot be opened.</exception>
    public static Stream OpenContent(string path)
    {
        bool compressed = IsGzip(path);
        var stored = OpenStored(path);
        return compressed ? new WholeGzipStream(stored, Path.GetFileName(path)) : stored;
    }

    /// <summary>The first <see cref="ArrayHeader.LongestBytes"/> bytes of the content, or all of it when it is shorter.</summary>
    /// <exception cref="EdgeLearnException">The file cannot be read, or its compression is damaged.</exception>
    public static byte[] ReadStart(string path)
    {
        byte[] start = new byte[ArrayHeader.LongestBytes];
        using var stream = OpenContent(path);
        try
        {
            return start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw Damaged(Path.GetFileName(path), e);
        }
    }

    /// <summary>
    /// Opens an IDX or npy file for reading by position; a compressed one is expanded into <paramref name="cache"/> once.
    /// </summary>
    /// <param name="path">the file</param>
    /// <param name="cache">where expanded files are kept</param>
    /// <param name="header">what its header promises; the length has been checked against it</param>
    /// <exception cref="EdgeLearnException">No file, no array, damaged, or larger than the header or the cache's limit allows.</exception>
    public static ByteSource OpenArray(string path, FileCache cache, out ArrayHeader header)
    {
        string name = Path.GetFileName(path);
        var source = ByteSource.Open(path);
        try
        {
            byte[] start = source.ReadStart(ArrayHeader.LongestBytes);
            if (start is [0x1F, 0x8B, ..])
            {
                long compressedBytes = source.Length;
                source.Dispose();
                header = ArrayHeader.Parse(ReadStart(path), name);
                if (header.TotalBytes / LargestRatio > compressedBytes)
                {
                    throw new EdgeLearnException($"{name}: the header promises {header.TotalBytes} bytes; {compressedBytes} compressed "
                        + $"bytes cannot hold them");
                }
                source = cache.GetOrCreate(Digest(path) + ".raw", name, header.TotalBytes, stream => Expand(path, name, stream));
            }
            else
            {
                header = ArrayHeader.Parse(start, name);
            }

            header.CheckLength(source.Length, name);
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    static void Expand(string path, string name, Stream destination)
    {
        using var stream = new WholeGzipStream(OpenStored(path), name);
        byte[] buffer = new byte[1 << 16];
        while (true)
        {
            int count;
            try
            {
                count = stream.Read(buffer);
            }
            catch (Exception e) when (e is InvalidDataException or IOException)
            {
                throw Damaged(name, e);
            }

            if (count == 0) return;
            destination.Write(buffer.AsSpan(0, count));
        }
    }

    static FileStream OpenStored(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16,
                FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"cannot open {path}: {e.Message}", e);
        }
    }

    /// <summary>What to tell the user when expanding a file failed with <paramref name="e"/>.</summary>
    public static EdgeLearnException Damaged(string name, Exception e) =>
        new($"{name} is a damaged gzip file: its bytes or their checksum are wrong; fetch it again", e);
}
