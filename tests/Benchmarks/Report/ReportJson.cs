using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeLearn.Benchmarks;

/// <summary>The JSON of a report, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(Dictionary<string, string>))]
sealed partial class ReportJson : JsonSerializerContext
{
    /// <summary>For standard output.</summary>
    public static ReportJson OneLine { get; } = new(Settings(indented: false));

    /// <summary>For a file that people compare with an older one.</summary>
    public static ReportJson Lines { get; } = new(Settings(indented: true));

    // Nothing here goes into a web page: plus signs and quotes stay readable.
    static JsonSerializerOptions Settings(bool indented)
        => new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            WriteIndented = indented,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
        };
}
