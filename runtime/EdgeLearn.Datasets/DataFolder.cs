namespace EdgeLearn.Datasets;

/// <summary>
/// The files of a folder, or the arrays of an npz, told apart by their names (<see cref="ArrayName"/>). "subjects", "users", "writers",
/// "speakers" or "groups" beside inputs and labels say what belongs together. A folder without such files may hold train.csv and test.csv,
/// one pair of inputs and labels without "train", or one npz.
/// </summary>
sealed record DataFolder(string Path)
{
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
    public bool IsSequence => ArrayName.IsSequence(Train);

    /// <summary>The file of one group a training sample; null where there is none.</summary>
    /// <param name="word">in its name; null takes the words that are known</param>
    /// <exception cref="EdgeLearnException">Several files fit.</exception>
    public string? Groups(string? word)
    {
        string[] files = Files(Path);
        bool isTrain = ArrayName.Of(Train).Part == ArrayPart.Train;
        foreach (string candidate in word is null ? ArrayName.GroupWords : [word.ToLowerInvariant()])
        {
            if (Pick(files, Path, name => (isTrain ? name.Part == ArrayPart.Train : name.Part != ArrayPart.Test)
                && name.Role == ArrayRole.Other, candidate) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Looks at a folder or an npz; null when nothing there looks like training data.</summary>
    /// <exception cref="EdgeLearnException">Half of a pair is missing, or two files have the same part.</exception>
    public static DataFolder? Find(string path)
    {
        string[] files = Files(path);
        if (Pair(path, files, ArrayPart.Train) is { } pair) return pair;
        if (Csv(path, "train") is { } csv) return new DataFolder(path) { Train = csv, Test = Csv(path, "test") };
        return Pair(path, files, ArrayPart.Plain) ?? InNpz(path);
    }

    static DataFolder? Pair(string path, string[] files, ArrayPart part)
    {
        string? inputs = Pick(files, path, new ArrayName(part, ArrayRole.Inputs));
        string? labels = Pick(files, path, new ArrayName(part, ArrayRole.Labels));
        if (part == ArrayPart.Plain ? inputs is null || labels is null : inputs is null && labels is null) return null;
        string? test = Pick(files, path, new ArrayName(ArrayPart.Test, ArrayRole.Inputs));
        string? testLabels = Pick(files, path, new ArrayName(ArrayPart.Test, ArrayRole.Labels));
        return new DataFolder(path)
        {
            Train = inputs ?? throw Missing(path, labels!, "inputs"),
            TrainLabels = labels ?? throw Missing(path, inputs, "labels"),
            Test = test ?? (testLabels is null ? null : throw Missing(path, testLabels, "inputs")),
            TestLabels = testLabels ?? (test is null ? null : throw Missing(path, test, "labels")),
        };
    }

    static DataFolder? InNpz(string path)
    {
        if (!Directory.Exists(path)) return null;
        string[] files = [.. Directory.EnumerateFiles(path).Where(IsNpz).Order(StringComparer.Ordinal)];
        if (files.Length == 0) return null;
        return files.Length == 1 ? Find(files[0]) ?? throw Nothing(files[0]) : throw Several(path, files);
    }

    /// <summary>What to say about a folder in which <see cref="Find"/> found nothing.</summary>
    public static EdgeLearnException Nothing(string path)
    {
        var all = Directory.Exists(path) ? Directory.EnumerateFileSystemEntries(path) : NpzFile.Entries(path);
        string[] found = [.. all.Take(4).Select(System.IO.Path.GetFileName).Order(StringComparer.Ordinal)!];
        string holds = found.Length == 0
            ? Directory.Exists(path) ? "it is empty" : "it holds no npy"
            : "it holds " + string.Join(", ", found.Take(3)) + (found.Length > 3 ? ", ..." : "");
        return new(Directory.Exists(path)
            ? $"{path} has no train*images* and train*labels* (IDX or npy), no X_train.npy and y_train.npy, no npz, "
                + "no train.csv and no folders of images or WAV files; "
                + holds
            : $"{path} has no arrays x_train and y_train, or x and y; {holds}");
    }

    /// <summary>
    /// The labels beside a file of inputs, in the same folder: the same name with "labels" for its word, or for an npy file the same words
    /// but those for inputs and labels; null if there are none.
    /// </summary>
    public static string? LabelsBeside(string path)
    {
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        string[] files = Files(folder);
        string name = ArrayName.Lower(path);
        if (ArrayName.InputWord(path) is { } word)
        {
            string prefix = name[..name.IndexOf(word, StringComparison.Ordinal)] + "labels";
            string[] fitting = [.. files.Where(file => ArrayName.Lower(file).StartsWith(prefix, StringComparison.Ordinal))];
            if (Pick(fitting, folder, _ => true) is { } found) return found;
        }

        var own = ArrayName.Of(path);
        if (own.Role != ArrayRole.Inputs || ArrayName.SetOf(path) is not { } set) return null;
        return Pick([.. files.Where(file => ArrayName.SetOf(file) == set)], folder, own with { Role = ArrayRole.Labels });
    }

    /// <summary>Whether a path is that of an npz by its ending.</summary>
    public static bool IsNpz(string path) => path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase);

    static string[] Files(string path)
    {
        var all = Directory.Exists(path) ? Directory.EnumerateFiles(path) : NpzFile.Entries(path);
        return [.. all.Where(ArrayName.IsPossible).Order(StringComparer.Ordinal)];
    }

    static string? Pick(string[] files, string folder, ArrayName wanted) => Pick(files, folder, name => name == wanted);

    static string? Pick(string[] files, string folder, Func<ArrayName, bool> fits, string word = "")
    {
        string[] fitting = [.. files.Where(file => fits(ArrayName.Of(file)) && ArrayName.Lower(file).Contains(word))];

        // A file beside its own compressed form is the same data.
        string[] distinct = [.. fitting.Where(file => !fitting.Contains(ArrayName.WithoutGzip(file)) || !ArrayName.IsGzip(file))];
        return distinct.Length <= 1 ? distinct.FirstOrDefault() : throw Several(folder, distinct);
    }

    static EdgeLearnException Several(string folder, string[] files)
    {
        string advice = Directory.Exists(folder) ? "name the file with --data, or move one away" : "save it without the other";
        string names = string.Join(" and ", files.Take(2).Select(System.IO.Path.GetFileName));
        return new($"{folder} has {names}; expected one of them: {advice}");
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
        string word = absent == "labels" ? "\"labels\" (or y)" : "\"images\", \"windows\", \"signals\" or \"features\" (or X)";
        return new($"{folder} has {System.IO.Path.GetFileName(present)} without its {absent}; expected a file beside it with {word} in "
            + $"its name");
    }
}
