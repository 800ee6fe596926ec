using System.Net;
using System.Security.Cryptography;

namespace EdgeLearn.Datasets;

/// <summary>
/// Fetches the files of a known set from its publisher into a folder. A file appears there only when its length and SHA-256 are right;
/// what is there already is not fetched again.
/// </summary>
/// <param name="folder">where the files go</param>
/// <param name="patience">how long a server may be silent</param>
/// <param name="progress">called after every piece</param>
sealed class DataDownload(string folder, TimeSpan patience, Action<DataProgress>? progress) : IDisposable
{
    readonly HttpClient _client = new(new SocketsHttpHandler { ConnectTimeout = patience }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Fetches what is missing of a set.</summary>
    /// <exception cref="EdgeLearnException">A file could not be had from any mirror, is not the published one, or cannot be
    /// written.</exception>
    public void Fetch(KnownData known)
    {
        foreach (var file in known.Files)
        {
            if (new FileInfo(Path.Combine(folder, file.Name)) is { Exists: true } found && found.Length == file.Bytes) continue;
            Fetch(known, file);
        }
    }

    public void Dispose() => _client.Dispose();

    void Fetch(KnownData known, KnownFile file)
    {
        string reason = "it has no publisher";
        foreach (var mirror in known.Mirrors)
        {
            try
            {
                FetchAsync(new Uri(mirror, file.Name), file).GetAwaiter().GetResult();
                return;
            }
            catch (OperationCanceledException)
            {
                reason = $"{mirror.Host} was silent for {patience.TotalSeconds:0.#} s";
            }
            catch (HttpRequestException e)
            {
                reason = e.StatusCode is { } status
                    ? $"{mirror.Host} answered {(int)status}"
                    : $"{mirror.Host}: {e.Message.ReplaceLineEndings(" ")}";
            }
            catch (InvalidDataException e)
            {
                reason = $"{mirror.Host}: {e.Message}";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new EdgeLearnException($"cannot write the download to {folder}: {e.Message}; set XDG_CACHE_HOME to a folder that "
                    + $"can be written", e);
            }
        }

        throw new EdgeLearnException(
            $"{known.Name} is not on this machine and cannot be downloaded ({reason}); put its files into ./data/{known.Folder}, or name "
            + $"its folder with --data");
    }

    async Task FetchAsync(Uri address, KnownFile file)
    {
        using var silence = new CancellationTokenSource(patience);
        using var response = await _client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, silence.Token);
        if (response.StatusCode != HttpStatusCode.OK) throw new HttpRequestException(null, null, response.StatusCode);
        if (response.Content.Headers.ContentLength is { } length && length != file.Bytes)
            throw new InvalidDataException($"{file.Name} has {length} bytes; expected {file.Bytes}");

        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, file.Name);
        string part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            using var content = await response.Content.ReadAsStreamAsync(silence.Token);
            using (var stream = new FileStream(part, FileMode.CreateNew, FileAccess.Write))
            {
                await CopyAsync(content, stream, file, silence);
                stream.Flush(flushToDisk: true);
            }

            File.Move(part, path, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }

    async Task CopyAsync(Stream content, FileStream destination, KnownFile file, CancellationTokenSource silence)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        long bytes = 0;
        while (true)
        {
            silence.CancelAfter(patience);
            int count = await ReadAsync(content, buffer, silence.Token);
            if (count == 0) break;
            bytes += count;
            if (bytes > file.Bytes) throw new InvalidDataException($"{file.Name} has more than the {file.Bytes} bytes expected");
            hash.AppendData(buffer, 0, count);
            destination.Write(buffer, 0, count);
            progress?.Invoke(new DataProgress($"downloading {file.Name}", bytes, file.Bytes));
        }

        if (bytes != file.Bytes) throw new InvalidDataException($"{file.Name} ended after {bytes} of {file.Bytes} bytes");
        string digest = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (digest != file.Sha256) throw new InvalidDataException($"{file.Name} has SHA-256 {digest}; expected {file.Sha256}");
    }

    // A connection that breaks off is the mirror's failure; only writing is this machine's.
    static async Task<int> ReadAsync(Stream content, byte[] buffer, CancellationToken stop)
    {
        try
        {
            return await content.ReadAsync(buffer, stop);
        }
        catch (IOException e)
        {
            throw new InvalidDataException(e.Message.ReplaceLineEndings(" "), e);
        }
    }
}
