using EdgeLearn.Hub.Otlp;
using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>
/// Passes what boards measure on as OTLP metrics, where the standard variables ask for it: the last value of each gauge of each board, and
/// running totals. A collector that is away costs nothing but a line in the log; the next export has the newest values.
/// </summary>
sealed class TelemetryExport : IDisposable
{
    const int DevicesPerRequest = 1000;

    static readonly (string Name, string Unit, Func<Telemetry, double?> Value)[] s_gauges =
    [
        ("edgelearn.device.loss", "1", t => t.HasLoss ? t.Loss : null),
        ("edgelearn.device.accuracy", "1", t => t.HasAccuracy ? t.Accuracy : null),
        ("edgelearn.device.step.duration", "ms", t => t.HasStepMs ? t.StepMs : null),
        ("edgelearn.device.memory.rss", "By", t => t.HasRssBytes ? t.RssBytes : null),
        ("edgelearn.device.temperature", "Cel", t => t.HasTemperatureCelsius ? t.TemperatureCelsius : null),
    ];

    static readonly (string Name, string Unit, Func<Telemetry, long> Value)[] s_sums =
    [
        ("edgelearn.device.network.up", "By", t => (long)t.BytesUp),
        ("edgelearn.device.network.down", "By", t => (long)t.BytesDown),
        ("edgelearn.device.examples", "{example}", t => (long)t.Examples),
    ];

    readonly OtlpEndpoint _endpoint;
    readonly HubOptions _options;
    readonly Resource _resource;
    readonly ulong _startNano;
    readonly Lock _lock = new();
    readonly Dictionary<ulong, DevicePoints> _devices = [];
    readonly SemaphoreSlim _sending = new(1, 1);
    readonly ITimer _timer;
    bool _failed;

    TelemetryExport(OtlpEndpoint endpoint, HubOptions options)
    {
        _endpoint = endpoint;
        _options = options;
        _startNano = NowNano;
        _resource = new Resource();
        foreach (string pair in (options.Variable("OTEL_RESOURCE_ATTRIBUTES") ?? "").Split(',',
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (pair.IndexOf('=', StringComparison.Ordinal) is > 0 and int at && pair[..at] != "service.name")
                _resource.Attributes.Add(Attribute(pair[..at], Uri.UnescapeDataString(pair[(at + 1)..])));
        }
        _resource.Attributes.Add(
            Attribute("service.name", options.Variable("OTEL_SERVICE_NAME") is { Length: > 0 } name ? name : "edgelearn-hub"));
        _timer = options.Clock.CreateTimer(_ => _ = ExportAsync(), null, endpoint.Interval, endpoint.Interval);
    }

    ulong NowNano => (ulong)_options.Clock.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;

    /// <summary>The export that the variables ask for; null when they ask for none.</summary>
    public static TelemetryExport? FromVariables(HubOptions options)
    {
        if (OtlpEndpoint.From(options.Variable) is not { } endpoint)
            return null;
        options.Log?.Invoke($"telemetry goes to {endpoint} too, as the OTEL_EXPORTER_OTLP variables say");
        return new TelemetryExport(endpoint, options);
    }

    /// <summary>Takes one board's telemetry.</summary>
    public void Record(DeviceRow device, Telemetry telemetry)
    {
        lock (_lock)
        {
            if (!_devices.TryGetValue(device.Id, out var points))
                _devices[device.Id] = points = new DevicePoints();
            points.Device = device;
            points.IsNew = true;
            points.TimeNano = NowNano;
            for (int i = 0; i < s_gauges.Length; i++)
            {
                if (s_gauges[i].Value(telemetry) is { } value && double.IsFinite(value))
                    points.Gauges[i] = value;
            }
            for (int i = 0; i < s_sums.Length; i++)
                points.Sums[i] += s_sums[i].Value(telemetry);
        }
    }

    /// <summary>Sends the boards that have measured something since the last time.</summary>
    public async Task ExportAsync()
    {
        await _sending.WaitAsync();
        try
        {
            List<(DevicePoints Points, ulong TimeNano)> due;
            lock (_lock)
                due = [.. _devices.Values.Where(p => p.IsNew).Select(p => (p, p.TimeNano))];
            foreach (var part in due.Chunk(DevicesPerRequest))
            {
                ExportMetricsServiceRequest request;
                lock (_lock)
                    request = Request(part.Select(p => p.Points));
                await _endpoint.SendAsync(request);
                lock (_lock)
                {
                    foreach ((var points, ulong timeNano) in part)
                        points.IsNew = points.TimeNano != timeNano;
                }
            }
            _failed = false;
        }
        catch (Exception e) when (e is HttpRequestException or Grpc.Core.RpcException or OperationCanceledException)
        {
            if (!_failed)
                _options.Log?.Invoke($"telemetry does not reach {_endpoint}: {e.Message.ReplaceLineEndings(" ")}");
            _failed = true;
        }
        finally
        {
            _sending.Release();
        }
    }

    ExportMetricsServiceRequest Request(IEnumerable<DevicePoints> devices)
    {
        Metric[] gauges = [.. s_gauges.Select(g => new Metric { Name = g.Name, Unit = g.Unit, Gauge = new() })];
        Metric[] sums = [.. s_sums.Select(s => new Metric
        {
            Name = s.Name,
            Unit = s.Unit,
            Sum = new() { IsMonotonic = true, AggregationTemporality = AggregationTemporality.Cumulative },
        })];
        foreach (var device in devices)
        {
            for (int i = 0; i < gauges.Length; i++)
            {
                if (device.Gauges[i] is { } value)
                    gauges[i].Gauge.DataPoints.Add(Point(device, p => p.AsDouble = value));
            }
            for (int i = 0; i < sums.Length; i++)
            {
                if (device.Sums[i] is > 0 and long total)
                {
                    sums[i].Sum.DataPoints.Add(Point(device, p =>
                    {
                        p.StartTimeUnixNano = _startNano;
                        p.AsInt = total;
                    }));
                }
            }
        }
        ScopeMetrics scope = new() { Scope = new() { Name = "EdgeLearn.Fleet" } };
        scope.Metrics.AddRange(gauges.Where(m => m.Gauge.DataPoints.Count > 0));
        scope.Metrics.AddRange(sums.Where(m => m.Sum.DataPoints.Count > 0));
        return new ExportMetricsServiceRequest
        {
            ResourceMetrics = { new ResourceMetrics { Resource = _resource, ScopeMetrics = { scope } } }
        };
    }

    static NumberDataPoint Point(DevicePoints device, Action<NumberDataPoint> set)
    {
        NumberDataPoint point = new()
        {
            TimeUnixNano = device.TimeNano,
            Attributes = { Attribute("device.id", device.Device.IdText), Attribute("device.name", device.Device.Name),
                Attribute("edgelearn.group", device.Device.Group) },
        };
        set(point);
        return point;
    }

    static KeyValue Attribute(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    /// <summary>Sends what is left, within the endpoint's time limit.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Task.Run(ExportAsync).Wait();
        _sending.Dispose();
        _endpoint.Dispose();
    }

    sealed class DevicePoints
    {
        public DeviceRow Device { get; set; } = null!;

        public bool IsNew { get; set; }

        public ulong TimeNano { get; set; }

        public double?[] Gauges { get; } = new double?[s_gauges.Length];

        public long[] Sums { get; } = new long[s_sums.Length];
    }
}
