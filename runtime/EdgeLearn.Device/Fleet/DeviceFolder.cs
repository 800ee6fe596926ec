using System.Buffers;
using System.Text.Json;
using EdgeLearn.Protocol;

namespace EdgeLearn.Device;

/// <summary>
/// All that a board keeps: <c>device.key</c> (made here, never leaves), <c>identity.json</c> (certificate, fleet, trusted keys),
/// <c>state.json</c> (models in use, what the hub must still hear), <c>report</c> (an update that is not acknowledged yet) and
/// <c>models/</c>. The folder is its owner's alone, one process uses it at a time, and every file is replaced whole: after a power cut at
/// any moment each file is the old one or the new one.
/// </summary>
sealed class DeviceFolder : IDisposable
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    const long LongestTextBytes = 1 << 20;

    static readonly SearchValues<char> s_hexadecimal = SearchValues.Create("0123456789abcdefABCDEF");

    readonly FileStream _lock;

    /// <summary>Opens a folder, or makes it, and removes what an interrupted write left behind.</summary>
    /// <exception cref="EdgeLearnException">It cannot be used, or another process uses it.</exception>
    public DeviceFolder(string root)
    {
        Root = Path.GetFullPath(root);
        try
        {
            MakePrivate(Root);
            MakePrivate(Models);
            _lock = OpenLock(Path.Combine(Root, "lock"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"the device folder {Root} cannot be used: {e.Message}; choose another or mend its permissions",
                e);
        }

        RemoveLeftovers(Root);
        RemoveLeftovers(Models);
    }

    /// <summary>Full path of the folder.</summary>
    public string Root { get; }

    /// <summary>Where model files lie, named by digest.</summary>
    public string Models => Path.Combine(Root, "models");

    /// <summary>The board's private key.</summary>
    public string KeyPath => Path.Combine(Root, "device.key");

    /// <summary>What enrolment gave.</summary>
    public string IdentityPath => Path.Combine(Root, "identity.json");

    /// <summary>Models in use and pending news.</summary>
    public string StatePath => Path.Combine(Root, "state.json");

    /// <summary>The update that waits for its acknowledgement.</summary>
    public string ReportPath => Path.Combine(Root, "report");

    /// <summary>The board's key, made at first use. The caller disposes it.</summary>
    public FleetKey Key() => FleetKey.LoadOrCreate(KeyPath);

    /// <summary>What enrolment gave; null before it.</summary>
    /// <exception cref="EdgeLearnException">The file is damaged.</exception>
    public DeviceIdentity? ReadIdentity()
    {
        if (ReadText(IdentityPath) is not { } text) return null;
        var identity = Parse(IdentityPath, "enrol again with a new token in an empty folder",
            () => JsonSerializer.Deserialize(text, DeviceJson.Default.DeviceIdentity));
        if (identity.Certificate.Length == 0 || identity.Authority.Length == 0 || identity.DeviceId.Length == 0)
        {
            throw new EdgeLearnException($"{IdentityPath} is damaged: the certificate, the authority or the device id is missing; enrol "
                + $"again with a new token in an empty folder");
        }
        return identity;
    }

    /// <summary>Stores what enrolment or a renewal gave.</summary>
    public void Write(DeviceIdentity identity)
        => DurableFile.Replace(IdentityPath, JsonSerializer.SerializeToUtf8Bytes(identity, DeviceJson.Default.DeviceIdentity),
            secret: true);

    /// <summary>The state; an empty one before the first write.</summary>
    /// <exception cref="EdgeLearnException">The file is damaged.</exception>
    public DeviceState ReadState()
    {
        if (ReadText(StatePath) is not { } text) return new DeviceState();
        return Parse(StatePath, "delete it to fetch the model again", () =>
        {
            var state = JsonSerializer.Deserialize(text, DeviceJson.Default.DeviceState);
            if (state?.Outcomes is null) state = state is null ? null : state with { Outcomes = [] };  // a file without the list
            foreach (string? digest in state is null
                ? []
                : (IEnumerable<string?>)[.. Kept(state.Current), .. Kept(state.Previous), .. state.Outcomes.Select(o => o.Digest)])
            {
                if (digest is not { Length: 2 * Digest.LengthBytes } || digest.AsSpan().ContainsAnyExcept(s_hexadecimal))
                    throw new JsonException($"'{digest}' is no digest of {2 * Digest.LengthBytes} hexadecimal digits");
            }
            return state;
        });
    }

    public void Write(DeviceState state)
        => DurableFile.Replace(StatePath, JsonSerializer.SerializeToUtf8Bytes(state, DeviceJson.Default.DeviceState), secret: true);

    /// <summary>
    /// The update that was not acknowledged yet; null when there is none. One that cannot be read counts as none: its task is done again.
    /// The caller disposes of it.
    /// </summary>
    public PendingReport? ReadReport()
    {
        if (!File.Exists(ReportPath)) return null;
        var report = PendingReport.Open(ReportPath);
        if (report is null) DeleteReport();
        return report;
    }

    /// <summary>Keeps an update until <see cref="DeleteReport"/>: header, signature, telemetry and all of its content.</summary>
    /// <param name="length">of the content</param>
    /// <param name="content">writes the content</param>
    /// <param name="message">gives everything else, when the content is written</param>
    public void Write(long length, Action<Stream> content, Func<ReportRequest> message)
        => PendingReport.Write(ReportPath, length, content, message);

    /// <summary>Forgets the update. Should the deletion be lost in a power cut, it is sent again and counted once.</summary>
    public void DeleteReport() => File.Delete(ReportPath);

    /// <summary>Lets another process use the folder.</summary>
    public void Dispose() => _lock.Dispose();

    static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        Directory.CreateDirectory(folder, OwnerOnly);
        if (File.GetUnixFileMode(folder) != OwnerOnly) File.SetUnixFileMode(folder, OwnerOnly);
    }

    FileStream OpenLock(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            return new FileStream(path, options);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException) && File.Exists(path))
        {
            throw new EdgeLearnException($"the device folder {Root} is in use by another process: stop it, or give this one a folder of "
                + $"its own", e);
        }
    }

    static void RemoveLeftovers(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "*.new")) File.Delete(path);
    }

    static string? ReadText(string path)
    {
        if (!File.Exists(path)) return null;
        if (new FileInfo(path).Length > LongestTextBytes)
            throw new EdgeLearnException($"{path} is larger than {LongestTextBytes} bytes: this is not a file of this program");
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"{path} cannot be read: {e.Message}", e);
        }
    }

    static IEnumerable<string?> Kept(KeptModel? model) => model is null ? [] : [model.Digest];

    static T Parse<T>(string path, string advice, Func<T?> parse)
        where T : class
    {
        try
        {
            return parse() ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new EdgeLearnException($"{path} is damaged: {e.Message.ReplaceLineEndings(" ")}; {advice}", e);
        }
    }
}
