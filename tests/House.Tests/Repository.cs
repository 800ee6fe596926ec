namespace EdgeLearn.House.Tests;

/// <summary>The files of the checkout, read where the tests were built.</summary>
static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The core.</summary>
    public static string Core { get; } = Path.Combine(Root, "runtime", "EdgeLearn");

    /// <summary>Folders of programs and libraries, without their tests.</summary>
    public static IReadOnlyList<string> ProductFolders { get; } = ["runtime", "host-tools", "device-samples"];

    /// <summary>Sources under a folder, with / between names; nothing that a build made.</summary>
    public static IEnumerable<string> SourcesUnder(string folder)
        => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path))
            .Where(path => !path.Split('/').Any(name => name is "bin" or "obj" or "artifacts"))
            .Order(StringComparer.Ordinal);

    /// <summary>Fails with everything that breaks a rule, a line each.</summary>
    public static void Holds(IEnumerable<string> broken)
    {
        var lines = broken.ToList();
        Xunit.Assert.True(lines.Count == 0, string.Join('\n', lines));
    }

    static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EdgeLearn.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"no EdgeLearn.sln above {AppContext.BaseDirectory}");
    }
}
