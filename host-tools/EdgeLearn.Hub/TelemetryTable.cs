using EdgeLearn.Protocol;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Hub;

/// <summary>What boards measured, by board and round.</summary>
static class TelemetryTable
{
    public const string Schema = """
        CREATE TABLE telemetry (
            seq INTEGER PRIMARY KEY, device INTEGER NOT NULL, round INTEGER NOT NULL, unix_ms INTEGER NOT NULL, loss REAL, accuracy REAL,
                step_ms REAL,
            rss_bytes INTEGER, temperature_celsius REAL, bytes_up INTEGER, bytes_down INTEGER, examples INTEGER, seconds REAL,
            figures BLOB);
        CREATE INDEX telemetry_device ON telemetry (device, round);
        CREATE INDEX telemetry_round ON telemetry (round);
        """;

    /// <summary>What schema 1 lacks.</summary>
    public const string Second = "ALTER TABLE telemetry ADD COLUMN figures BLOB;";

    public static void Add(SqliteConnection db, ulong device, long nowMs, Telemetry t) =>
        db.Execute("""
            INSERT INTO telemetry (device, round, unix_ms, loss, accuracy, step_ms, rss_bytes, temperature_celsius, bytes_up, bytes_down,
                examples, seconds, figures)
            VALUES ($device, $round, $now, $loss, $accuracy, $step, $rss, $temperature, $up, $down, $examples, $seconds, $figures)
            """,
            ("$device", (long)device), ("$round", (long)t.Round), ("$now", nowMs), ("$loss", Finite(t.HasLoss, t.Loss)),
            ("$accuracy", Finite(t.HasAccuracy, t.Accuracy)),
            ("$step", Finite(t.HasStepMs, t.StepMs)), ("$rss", t.HasRssBytes ? (long)t.RssBytes : null),
            ("$temperature", Finite(t.HasTemperatureCelsius, t.TemperatureCelsius)),
            ("$up", t.HasBytesUp ? (long)t.BytesUp : null), ("$down", t.HasBytesDown ? (long)t.BytesDown : null),
            ("$examples", t.HasExamples ? (long)t.Examples : null), ("$seconds", Finite(t.HasSeconds, t.Seconds)),
            ("$figures", t.Figures is { } figures && FigureMessages.IsSound(figures) ? figures.ToByteArray() : null));

    /// <summary>Newest first.</summary>
    public static List<TelemetryView> List(SqliteConnection db, ulong? device, ulong round, int limit) => db.Query("""
        SELECT t.device, d.name, t.unix_ms, t.round, loss, accuracy, step_ms, rss_bytes, temperature_celsius, bytes_up, bytes_down,
            t.examples, seconds, figures
        FROM telemetry t JOIN device d ON d.id = t.device
        WHERE ($device IS NULL OR t.device = $device) AND ($round = 0 OR t.round = $round) ORDER BY seq DESC LIMIT $limit
        """, Read, ("$device", (long?)device), ("$round", (long)round), ("$limit", limit));

    static double? Finite(bool has, double value) => has && double.IsFinite(value) ? value : null;

    static TelemetryView Read(SqliteDataReader r)
    {
        Telemetry t = new() { Round = (ulong)r.GetInt64(3) };
        if (!r.IsDBNull(4)) t.Loss = r.GetDouble(4);
        if (!r.IsDBNull(5)) t.Accuracy = r.GetDouble(5);
        if (!r.IsDBNull(6)) t.StepMs = r.GetDouble(6);
        if (!r.IsDBNull(7)) t.RssBytes = (ulong)r.GetInt64(7);
        if (!r.IsDBNull(8)) t.TemperatureCelsius = r.GetDouble(8);
        if (!r.IsDBNull(9)) t.BytesUp = (ulong)r.GetInt64(9);
        if (!r.IsDBNull(10)) t.BytesDown = (ulong)r.GetInt64(10);
        if (!r.IsDBNull(11)) t.Examples = (ulong)r.GetInt64(11);
        if (!r.IsDBNull(12)) t.Seconds = r.GetDouble(12);
        if (!r.IsDBNull(13)) t.Figures = Figures.Parser.ParseFrom(r.GetFieldValue<byte[]>(13));
        return new TelemetryView
        {
            DeviceId = DeviceRow.TextOf((ulong)r.GetInt64(0)),
            Name = r.GetString(1),
            UnixMs = r.GetInt64(2),
            Telemetry = t
        };
    }
}
