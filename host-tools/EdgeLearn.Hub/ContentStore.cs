using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>Files named by their SHA-256: <c>ab/cdef...</c>. A file is whole or not there, and never changes.</summary>
sealed class ContentStore(string root)
{
    /// <summary>Where the content of this digest lies, or would lie.</summary>
    public string PathOf(Digest digest)
    {
        string name = digest.ToString();
        return Path.Combine(root, name[..2], name[2..]);
    }

    public bool Contains(Digest digest) => File.Exists(PathOf(digest));

    /// <summary>Stores content; durable on return. The same content again costs nothing.</summary>
    public Digest Put(ReadOnlySpan<byte> content)
    {
        var digest = Digest.Of(content);
        string path = PathOf(digest);
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            DurableFile.Replace(path, content);
        }
        return digest;
    }

    /// <summary>A path for a file that <see cref="Adopt"/> may take over.</summary>
    public string NewFile() => Path.Combine(root, Guid.NewGuid().ToString("N") + ".new");

    /// <summary>Takes over a file that was written and flushed and whose digest was checked.</summary>
    public void Adopt(string file, Digest digest)
    {
        string path = PathOf(digest);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        DurableFile.Publish(file, path);
    }

    /// <summary>Reads content and checks it against its name.</summary>
    /// <exception cref="EdgeLearnException">Missing, or damaged on the disk.</exception>
    public byte[] Read(Digest digest)
    {
        string path = PathOf(digest);
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"{path} cannot be read: {e.Message}", e);
        }
        var found = Digest.Of(content);
        return found == digest ? content : throw new EdgeLearnException($"{path} is damaged: its SHA-256 is {found}");
    }
}
