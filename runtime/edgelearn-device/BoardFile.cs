using EdgeLearn.Datasets;
using EdgeLearn.Device;

namespace EdgeLearn.Agent;

/// <summary>
/// The examples in a file or folder that grows, or is replaced, while the board runs: opened anew where it has changed, and read by the
/// model at hand.
/// </summary>
/// <param name="path">what --data names</param>
/// <param name="options">how it is read; takes what the model knows</param>
/// <param name="say">takes lines for the user</param>
sealed class BoardFile(string path, Func<Model?, DataOptions> options, Action<string> say) : BoardData
{
    static readonly EnumerationOptions s_twoDeep = new() { RecurseSubdirectories = true, MaxRecursionDepth = 1 };

    readonly HashSet<string> _said = [];

    // A known name is no path.
    readonly bool _isPath = File.Exists(path) || Directory.Exists(path);
    DataSplit? _open;
    string? _state;
    string? _meaning;
    int _count;
    string? _counted;
    int[]? _groups;

    /// <inheritdoc/>
    public override int[]? Groups => _groups;

    /// <inheritdoc/>
    public override int Count()
    {
        string state = StateOf(path);
        if (state == _counted) return _count;
        if (IsAway())
        {
            (_count, _groups, _counted) = (0, null, state);
            return 0;
        }

        try
        {
            using var all = DataCatalog.Open(path, options(null) with { WholeLinesOnly = true, NeedsLabels = false, CountsOnly = true });
            (_count, _groups) = (all.Train.Count, all.TrainGroups);
        }
        catch (NoSamplesException)
        {
            (_count, _groups) = (0, null);
        }
        catch (EdgeLearnException) when (File.Exists(path) || Directory.Exists(path))
        {
            // Only a model tells whether they can be read; the hub hears it from a round that fails.
            _count = Math.Max(1, _count);
        }

        _counted = state;
        return _count;
    }

    /// <inheritdoc/>
    public override BoardExamples? Open(Model model)
    {
        if (IsAway()) return null;
        string state = StateOf(path), meaning = MeaningOf(model);
        if (_open is null || state != _state || meaning != _meaning)
        {
            Close();
            try
            {
                _open = DataCatalog.Open(path, options(model) with { WholeLinesOnly = true });
            }
            catch (NoSamplesException)
            {
                return null;
            }

            (_state, _meaning) = (state, meaning);
            foreach (string note in _open.Notes.Where(_said.Add)) say(note);
            if (_counted == state) (_count, _groups) = (_open.Train.Count, _open.TrainGroups);
        }

        return new BoardExamples(_open.Train, _open.TrainGroups);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Close();
        base.Dispose(disposing);
    }

    // A file that is being replaced, or on a card that is mounted again, comes back.
    bool IsAway()
    {
        if (!_isPath || File.Exists(path) || Directory.Exists(path)) return false;
        if (_said.Add(path)) say($"{path} is not there; waiting for it");
        return true;
    }

    void Close()
    {
        _open?.Dispose();
        _open = null;
    }

    static string MeaningOf(Model model)
        => string.Join('\n', [.. model.ClassNames ?? [], "", $"{model.Network.Spec.ClassCount} {model.Network.Loss.Name}",
            model.Media ?? "", .. model.Columns?.Inputs.Select(column => $"{column}") ?? [], .. model.Columns?.Labels ?? []]);

    // Length and time of each file: appending changes one, replacing the other.
    static string StateOf(string path)
    {
        if (!Directory.Exists(path)) return OfFile(path);
        var files = Directory.EnumerateFiles(path).Order(StringComparer.Ordinal).Take(1000);
        // A folder of a class tells by its time that a file came or went.
        var folders = Directory.EnumerateDirectories(path, "*", s_twoDeep).Order(StringComparer.Ordinal).Take(1000);
        return string.Join('\n', files.Select(OfFile).Concat(folders.Select(OfFolder)));

        static string OfFolder(string folder) => $"{folder} {Directory.GetLastWriteTimeUtc(folder).Ticks}";

        static string OfFile(string file)
        {
            var info = new FileInfo(file);
            return info.Exists ? $"{file} {info.Length} {info.LastWriteTimeUtc.Ticks}" : file;
        }
    }
}
