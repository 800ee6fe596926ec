using System.Globalization;
using System.Net.Http.Headers;
using EdgeLearn.Hub.Otlp;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeLearn.Hub;

/// <summary>
/// Where metrics go, as the standard variables say: OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL (http/protobuf, the default, or grpc), _HEADERS,
/// _TIMEOUT, each also with METRICS_ in the middle, which goes first. Source: OpenTelemetry specification, OTLP exporter and SDK
/// environment variables.
/// </summary>
sealed class OtlpEndpoint : IDisposable
{
    readonly Uri _address;
    readonly bool _isGrpc;
    readonly TimeSpan _timeout;
    readonly List<(string Name, string Value)> _headers;
    readonly HttpClient? _http;
    readonly GrpcChannel? _channel;

    OtlpEndpoint(Uri address, bool isGrpc, TimeSpan timeout, List<(string Name, string Value)> headers, TimeSpan interval)
    {
        _address = address;
        _isGrpc = isGrpc;
        _timeout = timeout;
        _headers = headers;
        Interval = interval;
        if (isGrpc)
            _channel = GrpcChannel.ForAddress(address);
        else
            _http = new HttpClient { Timeout = timeout };
    }

    /// <summary>Time between two exports.</summary>
    public TimeSpan Interval { get; }

    /// <summary>The endpoint that the variables ask for; null when they ask for none.</summary>
    /// <exception cref="EdgeLearnException">A variable cannot be understood.</exception>
    public static OtlpEndpoint? From(Func<string, string?> variable)
    {
        if (string.Equals(variable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)
            || variable("OTEL_METRICS_EXPORTER") == "none")
        {
            return null;
        }
        string? Of(string name)
            => NotEmpty(variable($"OTEL_EXPORTER_OTLP_METRICS_{name}")) ?? NotEmpty(variable($"OTEL_EXPORTER_OTLP_{name}"));
        if (Of("ENDPOINT") is not { } endpoint)
            return null;
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new EdgeLearnException($"OTEL_EXPORTER_OTLP_ENDPOINT is '{endpoint}': an address such as http://localhost:4318 expected");
        string protocol = Of("PROTOCOL") ?? "http/protobuf";
        if (protocol is not ("grpc" or "http/protobuf"))
            throw new EdgeLearnException($"OTEL_EXPORTER_OTLP_PROTOCOL is '{protocol}': grpc or http/protobuf expected");
        // The general endpoint is a root, to which the signal's path is added; the one for metrics is taken as it is.
        if (protocol != "grpc" && NotEmpty(variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")) is null)
            address = new Uri(address.AbsoluteUri.TrimEnd('/') + "/v1/metrics");
        return new OtlpEndpoint(address, protocol == "grpc", Milliseconds(Of("TIMEOUT"), 10_000), Headers(Of("HEADERS")),
            Milliseconds(NotEmpty(variable("OTEL_METRIC_EXPORT_INTERVAL")), 60_000));
    }

    /// <summary>Sends one request; throws what the transport throws.</summary>
    public async Task SendAsync(ExportMetricsServiceRequest request)
    {
        if (_isGrpc)
        {
            Metadata metadata = [];
            foreach ((string name, string value) in _headers)
                metadata.Add(name.ToLowerInvariant(), value);
            await new MetricsService.MetricsServiceClient(_channel).ExportAsync(request, metadata, DateTime.UtcNow + _timeout);
            return;
        }
        using HttpRequestMessage message = new(HttpMethod.Post, _address) { Content = new ByteArrayContent(request.ToByteArray()) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        foreach ((string name, string value) in _headers)
            message.Headers.TryAddWithoutValidation(name, value);
        using var answer = await _http!.SendAsync(message);
        answer.EnsureSuccessStatusCode();
    }

    public override string ToString() => $"{_address} ({(_isGrpc ? "grpc" : "http/protobuf")})";

    static string? NotEmpty(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();

    static TimeSpan Milliseconds(string? value, int usual) =>
        TimeSpan.FromMilliseconds(int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int ms) && ms > 0 ? ms : usual);

    /// <summary>key=value pairs with commas between, percent-encoded.</summary>
    static List<(string Name, string Value)> Headers(string? list)
    {
        List<(string Name, string Value)> headers = [];
        foreach (string pair in (list ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.IndexOf('=', StringComparison.Ordinal) is > 0 and int at)
                headers.Add((pair[..at].Trim(), Uri.UnescapeDataString(pair[(at + 1)..].Trim())));
        }
        return headers;
    }

    public void Dispose()
    {
        _http?.Dispose();
        _channel?.Dispose();
    }
}
