namespace EdgeLearn.Commands;

/// <summary>What kind of file a command writes.</summary>
enum OutputKind
{
    /// <summary>A model.</summary>
    Model,

    /// <summary>An adaptor.</summary>
    Adaptor,

    /// <summary>What runs keep between them.</summary>
    Past,

    /// <summary>A state_dict of PyTorch.</summary>
    State,

    /// <summary>A picture.</summary>
    Svg,

    /// <summary>Lines of JSON.</summary>
    Lines,

    /// <summary>A folder of a run.</summary>
    Checkpoint,
}

/// <summary>
/// The files that a command reads and those that it will write: refuses, before anything is done, to write over what is read, two results
/// in one file, and a result in place of a file of another kind. Files are known by where they lie and not by their names.
/// </summary>
sealed class OutputFiles
{
    readonly List<(string Option, string Path)> _inputs = [];
    readonly List<(string Option, string Path, OutputKind Kind)> _outputs = [];

    /// <summary>Takes note of a file or folder that is read; null = none.</summary>
    public OutputFiles Reads(string option, string? path)
    {
        if (path is not null && (File.Exists(path) || Directory.Exists(path))) _inputs.Add((option, RealPath(path)));
        return this;
    }

    /// <summary>Refuses a target that cannot be written, or must not be.</summary>
    /// <param name="option">that named it</param>
    /// <param name="path">the target; null = none</param>
    /// <param name="kind">what will be written</param>
    /// <param name="replaces">the option whose file it may well replace; null = none</param>
    /// <exception cref="EdgeLearnException">It is an input, another target, a file of another kind, or cannot be written.</exception>
    public OutputFiles Writes(string option, string? path, OutputKind kind, params string[] replaces)
    {
        if (path is null) return this;
        string real = RealPath(path);
        foreach (var (other, input) in _inputs)
        {
            if (input == real && !replaces.Contains(other))
                throw new EdgeLearnException($"{option} {path} would write over what {other} reads: choose another name");
        }
        foreach (var (other, target, _) in _outputs)
        {
            if (target == real)
                throw new EdgeLearnException($"{option} {path} and {other} name the same file: two results need two files");
        }
        if (kind != OutputKind.Checkpoint)
        {
            SaveTarget.Check(path, option);
            if (File.Exists(real) && !MayReplace(kind, real))
            {
                throw new EdgeLearnException($"{option} {path}: there is a file of another kind, which would be lost: choose another name, "
                    + $"or move it away");
            }
        }
        else if (File.Exists(real))
        {
            throw new EdgeLearnException($"{option} {path} is a file: expected a folder, which is made where it is not there");
        }
        _outputs.Add((option, real, kind));
        return this;
    }

    // What cannot be read under the name of a model was one once, and is no loss.
    static bool MayReplace(OutputKind kind, string path)
        => new FileInfo(path).Length == 0 || (KindOf(path) is { } found ? found == kind : Path.GetExtension(path) == ".safetensors");

    // Null where it is nothing that a command writes.
    static OutputKind? KindOf(string path)
    {
        Span<byte> start = stackalloc byte[256];
        using (var file = File.OpenRead(path))
        {
            var text = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            if (text.IndexOf("<svg"u8) >= 0) return OutputKind.Svg;
            if (text.StartsWith("{\""u8)) return OutputKind.Lines;
        }

        try
        {
            using var file = SafeTensors.Open(path);
            if (file.Metadata.ContainsKey("edgelearn.adaptor")) return OutputKind.Adaptor;
            if (file.Metadata.ContainsKey("edgelearn.past")) return OutputKind.Past;
            return file.Metadata.ContainsKey("edgelearn.network") ? OutputKind.Model : OutputKind.State;
        }
        catch (EdgeLearnException)
        {
            return null;
        }
    }

    /// <summary>Where a path leads when every link on the way is followed.</summary>
    internal static string RealPath(string path)
    {
        string full = Path.GetFullPath(path), real = Path.GetPathRoot(full)!;
        foreach (string part in full[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(real, part);
            FileSystemInfo info = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            // Each folder of a link's target may be a link again.
            real = info.LinkTarget is null ? next : RealPath(info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? next);
        }

        return real;
    }
}
