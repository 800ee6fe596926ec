namespace EdgeLearn.Datasets;

/// <summary>
/// Opens what <c>--data</c> names: a folder, a file (IDX, npy or csv, compressed or not; an image or a WAV file), or a known name. A known
/// name is looked for in $EDGELEARN_DATA, ./data, the repository's data, a shared/data folder beside the clone and the user's cache, and is
/// downloaded last.
/// </summary>
public sealed class DataCatalog
{
    const string TextPrefix = "text:";

    // Bytes of a window where no --input-shape says how many.
    const int TextSteps = 64;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly DataOptions _options;
    readonly FileCache _cache;

    /// <summary>Prepares opening.</summary>
    /// <exception cref="EdgeLearnException">The test fraction is not between 0 and 1.</exception>
    public DataCatalog(DataOptions options)
    {
        if (!(options.TestFraction > 0 && options.TestFraction < 1))
        {
            throw new EdgeLearnException(FormattableString.Invariant(
                $"a test fraction of {options.TestFraction}; expected a number above 0 and below 1, such as 0.2"));
        }
        if (options.Fold is var (part, parts) && (parts < 2 || part < 1 || part > parts))
            throw new EdgeLearnException($"fold {part}/{parts}: expected two numbers such as 1/5, the first at most the second");
        if (options.Window is < 1 || options.Hop is < 1) throw new EdgeLearnException("a window and its hop have at least 1 row");
        if (options.Hop is not null && (options.Window ?? options.Columns?.Window ?? 0) < 2)
            throw new EdgeLearnException($"--hop {options.Hop}: without --window there is nothing to cut");
        _options = options;
        _cache = new FileCache(options.CacheFolder);
    }

    /// <summary>The names that need no path.</summary>
    public static IEnumerable<string> KnownNames => KnownData.All.Select(known => known.Name);

    /// <summary>Opens the data; the caller disposes it.</summary>
    /// <param name="data">a folder, a file or a known name</param>
    /// <param name="options">how it is to be read; null for the defaults</param>
    /// <exception cref="EdgeLearnException">There is no such data, it is damaged or inconsistent, or it cannot be downloaded.</exception>
    public static DataSplit Open(string data, DataOptions? options = null) => new DataCatalog(options ?? new DataOptions()).Open(data);

    /// <summary>Opens the data; the caller disposes it.</summary>
    /// <param name="data">a folder, a file or a known name</param>
    /// <exception cref="EdgeLearnException">There is no such data, it is damaged or inconsistent, or it cannot be downloaded.</exception>
    public DataSplit Open(string data)
    {
        try
        {
            if (data.StartsWith(TextPrefix, StringComparison.Ordinal)) return OpenText(data[TextPrefix.Length..]);
            if (KnownData.Find(data) is { } known) return OpenKnown(known);
            if (Directory.Exists(data)) return OpenFolder(data, FolderName(data), null);
            if (File.Exists(data)) return OpenFile(data);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"cannot read {data}: {e.Message}", e);
        }

