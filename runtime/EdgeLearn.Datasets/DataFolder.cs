namespace EdgeLearn.Datasets;

/// <summary>
/// The files of a folder, told apart by their names: what starts with "train" is for training, with "test" or "t10k" for testing; what has
/// "labels" in its name are labels, and "images", "windows", "signals" or "features" inputs. "subjects", "users", "writers", "speakers" or
/// "groups" beside them say what belongs together. A folder without such files may hold train.csv and test.csv, or one pair of inputs and
/// labels without "train".
/// </summary>
sealed record DataFolder(string Path)
{
    static readonly string[] s_inputWords = ["images", "windows", "signals", "features"];
    static readonly string[] s_groupWords = ["subjects", "users", "writers", "speakers", "groups"];

    /// <summary>Training inputs, or a csv with its labels.</summary>
    public required string Train { get; init; }

    /// <summary>Labels of <see cref="Train"/>; null for a csv.</summary>
    public string? TrainLabels { get; init; }

    /// <summary>Test inputs, or a csv; null when a part is to be split off.</summary>
    public string? Test { get; init; }

    /// <summary>Labels of <see cref="Test"/>.</summary>
    public string? TestLabels { get; init; }

    /// <summary>
    /// Whether inputs of two dimensions are steps x features and no images, as the words "windows", "signals" and "features" say.
    /// </summary>
    public bool IsSequence => !Name(Train).Contains(s_inputWords[0], StringComparison.Ordinal);

    /// <summary>The file of one group a training sample; null where there is none.</summary>
    /// <param name="word">in its name; null takes the words that are known</param>
    /// <exception cref="EdgeLearnException">Several files fit.</exception>
    public string? Groups(string? word)
    {
        string[] files = [.. Directory.EnumerateFiles(Path).Where(IsArrayName).Order(StringComparer.Ordinal)];
        bool isTrain = IsTrain(Name(Train));
        foreach (string candidate in word is null ? s_groupWords : [word.ToLowerInvariant()])
        {
            if (Pick(files, Path, name => isTrain ? IsTrain(name) : IsPlain(name),
                name => !IsLabels(name) && !IsInput(name) && name.Contains(candidate, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Looks at a folder; null when nothing there looks like training data.</summary>
    /// <exception cref="EdgeLearnException">Half of a pair is missing, or two files have the same part.</exception>
    public static DataFolder? Find(string path)
    {
        string[] files = [.. Directory.EnumerateFiles(path).Where(IsArrayName).Order(StringComparer.Ordinal)];
        string? train = Pick(files, path, IsTrain, IsInput);
        string? trainLabels = Pick(files, path, IsTrain, IsLabels);
        if (train is not null || trainLabels is not null)
        {
            string? test = Pick(files, path, IsTest, IsInput);
            string? testLabels = Pick(files, path, IsTest, IsLabels);
            return new DataFolder(path)
            {
                Train = train ?? throw Missing(path, trainLabels!, "inputs"),
                TrainLabels = trainLabels ?? throw Missing(path, train, "labels"),
                Test = test ?? (testLabels is null ? null : throw Missing(path, testLabels, "inputs")),
                TestLabels = testLabels ?? (test is null ? null : throw Missing(path, test, "labels")),
            };
        }

        if (Csv(path, "train") is { } csv) return new DataFolder(path) { Train = csv, Test = Csv(path, "test") };

        string? inputs = Pick(files, path, IsPlain, IsInput);
        string? labels = Pick(files, path, IsPlain, IsLabels);
        return inputs is null || labels is null ? null : new DataFolder(path) { Train = inputs, TrainLabels = labels };
    }

    /// <summary>What to say about a folder in which <see cref="Find"/> found nothing.</summary>
    public static EdgeLearnException Nothing(string path)
    {
        string[] found = [.. Directory.EnumerateFileSystemEntries(path).Take(4).Select(System.IO.Path.GetFileName)
            .Order(StringComparer.Ordinal)!];
        string holds = found.Length == 0
            ? "it is empty"
            : "it holds " + string.Join(", ", found.Take(3)) + (found.Length > 3 ? ", ..." : "");
        return new($"{path} has no train*images* and train*labels* (IDX or npy) and no train.csv; {holds}");
    }

    /// <summary>
    /// The labels beside a file of inputs: the same name with "labels" for its word, in the same folder; null if there are none.
    /// </summary>
    public static string? LabelsBeside(string path)
    {
        string name = Name(path);
        string? word = s_inputWords.FirstOrDefault(name.Contains);
        if (word is null) return null;
        string prefix = name[..name.IndexOf(word, StringComparison.Ordinal)] + "labels";
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        string[] files = [.. Directory.EnumerateFiles(folder).Where(IsArrayName)];
        return Pick(files, folder, file => file.StartsWith(prefix, StringComparison.Ordinal), IsLabels);
    }

    static string? Pick(string[] files, string folder, Func<string, bool> part, Func<string, bool> role)
    {
        string[] fitting = [.. files.Where(file => part(Name(file)) && role(Name(file)))];

        // A file beside its own compressed form is the same data.
        string[] distinct = [.. fitting.Where(file => !fitting.Contains(WithoutGzip(file)) || !IsGzipName(file))];
        if (distinct.Length <= 1) return distinct.FirstOrDefault();
        string names = string.Join(" and ", distinct.Take(2).Select(System.IO.Path.GetFileName));
        throw new EdgeLearnException($"{folder} has {names}; expected one of them: name the file with --data, or move one away");
    }

    static string? Csv(string folder, string part)
    {
        foreach (string ending in (string[])[".csv", ".csv.gz"])
        {
            string path = System.IO.Path.Combine(folder, part + ending);
            if (File.Exists(path)) return path;
        }

        return null;
    }

    static EdgeLearnException Missing(string folder, string present, string absent)
    {
        string word = absent == "labels" ? "\"labels\"" : "\"images\", \"windows\", \"signals\" or \"features\"";
        return new($"{folder} has {System.IO.Path.GetFileName(present)} without its {absent}; expected a file beside it with {word} in "
            + $"its name");
    }

    static bool IsTrain(string name) => name.StartsWith("train", StringComparison.Ordinal);

    static bool IsTest(string name)
        => name.StartsWith("test", StringComparison.Ordinal) || name.StartsWith("t10k", StringComparison.Ordinal);

    static bool IsPlain(string name) => !IsTest(name);

    static bool IsLabels(string name) => name.Contains("labels", StringComparison.Ordinal);

    static bool IsInput(string name) => !IsLabels(name) && s_inputWords.Any(name.Contains);

    static bool IsArrayName(string path)
    {
        string name = WithoutGzip(Name(path));
        return System.IO.Path.GetExtension(name) is not (".csv" or ".txt" or ".md" or ".json" or ".part" or ".png" or ".zip" or ".tsv");
    }

    static bool IsGzipName(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    static string WithoutGzip(string path) => IsGzipName(path) ? path[..^3] : path;

    static string Name(string path) => System.IO.Path.GetFileName(path).ToLowerInvariant();
}

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
