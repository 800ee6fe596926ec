using EdgeLearn.Protocol;

namespace EdgeLearn.Device;

/// <summary>
/// The model files of a board, each under its digest. Two are kept: the one in use and the one before; a third is staged beside them. Which
/// is which stands in the state alone, so switching and rolling back are one atomic write. A file is published only when its digest is
/// right, and checked again at every opening.
/// </summary>
/// <param name="folder">Owns the files.</param>
sealed class ArtefactStore(DeviceFolder folder)
{
    const string Part = ".part";

    /// <summary>Where the artefact lies once it is whole.</summary>
    public string PathOf(Digest digest) => Path.Combine(folder.Models, digest.ToString());

    /// <summary>Path of an artefact that is here and unchanged; null when it is not here, or was damaged (then it is deleted).</summary>
    public string? Find(Digest digest)
    {
        string path = PathOf(digest);
        if (!File.Exists(path)) return null;
        if (DigestOf(path) == digest) return path;
        File.Delete(path);
        return null;
    }

    /// <summary>
    /// Brings an artefact here, going on where an interrupted transfer stopped. Takes no more bytes than the manifest says, and no file
    /// that does not have its digest.
    /// </summary>
    /// <param name="manifest">Verified by the caller.</param>
    /// <param name="link">To the hub.</param>
    /// <param name="stop">Ends the transfer; what has arrived stays.</param>
    /// <returns>The path.</returns>
    /// <exception cref="EdgeLearnException">The bytes are not the ones that were signed.</exception>
    /// <exception cref="DiskRefusedException">They do not fit on the disk, or it does not take them.</exception>
    /// <exception cref="HubAwayException">Interrupted; call again.</exception>
    public async Task<string> FetchAsync(ArtefactManifest manifest, FleetLink link, CancellationToken stop)
    {
        string path = PathOf(manifest.Digest), part = path + Part;
        try
        {
            if (Find(manifest.Digest) is { } here) return here;
            bool resumed = File.Exists(part) && new FileInfo(part).Length > 0;
            RequireSpace(manifest.SizeBytes, "the model");
            await AppendAsync(manifest, part, link, stop).ConfigureAwait(false);
            if (DigestOf(part) != manifest.Digest && resumed)
            {
                // The tail of an interrupted transfer may not have reached the disk before a power cut: once more from the start.
                File.Delete(part);
                await AppendAsync(manifest, part, link, stop).ConfigureAwait(false);
            }

            if (DigestOf(part) != manifest.Digest)
            {
                var found = DigestOf(part);
                File.Delete(part);
                throw new EdgeLearnException($"version {manifest.Version} arrived damaged: its SHA-256 is {found.ToString()[..16]}..., "
                    + $"signed was {manifest.Digest.ToString()[..16]}...");
            }

            DurableFile.Publish(part, path);
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DiskRefusedException($"version {manifest.Version} cannot be stored in {folder.Models}: {e.Message}", e);
        }
    }

    /// <summary>The state in which another model is in use and the present one is kept.</summary>
    public static DeviceState Switched(DeviceState state, ArtefactManifest manifest, ulong release) => state with
    {
        Previous = state.Current,
        Current = new KeptModel(manifest.Digest.ToString(), manifest.Version),
        NewestVersion = Math.Max(state.NewestVersion, manifest.Version),
        NewestRelease = Math.Max(state.NewestRelease, release),
    };

    /// <summary>The state in which the model before is in use again; the versions that are refused stay as they are.</summary>
    public static DeviceState RolledBack(DeviceState state) => state with { Current = state.Previous, Previous = null };

    /// <summary>Deletes every file but those named by the state and one that is still needed.</summary>
    public void Collect(DeviceState state, Digest needed = default)
    {
        foreach (string path in Directory.EnumerateFiles(folder.Models))
        {
            string name = Path.GetFileName(path);
            if (name == state.Current?.Digest || name == state.Previous?.Digest) continue;
            if (name.StartsWith(needed.ToString(), StringComparison.Ordinal)) continue;
            File.Delete(path);
        }
    }

    static async Task AppendAsync(ArtefactManifest manifest, string part, FleetLink link, CancellationToken stop)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(part, options);
        if (file.Length > manifest.SizeBytes) file.SetLength(0);
        file.Position = file.Length;
        if (file.Length < manifest.SizeBytes)
        {
            await link.FetchAsync(manifest.Digest, file.Length, (total, chunk) =>
            {
                if (total != 0 && total != manifest.SizeBytes)
                {
                    throw new EdgeLearnException($"the hub offers {total} bytes of version {manifest.Version}; signed "
                        + $"were {manifest.SizeBytes}");
                }
                if (file.Position + chunk.Length > manifest.SizeBytes)
                    throw new EdgeLearnException($"the hub sends more than the {manifest.SizeBytes} bytes of version {manifest.Version}");
                file.Write(chunk.Span);
            }, stop).ConfigureAwait(false);
        }

        file.Flush(flushToDisk: true);
        if (file.Length < manifest.SizeBytes)
        {
            throw new HubAwayException($"the hub ended version {manifest.Version} after {file.Length} of {manifest.SizeBytes} bytes",
                new EndOfStreamException());
        }
    }

    /// <summary>Refuses what the disk has no room for, before any work is done for it.</summary>
    /// <exception cref="DiskRefusedException">There is less room.</exception>
    public void RequireSpace(long bytes, string what)
    {
        long free = new DriveInfo(folder.Models).AvailableFreeSpace;
        if (bytes > free)
            throw new DiskRefusedException($"{what} needs {bytes:N0} bytes, {free:N0} are free in {folder.Models}: make room");
    }

    static Digest DigestOf(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        return Digest.Of(file);
    }
}
