namespace EdgeLearn.Commands;

/// <summary>Finds out before a long run whether its result can be saved.</summary>
static class SaveTarget
{
    /// <summary>Refuses a path that cannot be written, without touching what is there.</summary>
    /// <exception cref="EdgeLearnException">The folder is missing or read-only, or the path is a folder, a device or a read-only file.</exception>
    public static void Check(string path)
    {
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full) ?? "/";
        if (Directory.Exists(full)) throw new EdgeLearnException($"--save {path} is a folder: expected the name of a file, such as {Path.Combine(path, "model.safetensors")}");
        if (!Directory.Exists(folder)) throw new EdgeLearnException($"--save {path}: there is no folder {folder}: make it first");
        if (full.StartsWith("/dev/", StringComparison.Ordinal)) throw new EdgeLearnException($"--save {path} is a device: expected the name of a file");
        if (File.Exists(full) && File.GetAttributes(full).HasFlag(FileAttributes.ReadOnly)) throw new EdgeLearnException($"--save {path} is read-only: choose another name, or make it writable");
        string probe = $"{full}.{Environment.ProcessId}.probe";
        try
        {
            File.WriteAllBytes(probe, [0]);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"--save {path}: nothing can be written in {folder}: {e.Message}", e);
        }
    }
}
