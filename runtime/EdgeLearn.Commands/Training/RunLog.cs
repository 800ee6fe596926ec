using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>
/// The file of <c>--log</c>: a line of JSON with the settings, one for each noted moment, one with the result. Each is with the operating
/// system as soon as it is written, so that a killed run loses none.
/// </summary>
sealed class RunLog : IDisposable
{
    readonly string _path;
    readonly CommandOutput _output;
    FileStream? _file;

    /// <summary>Begins the file; where the session was resumed, what it has of the steps before stays.</summary>
    /// <exception cref="EdgeLearnException">It cannot be written.</exception>
    public RunLog(string path, TrainingSession session, DataSplit data, CommandOutput output)
    {
        _path = path;
        _output = output;
        try
        {
            var (lines, points) = session.StepCount > 0 && File.Exists(path) ? Read(path, session.StepCount) : ([], []);
            Before = points;
            if (lines.Count == 0)
                lines.Add(JsonSerializer.Serialize(new RunLogLine { Run = RunHead.Of(session, data) }, ResultJson.Default.RunLogLine));
            DurableFile.Replace(path, Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))));
            _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"--log {path} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>The moments of an earlier process of this run.</summary>
    public IReadOnlyList<CoursePoint> Before { get; }

    // Lines behind the resumed step come again; a killed process may have left half a line.
    static (List<string> Lines, List<CoursePoint> Points) Read(string path, long stepCount)
    {
        List<string> lines = [];
        List<CoursePoint> points = [];
        foreach (string line in File.ReadLines(path))
        {
            try
            {
                using var json = JsonDocument.Parse(line);
                var root = json.RootElement;
                if (lines.Count == 0)
                {
                    if (!root.TryGetProperty("run", out _)) break;
                    lines.Add(line);
                }
                else if (root.TryGetProperty("step", out var step) && step.GetInt64() <= stepCount)
                {
                    points.Add(new CoursePoint(step.GetInt64(), root.GetProperty("epoch").GetDouble(), Number(root, "loss"),
                        root.GetProperty("rate").GetSingle(), Number(root, "accuracy"), root.GetProperty("seconds").GetDouble()));
                    lines.Add(line);
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                if (lines.Count == 0) break;
            }
        }

        return (lines, points);
    }

    static double? Number(JsonElement line, string name)
        => line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    /// <summary>Appends a line. A full disk ends the log and not the run.</summary>
    public void Write(RunLogLine line)
    {
        if (_file is null) return;
        try
        {
            byte[] json = line.Point is { } point
                ? JsonSerializer.SerializeToUtf8Bytes(point, ResultJson.Default.CoursePoint)
                : JsonSerializer.SerializeToUtf8Bytes(line, ResultJson.Default.RunLogLine);
            _file.Write([.. json, (byte)'\n']);
        }
        catch (IOException e)
        {
            _output.Error.WriteLine($"warning: --log {_path} ends here: {e.Message}");
            _file.Dispose();
            _file = null;
        }
    }

    public void Dispose() => _file?.Dispose();
}

/// <summary>A line of <c>--log</c>; a moment stands in it by itself.</summary>
sealed record RunLogLine
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RunHead? Run { get; init; }

    [JsonIgnore]
    public CoursePoint? Point { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TrainResult? Result { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }
}

/// <summary>What a run is, the first line of <c>--log</c>.</summary>
/// <param name="Version">of the program</param>
/// <param name="Started">when</param>
/// <param name="Data">that it learns from</param>
/// <param name="Network">the network in shorthand</param>
/// <param name="Loss">what the outputs are held against</param>
/// <param name="Rule">the learning rule's word</param>
/// <param name="Update">the update rule's word</param>
/// <param name="Seed">of the run</param>
/// <param name="Batch">samples of a step</param>
/// <param name="LearningRate">rate of the last layer at the start</param>
/// <param name="Steps">of the whole run</param>
/// <param name="StepsPerEpoch">of one pass over the training data</param>
/// <param name="TrainExamples">samples to learn from</param>
/// <param name="TestExamples">samples to test with</param>
/// <param name="Settings">what differs from the defaults, by the names of the options</param>
sealed record RunHead(string Version, DateTimeOffset Started, string Data, string Network, string Loss, string Rule, string Update,
    ulong Seed, int Batch, float LearningRate, long Steps, int StepsPerEpoch, int TrainExamples, int TestExamples,
    IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>Of a session.</summary>
    public static RunHead Of(TrainingSession session, DataSplit data)
    {
        var changes = new Dictionary<string, string>();
        foreach (var (name, value) in session.Settings.Changes()) changes.TryAdd(name, value);
        return new RunHead(typeof(RunHead).Assembly.GetName().Version!.ToString(3), DateTimeOffset.UtcNow, data.Name,
            session.Network.Spec.ToString(), session.Network.Loss.Name, session.Rule.Name, session.Update.Name, session.Settings.Seed,
            session.Settings.Batch, session.Settings.LearningRate!.Value, session.TotalSteps, session.StepsPerEpoch, data.Train.Count,
            data.Test.Count, changes);
    }
}
