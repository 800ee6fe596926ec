namespace EdgeLearn.Datasets;

/// <summary>What is found while a folder of images or WAV files is looked through.</summary>
/// <param name="root">the folder that the user named</param>
sealed class MediaFound(string root)
{
    readonly List<string> _others = [];
    readonly List<string> _deeper = [];
    readonly List<string> _empty = [];
    string? _image;
    string? _sound;

    /// <summary>Lines for the user.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>The folders in a folder that hold images or WAV files themselves, in the order of their names.</summary>
    public static string[] ClassFolders(string folder)
        => [.. MediaFolder.Folders(folder).Where(one => Directory.EnumerateFiles(one).Any(IsSeenMedia))];

    /// <summary>The files of class folders.</summary>
    /// <param name="part">the folder that they lie in</param>
    /// <param name="folders">those of its folders that are classes</param>
    /// <param name="classes">names of all classes, in their order</param>
    public List<MediaFile> FilesOf(string part, string[] folders, string[] classes)
    {
        var files = new List<MediaFile>();
        _empty.AddRange(MediaFolder.Folders(part).Except(folders));
        foreach (string folder in folders)
        {
            files.AddRange(FilesIn(folder, Array.IndexOf(classes, Path.GetFileName(folder))));
            _others.AddRange(Directory.EnumerateFiles(folder).Where(file => MediaFolder.IsSeen(file) && !MediaFolder.IsMedia(file))
                .Order(StringComparer.Ordinal));
            _deeper.AddRange(MediaFolder.Folders(folder));
        }

        return files;
    }

    /// <summary>The images or WAV files that lie in one folder, in the order of their names.</summary>
    /// <exception cref="EdgeLearnException">There are both.</exception>
    public List<MediaFile> FilesIn(string folder, int label)
    {
        var files = new List<MediaFile>();
        foreach (string file in Directory.EnumerateFiles(folder).Where(MediaFolder.IsSeen).Order(StringComparer.Ordinal))
        {
            if (MediaFolder.IsSoundName(file) is not { } isSound) continue;
            if (isSound) _sound ??= file;
            else _image ??= file;
            if (_image is not null && _sound is not null)
            {
                throw new EdgeLearnException($"{root} holds images ({NameOf(_image)}) and WAV files ({NameOf(_sound)}); expected one of "
                    + $"them: put them into two folders");
            }
            files.Add(new MediaFile(file, NameOf(file), label));
        }

        return files;
    }

    /// <summary>The folder, with a line for each kind of thing that is left out.</summary>
    public MediaFolder Folder(string[] classes, IReadOnlyList<MediaFile> train, IReadOnlyList<MediaFile>? test)
    {
        bool isSound = _sound is not null;
        string kind = MediaFolder.KindOf(isSound);
        Say($"no {kind}", _others);
        Say("deeper than the classes", _deeper);
        Say($"no class, for no {kind} lie in it", _empty);
        return new MediaFolder(root, isSound, classes) { Train = train, Test = test, Notes = Notes };
    }

    static bool IsSeenMedia(string file) => MediaFolder.IsSeen(file) && MediaFolder.IsMedia(file);

    void Say(string what, List<string> paths)
    {
        if (paths.Count > 0)
            Notes.Add($"{what} ({paths.Count:N0}), left out: {NameText.First([.. paths.Select(NameOf)], most: 3)}");
    }

    string NameOf(string path) => NameText.Shown(Path.GetRelativePath(root, path));
}
