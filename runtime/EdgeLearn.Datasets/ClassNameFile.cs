namespace EdgeLearn.Datasets;

/// <summary>
/// The names of classes from a text file beside the data: one a line in the order of their numbers, with or without a number before it.
/// </summary>
static class ClassNameFile
{
    // A file of names is short; anything longer is something else.
    const int LongestBytes = 1 << 20;

    static readonly string[] s_fileNames = ["classes.txt", "activity_labels.txt", "batches.meta.txt", "fine_label_names.txt"];

    /// <summary>The names, or null where no such file is.</summary>
    /// <param name="folder">where the data lies</param>
    /// <param name="classCount">classes that the labels have; a file with fewer names is refused</param>
    /// <exception cref="EdgeLearnException">There are fewer names than classes.</exception>
    public static string[]? Read(string folder, int classCount)
    {
        foreach (string file in s_fileNames)
        {
            string path = Path.Combine(folder, file);
            if (!File.Exists(path) || new FileInfo(path).Length > LongestBytes) continue;
            string[] lines = [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];
            if (lines.Length == 0) continue;
            string[] names = lines.All(IsNumbered)
                ? [.. lines.Select(line => line[line.IndexOf(' ', StringComparison.Ordinal)..].Trim())]
                : lines;
            return names.Length >= classCount
                ? names
                : throw new EdgeLearnException($"{path} has {names.Length} names, the labels go up to {classCount - 1}; expected one line "
                    + $"for each class");
        }

        return null;
    }

    static bool IsNumbered(string line)
    {
        int end = line.IndexOf(' ', StringComparison.Ordinal);
        return end > 0 && line.AsSpan(0, end).ContainsAnyExceptInRange('0', '9') is false;
    }
}
