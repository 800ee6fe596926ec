namespace EdgeLearn.Tests;

/// <summary>A folder of its own for one test, deleted at the end.</summary>
sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("edgelearn-device-").FullName;

    public string this[string name] => Path.Combine(Root, name);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
