namespace EdgeLearn.Results;

/// <summary>Which learning core is at work, so that results of another one are not taken for its own.</summary>
static class CoreVersion
{
    /// <summary>Digest of the core's assembly, or of the program that it is compiled into.</summary>
    public static string Digest { get; } = Read();

    static string Read()
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, "EdgeLearn.dll");
        string? file = File.Exists(assembly) ? assembly : Environment.ProcessPath;
        return file is null ? "unknown" : GzipFile.Digest(file)[..16];
    }
}
