using System.Diagnostics.Metrics;
using EdgeLearn.Protocol;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace EdgeLearn.Hub;

/// <summary>Passes what boards measure on as OTLP metrics, where the standard variables ask for it: OTEL_EXPORTER_OTLP_ENDPOINT and its kin.</summary>
sealed class TelemetryExport : IDisposable
{
    const int DeviceLimit = 200_000;

    readonly Meter _meter = new("EdgeLearn.Fleet");
    readonly MeterProvider _provider;
    readonly Gauge<double> _loss, _accuracy, _stepMs, _rssBytes, _celsius;
    readonly Counter<long> _bytesUp, _bytesDown, _examples;

    TelemetryExport()
    {
        _loss = _meter.CreateGauge<double>("edgelearn.device.loss");
        _accuracy = _meter.CreateGauge<double>("edgelearn.device.accuracy", "1");
        _stepMs = _meter.CreateGauge<double>("edgelearn.device.step.duration", "ms");
        _rssBytes = _meter.CreateGauge<double>("edgelearn.device.memory.rss", "By");
        _celsius = _meter.CreateGauge<double>("edgelearn.device.temperature", "Cel");
        _bytesUp = _meter.CreateCounter<long>("edgelearn.device.network.up", "By");
        _bytesDown = _meter.CreateCounter<long>("edgelearn.device.network.down", "By");
        _examples = _meter.CreateCounter<long>("edgelearn.device.examples", "{example}");
        _provider = Sdk.CreateMeterProviderBuilder().AddMeter(_meter.Name)
            .AddView(_ => new MetricStreamConfiguration { CardinalityLimit = DeviceLimit })
            .AddOtlpExporter().Build();
    }

    /// <summary>The export that the environment asks for; null when it asks for none.</summary>
    public static TelemetryExport? FromEnvironment(HubOptions options)
    {
        bool asked = IsSet("OTEL_EXPORTER_OTLP_ENDPOINT") || IsSet("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT");
        bool off = string.Equals(Environment.GetEnvironmentVariable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)
            || Environment.GetEnvironmentVariable("OTEL_METRICS_EXPORTER") == "none";
        if (!asked || off)
            return null;
        options.Log?.Invoke("telemetry goes out by OTLP too, as the OTEL_EXPORTER_OTLP variables say");
        return new TelemetryExport();
    }

    /// <summary>Takes one board's telemetry.</summary>
    public void Record(DeviceRow device, Telemetry t)
    {
        KeyValuePair<string, object?> id = new("device.id", device.IdText), name = new("device.name", device.Name), group = new("edgelearn.group", device.Group);
        if (t.HasLoss) _loss.Record(t.Loss, id, name, group);
        if (t.HasAccuracy) _accuracy.Record(t.Accuracy, id, name, group);
        if (t.HasStepMs) _stepMs.Record(t.StepMs, id, name, group);
        if (t.HasRssBytes) _rssBytes.Record(t.RssBytes, id, name, group);
        if (t.HasTemperatureCelsius) _celsius.Record(t.TemperatureCelsius, id, name, group);
        if (t.HasBytesUp) _bytesUp.Add((long)t.BytesUp, id, name, group);
        if (t.HasBytesDown) _bytesDown.Add((long)t.BytesDown, id, name, group);
        if (t.HasExamples) _examples.Add((long)t.Examples, id, name, group);
    }

    static bool IsSet(string variable) => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(variable));

    /// <summary>Sends what is left.</summary>
    public void Dispose()
    {
        _provider.Dispose();
        _meter.Dispose();
    }
}
