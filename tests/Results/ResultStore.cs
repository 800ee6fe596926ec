using System.Buffers;
using System.Text;
using System.Text.Json;

namespace EdgeLearn.Results;

/// <summary>
/// Jobs that have ended, one line of JSON each, written and flushed as they end: what a crash or a full disk leaves is whole lines and at
/// most one broken one, which is passed over. The last line of a key counts.
/// </summary>
sealed class ResultStore : IDisposable
{
    const long LongestBytes = 64 << 20;

    readonly Lock _lock = new();
    readonly Dictionary<string, ResultEntry> _byKey = [];
    readonly Dictionary<(string, string), double> _seconds = [];
    readonly FileStream _file;

    /// <summary>Reads what is there and goes on behind it.</summary>
    /// <exception cref="EdgeLearnException">The file cannot be read or written, or another run writes it.</exception>
    public ResultStore(string path)
    {
        Path = path;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (_file.Length > LongestBytes)
                throw new EdgeLearnException($"{path} is longer than {LongestBytes} bytes: not a store of results");
            byte[] bytes = new byte[_file.Length];
            _file.ReadExactly(bytes);
            foreach (string line in Encoding.UTF8.GetString(bytes).Split('\n'))
            {
                if (line.Length > 0 && Parse(line) is { } entry) Keep(entry);
            }

            if (bytes.Length > 0 && bytes[^1] != '\n') _file.WriteByte((byte)'\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _file?.Dispose();
            throw new EdgeLearnException($"cannot keep results in {path}: {e.Message}", e);
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>A job that has ended; null when there is none of that key.</summary>
    public ResultEntry? Find(string key)
    {
        lock (_lock) return _byKey.GetValueOrDefault(key);
    }

    /// <summary>How long a job took when it was last run, with whatever settings; null when it never was.</summary>
    public double? SecondsOf(string row, string job)
    {
        lock (_lock) return _seconds.TryGetValue((row, job), out double seconds) ? seconds : null;
    }

    /// <summary>Stores a job that has ended.</summary>
    public void Add(ResultEntry entry)
    {
        byte[] line = Format(entry);
        lock (_lock)
        {
            Keep(entry);
            _file.Write(line);
            _file.Flush(flushToDisk: true);
        }
    }

    public void Dispose() => _file.Dispose();

    void Keep(ResultEntry entry)
    {
        _byKey[entry.Key] = entry;
        _seconds[(entry.Row, entry.Job)] = entry.Seconds;
    }

    static byte[] Format(ResultEntry entry)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("row", entry.Row);
            json.WriteString("job", entry.Job);
            json.WriteString("key", entry.Key);
            json.WriteNumber("seconds", Math.Round(entry.Seconds, 3));
            if (entry.Failure is not null) json.WriteString("failure", entry.Failure);
            json.WriteStartObject("values");
            foreach (var (name, value) in entry.Values)
            {
                if (double.IsFinite(value)) json.WriteNumber(name, value);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    static ResultEntry? Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var values = new Dictionary<string, double>();
            foreach (var property in root.GetProperty("values").EnumerateObject()) values[property.Name] = property.Value.GetDouble();
            string? failure = root.TryGetProperty("failure", out var text) ? text.GetString() : null;
            return new ResultEntry(root.GetProperty("row").GetString()!, root.GetProperty("job").GetString()!,
                root.GetProperty("key").GetString()!, root.GetProperty("seconds").GetDouble(), values, failure);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}

/// <summary>A job that has ended, as it is stored.</summary>
/// <param name="Row">the row's name</param>
/// <param name="Job">the job's name</param>
/// <param name="Key">digest of row, job, settings and program</param>
/// <param name="Seconds">wall time</param>
/// <param name="Values">by name</param>
/// <param name="Failure">why it has no values, such as a loss that ran away; null when it has</param>
sealed record ResultEntry(string Row, string Job, string Key, double Seconds, IReadOnlyDictionary<string, double> Values, string? Failure);
