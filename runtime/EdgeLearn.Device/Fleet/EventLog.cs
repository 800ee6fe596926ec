using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace EdgeLearn.Device;

/// <summary>
/// One line for each event: plain text, or one JSON object with <c>event</c>, <c>text</c> and, once the hub's time is known, <c>time</c>.
/// </summary>
/// <param name="writer">Not owned.</param>
/// <param name="asJson">JSON lines.</param>
/// <param name="clock">The hub's time.</param>
sealed class EventLog(TextWriter writer, bool asJson, HubClock clock)
{
    /// <summary>Writes one event.</summary>
    /// <param name="kind">One word for programs: enrolled, model, round, hub, certificate, stopped.</param>
    /// <param name="text">One line for people.</param>
    public void Write(string kind, string text)
    {
        string line = text.ReplaceLineEndings(" ");
        writer.WriteLine(asJson ? Json(kind, line) : clock.Now is { } now ? $"{now:HH:mm:ss} {line}" : line);
        writer.Flush();
    }

    string Json(string kind, string text)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("event", kind);
            json.WriteString("text", text);
            if (clock.Now is { } now) json.WriteString("time", now);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}

/// <summary>
/// The time as the hub has signed it, carried on by the board's monotonic counter: many boards have no clock of their own.
/// </summary>
sealed class HubClock
{
    DateTimeOffset _hub;
    long _at;
    bool _known;

    /// <summary>The hub's time now; null before the first signed answer.</summary>
    public DateTimeOffset? Now => _known ? _hub + Stopwatch.GetElapsedTime(_at) : null;

    /// <summary>Takes the time of a verified statement.</summary>
    public void Learn(DateTimeOffset hub)
    {
        _hub = hub;
        _at = Stopwatch.GetTimestamp();
        _known = true;
    }
}
