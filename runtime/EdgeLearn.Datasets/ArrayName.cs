namespace EdgeLearn.Datasets;

/// <summary>Which part of a set an array file belongs to.</summary>
enum ArrayPart
{
    /// <summary>Not said.</summary>
    Plain,

    /// <summary>To learn from.</summary>
    Train,

    /// <summary>To test with.</summary>
    Test,

    /// <summary>To choose settings by; not read.</summary>
    Validation,
}

/// <summary>What an array file holds of each sample.</summary>
enum ArrayRole
{
    /// <summary>Something else, or not said.</summary>
    Other,

    /// <summary>Its inputs.</summary>
    Inputs,

    /// <summary>Its class, or its real targets.</summary>
    Labels,
}

/// <summary>
/// What the name of an array file says. What starts with "train" is for training, with "test" or "t10k" for testing; what has "labels" in
/// it holds labels, and "images", "windows", "signals" or "features" inputs. Names of npy files fall into words, and "train" and "test" may
/// stand anywhere; "x", "data" and "inputs" are inputs, "y" and "targets" labels: X_train.npy, y_train.npy, trainX.npy.
/// </summary>
readonly record struct ArrayName(ArrayPart Part, ArrayRole Role)
{
    static readonly string[] s_inputWords = ["images", "windows", "signals", "features"];
    static readonly string[] s_inputWordsOfNumPy = ["x", "data", "input", "inputs"];
    static readonly string[] s_labelWordsOfNumPy = ["y", "label", "target", "targets"];

    /// <summary>In the names of files that say what belongs together.</summary>
    public static string[] GroupWords { get; } = ["subjects", "users", "writers", "speakers", "groups"];

    /// <summary>Reads a name.</summary>
    /// <param name="path">the file</param>
    public static ArrayName Of(string path)
    {
        string name = Lower(path);
        string[] words = Words(path);
        return new ArrayName(PartOf(name, words), RoleOf(name, words));
    }

    /// <summary>The word for inputs of every kind of file in a name; null where there is none.</summary>
    public static string? InputWord(string path) => s_inputWords.FirstOrDefault(Lower(path).Contains);

    /// <summary>Whether a name says that inputs of two dimensions are steps x features and no images.</summary>
    public static bool IsSequence(string path) => InputWord(path) is { } word && word != s_inputWords[0];

    /// <summary>
    /// What the names of npy files that belong together share: their words without those for inputs and labels; null for other files.
    /// </summary>
    public static string? SetOf(string path)
        => Words(path) is { Length: > 0 } words ? string.Join(' ', words.Where(word => RoleOf(word, [word]) == ArrayRole.Other)) : null;

    /// <summary>Whether a file that may hold anything is no array by its ending.</summary>
    public static bool IsPossible(string path)
        => !MediaFolder.IsMedia(path) && Path.GetExtension(WithoutGzip(Lower(path))) is not (".csv" or ".txt" or ".md" or ".json" or ".part"
            or ".zip" or ".tsv" or ".npz");

    /// <summary>The name of a file in lower case.</summary>
    public static string Lower(string path) => Path.GetFileName(path).ToLowerInvariant();

    /// <summary>Whether a name ends like that of a gzip file.</summary>
    public static bool IsGzip(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>A name without the ending of gzip.</summary>
    public static string WithoutGzip(string path) => IsGzip(path) ? path[..^3] : path;

    static ArrayPart PartOf(string name, string[] words)
    {
        if (name.StartsWith("train", StringComparison.Ordinal)) return ArrayPart.Train;
        if (name.StartsWith("test", StringComparison.Ordinal) || name.StartsWith("t10k", StringComparison.Ordinal)) return ArrayPart.Test;
        if (words.Any(word => word is "train" or "training")) return ArrayPart.Train;
        if (words.Any(word => word is "test" or "testing")) return ArrayPart.Test;
        return words.Any(word => word is "val" or "valid" or "validation") ? ArrayPart.Validation : ArrayPart.Plain;
    }

    static ArrayRole RoleOf(string name, string[] words)
    {
        if (name.Contains("labels", StringComparison.Ordinal)) return ArrayRole.Labels;
        if (s_inputWords.Any(name.Contains)) return ArrayRole.Inputs;
        if (GroupWords.Any(name.Contains)) return ArrayRole.Other;
        if (words.Any(s_labelWordsOfNumPy.Contains)) return ArrayRole.Labels;
        return words.Any(s_inputWordsOfNumPy.Contains) ? ArrayRole.Inputs : ArrayRole.Other;
    }

    // Empty where it is no npy file: other files have the names that their publishers gave them.
    static string[] Words(string path)
    {
        string name = WithoutGzip(Path.GetFileName(path));
        if (!name.EndsWith(".npy", StringComparison.OrdinalIgnoreCase)) return [];
        var words = new List<string>();
        int begin = 0;
        for (int i = 0; i <= name.Length - ".npy".Length; i++)
        {
            bool ends = !char.IsAsciiLetterOrDigit(name[i]);
            if (!ends && (i == begin || !BeginsWord(name, i))) continue;
            if (i > begin) words.AddRange(Unglued(name[begin..i].ToLowerInvariant()));
            begin = ends ? i + 1 : i;
        }

        return [.. words];
    }

    // A capital after a small letter, or the last of several capitals before one: trainX, XTrain.
    static bool BeginsWord(string name, int at)
        => char.IsAsciiLetterUpper(name[at]) && (!char.IsAsciiLetterUpper(name[at - 1]) || char.IsAsciiLetterLower(name[at + 1]));

    static string[] Unglued(string word) => word switch
    {
        "xtrain" or "ytrain" or "xtest" or "ytest" => [word[..1], word[1..]],
        "trainx" or "trainy" or "testx" or "testy" => [word[..^1], word[^1..]],
        _ => [word],
    };
}
