namespace EdgeLearn.Commands;

/// <summary>Finds out before a long run whether its result can be saved.</summary>
static class SaveTarget
{
    /// <summary>Refuses a path that cannot be written, without touching what is there.</summary>
    /// <param name="path">the file</param>
    /// <param name="option">that named it</param>
    /// <exception cref="EdgeLearnException">The folder is missing or read-only, or the path is a folder, a device or a read-only
    /// file.</exception>
    public static void Check(string path, string option = "--save")
    {
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full) ?? "/";
        if (Directory.Exists(full))
        {
            throw new EdgeLearnException($"{option} {path} is a folder: expected the name of a file, such "
                + $"as {Path.Combine(path, "model.safetensors")}");
        }
        if (!Directory.Exists(folder)) throw new EdgeLearnException($"{option} {path}: there is no folder {folder}: make it first");
        if (full.StartsWith("/dev/", StringComparison.Ordinal))
            throw new EdgeLearnException($"{option} {path} is a device: expected the name of a file");
        if (File.Exists(full) && File.GetAttributes(full).HasFlag(FileAttributes.ReadOnly))
            throw new EdgeLearnException($"{option} {path} is read-only: choose another name, or make it writable");
        string probe = $"{full}.{Environment.ProcessId}.probe";
        try
        {
            try
            {
                File.WriteAllBytes(probe, [0]);
            }
            finally
            {
                File.Delete(probe); // a full disk makes an empty file
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"{option} {path}: nothing can be written in {folder}: {e.Message}", e);
        }
    }
}
