namespace EdgeLearn.Tests;

/// <summary>Real data where this machine has them; no test needs them.</summary>
static class TestData
{
    /// <summary>The folder of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The file or folder of this name under $EDGELEARN_DATA, data or ../shared/data; null where there is none.</summary>
    public static string? Find(string name)
    {
        string?[] places = [Environment.GetEnvironmentVariable("EDGELEARN_DATA"), Path.Combine(Root, "data"),
            Path.Combine(Root, "..", "shared", "data")];
        return places.Where(place => !string.IsNullOrEmpty(place)).Select(place => Path.Combine(place!, name)).FirstOrDefault(Path.Exists);
    }

    static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "EdgeLearn.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("the tests do not lie in a clone of the repository");
    }
}
