using System.Collections.Concurrent;
using System.Security.Cryptography;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Hub;

/// <summary>
/// The rules of a round: when it opens, which boards get its task, what makes an attempt final, when it closes. Calls the book, which keeps
/// what was decided, and the completion, which ends a round that is closed; neither calls back.
/// </summary>
sealed class RoundRules(
    RoundBook book, RoundOpening opening, RoundCompletion completion, FleetRoll roll, PaceSteering pace, TimeProvider clock,
    Action<string> log) : IDisposable
{
    const string AllAnswered = "every board that was expected has answered";
    static readonly TimeSpan s_pauseAfterFault = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<ulong, ITimer> _deadlines = [];
    readonly SemaphoreSlim _opening = new(1, 1);

    long NowMs => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Goes on with the rounds that were open when the hub last stopped.</summary>
    public void Resume()
    {
        foreach (var round in book.Load())
        {
            log($"round {round.Id} goes on: {round.Accepted} of {round.Expected} reports");
            GoOn(round);
        }
    }

    /// <summary>Opens a round, or returns the one that the same request has opened.</summary>
    public async Task<RoundView> OpenAsync(RunRoundRequest request)
    {
        var filled = RoundRequests.Fill(request);
        await _opening.WaitAsync();
        try
        {
            if (book.OpenedBy(filled.RequestId) is { } known)
                return book.View(known);
            var opened = opening.Prepare(filled);
            if (book.OpenIn(filled.Group) is { } other)
                throw Fault.Failed($"round {other.Id} of the group {filled.Group} is still open");
            var round = await book.CreateAsync(filled);
            await KeptAsync(round, book.Add(round, opened));
            GoOn(round);
            pace.Attend();
            ulong version = round.BaseManifest.Version;
            log($"round {round.Id} of {filled.Group} is open: {round.Expected} boards, {filled.Codec}, from version {version}");
            return book.View(round.Id);
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>The task of a board that checks in, or null.</summary>
    public async Task<TrainTask?> AssignAsync(DeviceRow device, CheckInRequest request)
    {
        if (request.Busy || book.OpenIn(device.Group) is not { } round)
            return null;
        var written = Task.CompletedTask;
        var attempt = book.Decide(() =>
        {
            if (round.State != RoundView.Types.State.Open || round.IsStale)
                return null;
            if (round.Of(device.Id) is { } known)
                return known.State == AttemptState.Assigned ? known : null;
            bool isFull = round.Accepted + round.Outstanding >= round.Expected;
            if (isFull || request.ExampleCount == 0 || !request.Codecs.Contains(round.Request.Codec))
                return null;
            byte[] fleet = round.BaseManifest.Fleet.ToArray();
            byte[] id = SHA256.HashData([.. BitConverter.GetBytes(round.Id), .. BitConverter.GetBytes(device.Id), .. fleet])[..16];
            written = book.Append(round, new JournalEntry { Assigned = new() { Device = device.Id, Attempt = ByteString.CopyFrom(id) } });
            return round.Of(device.Id);
        });
        await KeptAsync(round, written);
        return attempt is null ? null : new TrainTask
        {
            Round = round.Id,
            Attempt = ByteString.CopyFrom(attempt.Id.ToByteArray(bigEndian: true)),
            Base = round.Base,
            Codec = round.Request.Codec,
            Training = round.Request.Training,
            RemainingMs = round.RemainingMs(NowMs),
            ExampleLimit = round.Request.ExampleLimit,
        };
    }

    /// <summary>Makes an attempt final, once; completes when the journal has it. Does nothing if it is final already.</summary>
    public async Task FinishAsync(Round round, Attempt attempt, JournalEntry entry, Telemetry? telemetry = null)
    {
        (var written, bool closes) = book.Decide(() =>
        {
            if (attempt.State != AttemptState.Assigned || round.IsStale)
                return (Task.CompletedTask, false);
            bool isOpen = round.State == RoundView.Types.State.Open;
            if (!isOpen && entry.ChangeCase == JournalEntry.ChangeOneofCase.Accepted)
                entry = RoundRequests.Refused(attempt.Id, Refusal.Late, "the round was closed before the report was whole");
            var queued = book.Append(round, entry, telemetry is null ? null : (attempt.Device, telemetry));
            return (queued, isOpen && IsComplete(round));
        });
        await KeptAsync(round, written);
        if (closes)
            await CloseAsync(round, AllAnswered);
    }

    /// <summary>A board was revoked: what it has sent to open rounds no longer counts.</summary>
    public async Task WithdrawAsync(ulong device, string reason)
    {
        foreach (var round in book.Open)
        {
            (var written, bool closes) = book.Decide(() =>
            {
                if (round.State != RoundView.Types.State.Open || round.IsStale)
                    return (Task.CompletedTask, false);
                var queued = Task.CompletedTask;
                if (round.Of(device) is { State: not AttemptState.Refused } attempt)
                {
                    queued = book.Append(round, new JournalEntry
                    {
                        Withdrawn = new() { Attempt = ByteString.CopyFrom(attempt.Id.ToByteArray(bigEndian: true)), Reason = reason },
                    });
                }
                return (queued, IsComplete(round));
            });
            await KeptAsync(round, written);
            if (closes)
                await CloseAsync(round, AllAnswered);
        }
    }

    async Task CloseAsync(Round round, string why)
    {
        if (book.Decide(() => round.State == RoundView.Types.State.Open && !round.IsStale
            ? book.Append(round, new JournalEntry { Closed = new() { Why = why } }) : null) is not { } written)
        {
            return;
        }
        await KeptAsync(round, written);
        if (_deadlines.TryRemove(round.Id, out var deadline))
            deadline.Dispose();
        log($"round {round.Id} closes with {round.Accepted} reports: {why}");
        completion.Start(round);
    }

    bool IsComplete(Round round)
    {
        if (round.Accepted >= round.Expected)
            return true;
        if (round.Outstanding > 0)
            return false;
        // Boards that have refused or failed are not asked again in this round; others of the group may still take their place.
        return round.Attempts.Count(attempt => !roll.IsRevoked(attempt.Device)) >= roll.CountIn(round.Request.Group);
    }

    /// <summary>Sees to it that a round ends: an open one closes at its deadline, or at once if all its boards have answered.</summary>
    void GoOn(Round round, TimeSpan soonest = default)
    {
        if (round.State == RoundView.Types.State.Aggregating)
            completion.Start(round);
        if (round.State != RoundView.Types.State.Open)
            return;
        bool isComplete = book.Decide(() => round.Attempts.Count > 0 && IsComplete(round));
        var due = TimeSpan.FromMilliseconds(isComplete ? 0 : round.RemainingMs(NowMs));
        string why = isComplete ? AllAnswered : "the deadline has passed";
        if (due < soonest)
            due = soonest;
        var timer = clock.CreateTimer(_ => _ = CloseAloneAsync(round, why), null, due, Timeout.InfiniteTimeSpan);
        if (_deadlines.TryRemove(round.Id, out var old))
            old.Dispose();
        _deadlines[round.Id] = timer;
    }

    async Task CloseAloneAsync(Round round, string why)
    {
        try
        {
            await CloseAsync(round, why);
        }
        catch (Exception e) when (e is IOException or SqliteException)
        {
            log($"round {round.Id}: {e.Message}");
        }
    }

    /// <summary>Waits until the journal has a change; if it does not take it, goes on from what it has.</summary>
    async Task KeptAsync(Round round, Task written)
    {
        try
        {
            await written;
        }
        catch (Exception e)
        {
            log($"round {round.Id}: {e.Message}; going on from the journal");
            if (await book.RestoreAsync(round) is { } again)
            {
                GoOn(again, s_pauseAfterFault);  // a disk that is full is not asked in a tight loop
                round.GiveWay();
            }
            throw;
        }
    }

    public void Dispose()
    {
        _opening.Dispose();
        foreach (var timer in _deadlines.Values)
            timer.Dispose();
    }
}
