using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>Answers boards that check in: keeps what they measured, offers the newest artefact, gives the task of an open round.</summary>
sealed class CheckIns(
    FleetStore store, Liveness liveness, TelemetryExport? export, RoundBook book, RoundRules rules, RoundSigner signer, PaceSteering pace,
    TimeProvider clock)
{
    const int LongestReasonLength = 200;
    const int LargestBatch = 256;
    const int LongestNonce = HubStatements.LongestNonceBytes;

    public async Task<CheckInAnswer> AnswerAsync(DeviceRow device, CheckInRequest request)
    {
        long nowMs = clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (request.Telemetry.Count > LargestBatch || request.Outcomes.Count > LargestBatch || request.Nonce.Length > LongestNonce)
        {
            throw Fault.Invalid($"a check-in carries at most {LargestBatch} measurements, {LargestBatch} outcomes and a nonce "
                + $"of {LongestNonce} bytes");
        }
        request.AgentVersion = PlainText.Of(request.AgentVersion, 64);
        liveness.Note(device.Id, nowMs, request);
        foreach (var outcome in request.Outcomes)
            outcome.Reason = PlainText.Of(outcome.Reason, LongestReasonLength);
        if (request.Telemetry.Count > 0 || request.Outcomes.Count > 0)
        {
            await store.WriteAsync(db =>
            {
                foreach (var telemetry in request.Telemetry)
                    TelemetryTable.Add(db, device.Id, nowMs, telemetry);
                DeviceTable.Seen(db, device.Id, nowMs, request);
            });
            foreach (var telemetry in request.Telemetry)
                export?.Record(device, telemetry);
        }
        CheckInAnswer answer = new();
        var newest = store.Read(db => ArtefactTable.Newest(db, device.Group));
        if (newest is not null && IsNews(newest, device, request))
            answer.Offer = newest.Offer;
        if (await rules.AssignAsync(device, request) is { } task)
            answer.Task = task;
        answer.Statement = signer.Statement(request.Nonce.Span, clock.GetUtcNow(), newest?.Manifest.Version ?? 0);
        answer.ComeBack = pace.Next(book.OpenIn(device.Group) is not null);
        book.Count(device, request.CalculateSize(), answer.CalculateSize());
        return answer;
    }

    /// <summary>Whether to offer the newest artefact: not when the board has it, nor when it has said no to it.</summary>
    static bool IsNews(ArtefactRow newest, DeviceRow device, CheckInRequest request)
    {
        ReadOnlySpan<byte> digest = newest.Manifest.Digest.ToArray();
        if (request.ModelDigest.Span.SequenceEqual(digest))
            return false;
        var last = request.Outcomes.Count > 0 ? request.Outcomes[^1] : device.Outcome;
        return last is null || last.Kind == OfferOutcome.Types.Kind.Switched || !last.Digest.Span.SequenceEqual(digest);
    }
}

/// <summary>
/// When boards are to come back: a window with full jitter, [0, 2 x interval]. The interval grows with the fleet so that the hub sees no
/// more than a set number of check-ins a second, and is short while a round is open or the operator has just done something.
/// </summary>
sealed class PaceSteering(HubOptions options)
{
    static readonly TimeSpan s_attention = TimeSpan.FromSeconds(60);
    static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    long _busyUntilMs;

    /// <summary>Boards that are not revoked.</summary>
    public long FleetSize { get; set; }

    /// <summary>Something happened that boards should hear of soon.</summary>
    public void Attend() => Interlocked.Exchange(ref _busyUntilMs, (options.Clock.GetUtcNow() + s_attention).ToUnixTimeMilliseconds());

    public Window Next(bool roundOpen)
    {
        bool busy = roundOpen || options.Clock.GetUtcNow().ToUnixTimeMilliseconds() < Interlocked.Read(ref _busyUntilMs);
        double ms = Math.Max((busy ? options.BusyInterval : options.IdleInterval).TotalMilliseconds,
            FleetSize * 1000 / options.CheckInsPerSecond);
        return new Window { MinMs = 0, MaxMs = (uint)(2 * Math.Min(ms, s_longest.TotalMilliseconds)) };
    }
}

/// <summary>Text from boards that people will read on a terminal: one line, no control characters, not too long.</summary>
static class PlainText
{
    public static string Of(string text, int length)
    {
        string kept = text.Length <= length ? text : text[..length];
        return kept.Any(char.IsControl) ? new string([.. kept.Select(c => char.IsControl(c) ? ' ' : c)]) : kept;
    }
}
