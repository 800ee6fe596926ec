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

    /// <summary>Stores content as it is written; durable on return.</summary>
    public (Digest Digest, long Bytes) Put(Action<Stream> write)
    {
        string beside = NewFile();
        try
        {
            (Digest, long) stored = default;
            DurableFile.Replace(beside, file => stored = Digest.Of(write, file));
            Adopt(beside, stored.Item1);
            return stored;
        }
        finally
        {
            File.Delete(beside);
        }
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

    /// <summary>Opens content and checks it against its name.</summary>
    /// <exception cref="EdgeLearnException">Missing, or damaged on the disk.</exception>
    public FileStream Open(Digest digest)
    {
        string path = PathOf(digest);
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
            var found = Digest.Of(file);
            file.Position = 0;
            if (found == digest) return file;
            file.Dispose();
            throw new EdgeLearnException($"{path} is damaged: its SHA-256 is {found}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a model that was checked against its name. The caller disposes of it.</summary>
    /// <exception cref="EdgeLearnException">Missing, damaged, or no model.</exception>
    public Model Model(Digest digest)
    {
        Open(digest).Dispose();
        return ModelFile.Load(PathOf(digest));
    }
}
