using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>
/// The files of a hub: <c>keys/</c> (authority, round key, server key), <c>fleet.db</c>, <c>artefacts/</c>, <c>updates/</c>, and
/// <c>operator/</c>, which belongs to the operator's command line: release key, operator certificate, the fleet's authority and the hub's
/// address. The operator's folder may be moved to another machine; the hub then holds the public half of the release key alone.
/// </summary>
sealed class HubFolder : IDisposable
{
    readonly FileStream _lock;

    public HubFolder(string root)
    {
        Root = Path.GetFullPath(root);
        try
        {
            foreach (string folder in (string[])[Root, Keys, Artefacts, Updates, Partial])
                MakePrivate(folder);
            _lock = OpenLock();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"the hub's folder {Root} cannot be used: {e.Message}", e);
        }
    }

    public string Root { get; }

    public string Keys => Path.Combine(Root, "keys");

    public string Database => Path.Combine(Root, "fleet.db");

    public string Artefacts => Path.Combine(Root, "artefacts");

    public string Updates => Path.Combine(Root, "updates");

    public string Partial => Path.Combine(Root, "updates", "partial");

    public string Operator => Path.Combine(Root, "operator");

    /// <summary>A key of the hub's own, made at first use.</summary>
    public FleetKey Key(string name) => FleetKey.LoadOrCreate(Path.Combine(Keys, name + ".key"));

    /// <summary>Makes a folder that its owner alone can look into, where there is none.</summary>
    public static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose() => _lock.Dispose();

    FileStream OpenLock()
    {
        try
        {
            return new FileStream(Path.Combine(Root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsHeld(e))
        {
            throw new EdgeLearnException($"the hub's folder {Root} cannot be used: another hub runs in it", e);
        }
    }

    /// <summary>
    /// A sharing violation on Windows; elsewhere what flock says of a lock that another process holds: EWOULDBLOCK, 11 on Linux and 35 on
    /// macOS.
    /// </summary>
    static bool IsHeld(IOException e) => OperatingSystem.IsWindows() ? (e.HResult & 0xFFFF) is 32 or 33 : e.HResult is 11 or 35;
}
