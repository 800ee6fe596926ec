using System.Net;
using System.Net.Sockets;
using EdgeLearn.Hub;
using EdgeLearn.Hub.Otlp;
using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

public sealed class TelemetryExportTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static Func<string, string?> Variables(params (string Name, string Value)[] set) =>
        name => set.Where(v => v.Name == name).Select(v => v.Value).FirstOrDefault();

    static int FreePort()
    {
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    [Fact]
    public void The_standard_variables_decide_whether_and_where()
    {
        var endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
        string? Where(params (string, string)[] set)
        {
            using var found = OtlpEndpoint.From(Variables(set));
            return found?.ToString();
        }

        Assert.Null(Where());
        Assert.Null(Where(("OTEL_EXPORTER_OTLP_ENDPOINT", " ")));
        Assert.Null(Where(endpoint, ("OTEL_SDK_DISABLED", "true")));
        Assert.Null(Where(endpoint, ("OTEL_METRICS_EXPORTER", "none")));
        Assert.Equal("http://collector:4318/v1/metrics (http/protobuf)", Where(endpoint));
        Assert.Equal("http://collector:4318/ (grpc)", Where(endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")));
        Assert.Equal("https://other/own/path (http/protobuf)",
            Where(endpoint, ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://other/own/path")));
        Assert.Contains("4318", Assert.Throws<EdgeLearnException>(() => Where(("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"))).Message);
        Assert.Contains("thrift",
            Assert.Throws<EdgeLearnException>(() => Where(endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "thrift"))).Message);
    }

    [Fact]
    public async Task What_boards_measure_reaches_the_collector_with_board_and_group()
    {
        int port = FreePort();
        using HttpListener collector = new();
        collector.Prefixes.Add($"http://127.0.0.1:{port}/");
        collector.Start();
        Task<(string Path, string? Key, ExportMetricsServiceRequest Request)> received = Task.Run(async () =>
        {
            var call = await collector.GetContextAsync();
            using MemoryStream body = new();
            await call.Request.InputStream.CopyToAsync(body);
            call.Response.Close();
            return (call.Request.Url!.AbsolutePath, call.Request.Headers["x-key"],
                ExportMetricsServiceRequest.Parser.ParseFrom(body.ToArray()));
        }, Cancel);
        await using var fleet = await TestFleet.StartAsync(o => o with
        {
            Variable = Variables(("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{port}"), ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b"),
                ("OTEL_RESOURCE_ATTRIBUTES", "site=north"), ("OTEL_METRIC_EXPORT_INTERVAL", "3600000")),
        });
        var board = await fleet.AddBoardAsync("pump", "field");
        await board.CheckInAsync(new Telemetry { Loss = 0.5, BytesUp = 100 },
            new Telemetry { Loss = 0.25, BytesUp = 50, Accuracy = double.NaN });
        await fleet.Hub.Parts.Export!.ExportAsync();

        (string path, string? key, var request) = await received.WaitAsync(TestFleet.Patience, Cancel);
        Assert.Equal(("/v1/metrics", "a b"), (path, key));
        var resource = request.ResourceMetrics.Single();
        Assert.Equal(["edgelearn-hub", "north"],
            resource.Resource.Attributes.OrderBy(a => a.Value.StringValue).Select(a => a.Value.StringValue));
        var metrics = resource.ScopeMetrics.Single().Metrics.ToDictionary(m => m.Name);
        Assert.Equal(["edgelearn.device.loss", "edgelearn.device.network.up"], metrics.Keys.Order());
        var loss = metrics["edgelearn.device.loss"].Gauge.DataPoints.Single();
        Assert.Equal(0.25, loss.AsDouble);
        Assert.Equal([board.Id, "pump", "field"], loss.Attributes.Select(a => a.Value.StringValue));
        var up = metrics["edgelearn.device.network.up"].Sum;
        Assert.Equal((150L, true, AggregationTemporality.Cumulative),
            (up.DataPoints.Single().AsInt, up.IsMonotonic, up.AggregationTemporality));
    }

    [Fact]
    public async Task A_collector_that_is_away_is_one_line_in_the_log_and_nothing_else()
    {
        List<string> log = [];
        await using var fleet = await TestFleet.StartAsync(o => o with
        {
            Variable = Variables(("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{FreePort()}")),
            Log = line =>
            {
                lock (log)
                    log.Add(line);
            },
        });
        var board = await fleet.AddBoardAsync();
        await board.CheckInAsync(new Telemetry { Loss = 1 });
        await fleet.Hub.Parts.Export!.ExportAsync();
        await fleet.Hub.Parts.Export!.ExportAsync();
        lock (log)
            Assert.Single(log, line => line.Contains("does not reach", StringComparison.Ordinal));
        Assert.Single(await fleet.Operator.ListTelemetryAsync(cancel: Cancel));
    }
}
