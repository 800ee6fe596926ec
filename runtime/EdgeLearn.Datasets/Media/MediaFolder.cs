namespace EdgeLearn.Datasets;

/// <summary>
/// A folder of images or of WAV files whose sub-folders are classes: <c>CLASS/*</c>, or <c>train/CLASS/*</c> and perhaps
/// <c>test/CLASS/*</c>; or a folder, or one file, without classes. Classes and files come in the ordinal order of their names.
/// </summary>
/// <param name="path">the folder, or the file</param>
/// <param name="isSound">whether it holds WAV files and not images</param>
/// <param name="classes">names of the classes of both parts; empty = the files have none</param>
sealed class MediaFolder(string path, bool isSound, IReadOnlyList<string> classes)
{
    static readonly string[] s_images = [".png", ".jpg", ".jpeg", ".bmp"], s_sounds = [".wav", ".wave"];

    // What file managers leave behind.
    static readonly string[] s_unseen = ["thumbs.db", "desktop.ini", "__macosx"];

    /// <summary>The folder, or the file.</summary>
    public string Path => path;

    /// <summary>Whether it holds WAV files and not images.</summary>
    public bool IsSound => isSound;

    /// <summary>Names of the classes of both parts; empty = the files have none.</summary>
    public IReadOnlyList<string> Classes => classes;

    /// <summary>To learn from, or everything.</summary>
    public required IReadOnlyList<MediaFile> Train { get; init; }

    /// <summary>To test with; null where a part is to be split off.</summary>
    public IReadOnlyList<MediaFile>? Test { get; init; }

    /// <summary>What is left out, a line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What the files are, in words.</summary>
    public string Kind => KindOf(IsSound);

    /// <summary>Whether a file is an image or a WAV file by its name.</summary>
    public static bool IsMedia(string path) => IsSoundName(path) is not null;

    /// <summary>One file without a class.</summary>
    public static MediaFolder OfFile(string path) => new(path, IsSoundName(path) == true, [])
    {
        Train = [new MediaFile(path, System.IO.Path.GetFileName(path), -1)],
    };

    /// <summary>Looks at a folder; null where it has neither images nor WAV files.</summary>
    /// <exception cref="EdgeLearnException">It has both.</exception>
    public static MediaFolder? Find(string path)
    {
        var found = new MediaFound(path);
        string[] folders = Folders(path);
        string? train = folders.FirstOrDefault(folder => IsPart(folder, "train"));
        string? test = folders.FirstOrDefault(folder => IsPart(folder, "test"));
        string[] classFolders = train is null ? [] : MediaFound.ClassFolders(train);
        // A class may be called train.
        if (classFolders.Length == 0) return Whole(path, found);
        string[] testFolders = test is null ? [] : MediaFound.ClassFolders(test);
        string[] unread = [.. folders.Where(folder => folder != train && (folder != test || testFolders.Length == 0))];
        if (unread.Length > 0)
        {
            found.Notes.Add($"not read beside {System.IO.Path.GetFileName(train)}: "
                + NameText.First([.. unread.Select(folder => NameText.Shown(System.IO.Path.GetFileName(folder)))], most: 4));
        }
        string[] classes = Names([.. classFolders, .. testFolders]);
        var files = found.FilesOf(train!, classFolders, classes);
        return found.Folder(classes, files, testFolders.Length == 0 ? null : found.FilesOf(test!, testFolders, classes));
    }

    static MediaFolder? Whole(string path, MediaFound found)
    {
        string[] folders = MediaFound.ClassFolders(path), classes = Names(folders);
        var loose = found.FilesIn(path, -1);
        if (folders.Length == 0) return loose.Count == 0 ? null : found.Folder(classes, loose, null);
        if (loose.Count > 0)
            found.Notes.Add($"without a class, beside the folders of the classes ({loose.Count:N0}), left out: {First(loose)}");
        return found.Folder(classes, found.FilesOf(path, folders, classes), null);
    }

    static string First(IReadOnlyList<MediaFile> files) => NameText.First([.. files.Select(file => NameText.Shown(file.Name))], most: 3);

    static string[] Names(IEnumerable<string> folders)
        => [.. folders.Select(System.IO.Path.GetFileName).Distinct().Order(StringComparer.Ordinal)!];

    /// <summary>What the files are called in messages.</summary>
    internal static string KindOf(bool isSound) => isSound ? "WAV files" : "images";

    /// <summary>True for a WAV file by its name, false for an image, null for any other.</summary>
    internal static bool? IsSoundName(string path)
    {
        string ending = System.IO.Path.GetExtension(path).ToLowerInvariant();
        return s_images.Contains(ending) ? false : s_sounds.Contains(ending) ? true : null;
    }

    /// <summary>Whether an entry is to be seen.</summary>
    internal static bool IsSeen(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        return name.Length > 0 && name[0] != '.' && !s_unseen.Contains(name.ToLowerInvariant());
    }

    /// <summary>The folders in a folder, in the order of their names.</summary>
    internal static string[] Folders(string path)
        => [.. Directory.EnumerateDirectories(path).Where(IsSeen).Order(StringComparer.Ordinal)];

    static bool IsPart(string folder, string part)
        => System.IO.Path.GetFileName(folder).ToLowerInvariant() is var name && (name == part || name == part + "ing");
}

/// <summary>One image or WAV file.</summary>
/// <param name="path">where it lies</param>
/// <param name="name">relative to the folder that the user named</param>
/// <param name="label">the place of its class; -1 = it has none</param>
sealed class MediaFile(string path, string name, int label)
{
    public string Path => path;

    public string Name => name;

    public int Label => label;

    /// <summary>What tells it from other files in the cache, made when it is first asked for.</summary>
    public string Digest
    {
        get => field ??= GzipFile.Digest(path);
        set;
    }
}