        throw new EdgeLearnException($"there is no file or folder '{data}'; known names are {string.Join(", ", KnownNames)}; text:FILE "
            + $"reads the bytes of a file as sequences");
    }

    DataSplit OpenText(string path)
    {
        string name = Path.GetFileName(path);
        RefuseRegression(name);
        RefuseSound();
        TableWords.Refuse(_options, "text is cut into windows by --input-shape");
        if (!File.Exists(path)) throw new EdgeLearnException($"there is no file '{path}' to read as text");
        var text = new TextDataset(ByteSource.Open(path), _options.InputShape?.Length ?? TextSteps);
        try
        {
            return DataSplit.FromWhole(text, _options, name, path);
        }
        catch (EdgeLearnException)
        {
            text.Dispose();
            throw;
        }
    }

    /// <summary>The folders where a known set may lie, in the order they are tried.</summary>
    internal static IEnumerable<string> Places(string? cacheFolder)
    {
        string? named = Environment.GetEnvironmentVariable("EDGELEARN_DATA");
        if (!string.IsNullOrEmpty(named)) yield return named;
        yield return Path.GetFullPath("data");
        if (RepositoryRoot.Find() is { } root)
        {
            yield return Path.Combine(root, "data");
            if (Path.GetDirectoryName(root) is { } beside) yield return Path.Combine(beside, "shared", "data");
        }

        if (cacheFolder is not null) yield return Path.Combine(cacheFolder, "data");
    }

    DataSplit OpenKnown(KnownData known)
    {
        foreach (string place in Places(_cache.Folder))
        {
            string path = Path.Combine(place, known.Folder);
            if (!Directory.Exists(path)) continue;
            if (known.Cut is { } cut) return OpenSeries(path, cut, known.Name);
            if (IsWhole(path, known) && (CifarFolder.Find(path) is not null || DataFolder.Find(path) is not null))
                return OpenFolder(path, known.Name, known.InputShape);
        }

        string target = Path.Combine(_cache.Folder, "data", known.Folder);
        if (known.Mirrors.Length == 0 || !_options.AllowDownload)
        {
            throw new EdgeLearnException($"{known.Name} is not on this machine; set EDGELEARN_DATA to the folder that has {known.Folder}, "
                + $"or name its folder with --data");
        }
        using (var download = new DataDownload(target, s_patience, _options.Progress)) download.Fetch(known);
        return OpenFolder(target, known.Name, known.InputShape);
    }

    // A download that broke off leaves some of the files; it is taken up again.
    bool IsWhole(string folder, KnownData known) =>
        folder != Path.Combine(_cache.Folder, "data", known.Folder)
        || known.Files.All(file => File.Exists(Path.Combine(folder, file.Name)));

    DataSplit OpenFolder(string path, string name, Shape? shape)
    {
        if (Directory.Exists(path) && CifarFolder.Find(path) is { } cifar) return OpenCifar(cifar, name);
        if (DataFolder.Find(path) is not { } folder)
        {
            var media = Directory.Exists(path) ? MediaFolder.Find(path) : null;
            return media is null ? throw DataFolder.Nothing(path) : new MediaOpening(_options, _cache).Open(media, name);
        }
        if (folder.TrainLabels is null) return OpenTables(folder.Train, folder.Test, name, folder.Path, shape);
        string? groups = _options.GroupColumn is null ? null : folder.Groups(_options.GroupColumn);
        var split = Arrays.Open(folder.Train, folder.TrainLabels, folder.Test, folder.TestLabels, name, path, shape, groups,
            folder.IsSequence);
        split.FindGroupsBy(() => folder.Groups(null) is { } found ? ReadGroups(split, found) : null);
        return split;
    }

    int[] ReadGroups(DataSplit split, string path)
    {
        using var rows = ArrayLabels.Groups(ArrayFile.Open(path, _cache));
        return DataSplit.GroupsOf(split.Train, rows);
    }

    DataSplit OpenCifar(CifarFolder folder, string name)
    {
        RefuseRegression(name);
        using var opened = new OpenedFiles();
        var train = CifarFolder.Open(folder.Train, _cache);
        opened.Add(train.Inputs);
        var test = folder.Test.Length == 0 ? null : CifarFolder.Open(folder.Test, _cache);
        if (test is not null) opened.Add(test.Inputs);
        return Arrays.Split(opened, train.Inputs, train.Labels, test?.Inputs, test?.Labels, name, folder.Path, null, null, null);
    }

    DataSplit OpenSeries(string path, SeriesCut cut, string name)
    {
        RefuseRegression(name);
        using var opened = new OpenedFiles();
        var series = cut.Read(path, cut.TrainLoad);
        string[] classNames = [.. series.Select(one => one.Condition).Distinct()];
        var train = cut.Open(series, classNames, cut.Stride, name, _cache);
        opened.Add(train.Inputs);
        var test = cut.Open(cut.Read(path, cut.TestLoad), classNames, cut.Length, name, _cache);
        opened.Add(test.Inputs);
        var split = Arrays.Split(opened, train.Inputs, train.Labels, test.Inputs, test.Labels, name, path, null, classNames,
            _options.GroupColumn is null ? null : train.Groups, isSequence: true);
        split.FindGroupsBy(() => DataSplit.GroupsOf(split.Train, train.Groups!));
        return split;
    }

    void RefuseRegression(string name)
    {
        if (_options.Regression) throw new EdgeLearnException($"{name} has classes and no real targets: use cross-entropy");
    }

    DataSplit OpenFile(string path)
    {
        byte[] start = GzipFile.ReadStart(path);
        string name = Path.GetFileName(path);
        RefuseForeign(path, start);
        if (NpzFile.HasMagic(start)) return OpenFolder(path, name, null);
        if (MediaFolder.IsMedia(path)) return new MediaOpening(_options, _cache).Open(MediaFolder.OfFile(path), name);
        if (IsTable(path, start)) return OpenTables(path, null, name, path);
        if (ArrayHeader.Parse(start, name).Dimensions == 1)
        {
            throw new EdgeLearnException($"{path} holds one number a sample: labels, not inputs; name the file with the inputs, or the "
                + $"folder of both");
        }
        if (!_options.NeedsLabels) return Arrays.OpenInputs(path, name, null);
        string labels = DataFolder.LabelsBeside(path) ?? throw new EdgeLearnException(
            $"{path} has no labels beside it: expected its name with \"labels\" in place of \"images\", \"windows\", \"signals\" or "
            + $"\"features\", or y in place of X; or name a folder");
        return Arrays.Open(path, labels, null, null, name, path, null, null, isSequence: false);
    }

    // What people have in place of data is called what it is.
    static void RefuseForeign(string path, byte[] start)
    {
        if (Path.GetExtension(path).ToLowerInvariant() is ".xlsx" or ".xls" or ".ods")
            throw new EdgeLearnException($"{path} is a workbook: save its sheet as CSV UTF-8");
        bool isData = start.Length == 0 || IsArray(start) || MediaFolder.IsMedia(path);
        var known = start.AsSpan(0, Math.Min(start.Length, ForeignFile.StartBytes));
        if (isData || ForeignFile.Of(known) is not { IsData: false } foreign) return;
        throw new EdgeLearnException($"{path} is {foreign.Name}, where a table (csv), an array (npy, npz, IDX), an image or a WAV file is "
            + $"expected{(foreign.Remedy is { } remedy ? $": {remedy}" : "")}");
    }

    static bool IsArray(byte[] start) => NpyFile.HasMagic(start) || IdxFile.HasMagic(start) || NpzFile.HasMagic(start);

    /// <summary>Whether data are a file that is read as a table.</summary>
    internal static bool IsTable(string data) => File.Exists(data) && IsTable(data, GzipFile.ReadStart(data));

    static bool IsTable(string path, byte[] start)
    {
        if (start.Length == 0 || IsArray(start)) return false;
        // After a power cut a text may hold zeros.
        return !start.Contains((byte)0)
            || Path.GetExtension(ArrayName.WithoutGzip(ArrayName.Lower(path))) is ".csv" or ".txt" or ".tsv" or ".dat" or ".data";
    }

    DataSplit OpenTables(string train, string? test, string name, string source, Shape? shape = null)
    {
        RefuseSound();
        var split = new TableOpening(_options, _cache).Open(train, test, name, source, _options.InputShape ?? shape);
        if (_cache.Notice is { } notice) split.Notes = [.. split.Notes, notice];
        return split;
    }

    ArrayOpening Arrays
    {
        get
        {
            RefuseSound();
            TableWords.Refuse(_options, "arrays have their windows and labels in their shapes");
            return new ArrayOpening(_options, _cache);
        }
    }

    void RefuseSound()
    {
        if (_options.Audio is not null || _options.AudioRate is not null)
            throw new EdgeLearnException("--audio and --audio-rate say how WAV files are read, and the data are none");
    }

    static string FolderName(string path) => new DirectoryInfo(path).Name;
}
