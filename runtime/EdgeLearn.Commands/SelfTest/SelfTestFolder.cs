namespace EdgeLearn.Commands;

/// <summary>A folder under the system's temporary one that goes when the check is done.</summary>
sealed class SelfTestFolder : IDisposable
{
    /// <summary>Its path.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("edgelearn-selftest-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
