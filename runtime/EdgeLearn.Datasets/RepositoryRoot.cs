namespace EdgeLearn.Datasets;

/// <summary>Where the clone lies that this program was built in, if it lies in one.</summary>
public static class RepositoryRoot
{
    /// <summary>
    /// $EDGELEARN_ROOT, or the nearest folder with EdgeLearn.sln above the program or the current folder; null when there is none.
    /// </summary>
    public static string? Find()
    {
        string? given = Environment.GetEnvironmentVariable("EDGELEARN_ROOT");
        if (!string.IsNullOrEmpty(given) && Directory.Exists(given)) return Path.GetFullPath(given);
        return FindAbove(AppContext.BaseDirectory) ?? FindAbove(Environment.CurrentDirectory);
    }

    static string? FindAbove(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "EdgeLearn.sln"))) return at.FullName;
        }

        return null;
    }
}
