using System.Collections.Concurrent;
using System.Security.Cryptography;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Hub;

/// <summary>
/// Runs the rounds. A change is decided under the engine's lock, applied in memory and queued for the journal in the same order; it is acknowledged
/// when the journal has it on the disk. If a write fails the round is read back from the journal, which is the authority.
/// </summary>
sealed class RoundEngine : IDisposable
{
    const string AllAnswered = "every board that was expected has answered";
    static readonly TimeSpan s_defaultDeadline = TimeSpan.FromMinutes(10);
    static readonly TimeSpan s_longestDeadline = TimeSpan.FromDays(7);
    static readonly TimeSpan s_pauseAfterFault = TimeSpan.FromSeconds(1);

    readonly HubState _hub;
    readonly Lock _lock = new();
    readonly ConcurrentDictionary<ulong, Round> _open = [];
    readonly ConcurrentDictionary<ulong, ITimer> _deadlines = [];
    readonly RoundCompletion _completion;
    readonly SemaphoreSlim _opening = new(1, 1);

    public RoundEngine(HubState hub)
    {
        _hub = hub;
        _completion = new RoundCompletion(hub, this);
    }

    long NowMs => _hub.Options.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Goes on with the rounds that were open when the hub last stopped, however it stopped.</summary>
    public void Resume()
    {
        foreach (ulong id in _hub.Store.Read(RoundJournal.Open))
        {
            Round round;
            try
            {
                round = _hub.Store.Read(db => RoundJournal.Load(db, id));
            }
            catch (EdgeLearnException e)
            {
                _hub.Log($"round {id} cannot go on: {e.Message}");
                _ = _hub.Store.WriteAsync(db => RoundJournal.GiveUp(db, id, e.Message));
                continue;
            }
            if (round.State == 0)
                continue;  // its number was reserved, but its first entry never reached the journal
            _open[id] = round;
            Watch(round);
            _hub.Log($"round {id} goes on: {round.Accepted} of {round.Expected} reports");
            if (round.State == RoundView.Types.State.Aggregating)
                _completion.Start(round);
        }
    }

    /// <summary>Opens a round, or returns the one that the same request has opened.</summary>
    public async Task<RoundView> OpenAsync(RunRoundRequest request)
    {
        RunRoundRequest filled = RoundRequests.Fill(request, s_defaultDeadline, s_longestDeadline);
        await _opening.WaitAsync();
        try
        {
            return await OpenOneAsync(filled);
        }
        finally
        {
            _opening.Release();
        }
    }

    async Task<RoundView> OpenOneAsync(RunRoundRequest filled)
    {
        if (_hub.Store.Read(db => RoundJournal.OpenedBy(db, filled.RequestId)) is { } known)
            return View(known);
        (ArtefactRow start, ArtefactRow newest) = _hub.Store.Read(db => (
            (filled.BaseDigest.IsEmpty ? ArtefactTable.Newest(db, filled.Group) : ArtefactTable.Find(db, filled.Group, new Digest(filled.BaseDigest.Span)))
                ?? throw Failed($"the group {filled.Group} has no such model: push one first with 'edgelearn push'"),
            ArtefactTable.Newest(db, filled.Group)!));
        if (_hub.Signer.Fault(start.Offer, newest.Offer, filled.Group) is { } fault)
            throw Failed($"no round can start from this model: {fault}");
        Digest shape;
        using (RoundModel model = RoundModel.Read(_hub.Artefacts.Read(start.Manifest.Digest), "the base model", filled.Training))
            shape = model.Shape.Hash;
        filled.BaseDigest = ByteString.CopyFrom(start.Manifest.Digest.ToArray());
        uint population = (uint)_hub.Store.Read(db => DeviceTable.CountActive(db, filled.Group));
        uint expected = filled.ExpectedDevices == 0 ? Math.Max(1, population) : filled.ExpectedDevices;
        if (filled.MinimumReports > expected)
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"at least {filled.MinimumReports} reports are asked for, but only {expected} boards are expected"));
        if (OpenIn(filled.Group) is { } other)
            throw Failed($"round {other.Id} of the group {filled.Group} is still open");
        ulong id = await _hub.Store.WriteAsync(db => RoundJournal.Create(db, filled.Group, filled.RequestId));
        Round round = new(id);
        Task written;
        lock (_lock)
        {
            written = Append(round, new JournalEntry { Opened = new() { Request = filled, Base = start.Offer, Expected = expected, Shape = ByteString.CopyFrom(shape.ToArray()) } });
            _open[id] = round;
        }
        await written;
        Watch(round);
        _hub.Pace.Attend();
        _hub.Log($"round {id} of {filled.Group} is open: {expected} boards, {filled.Codec}, from version {start.Manifest.Version}");
        return View(id);
    }

    /// <summary>The task of a board that checks in, or null.</summary>
    public async Task<TrainTask?> AssignAsync(DeviceRow device, CheckInRequest request)
    {
        Round? round = OpenIn(device.Group);
        if (round is null || request.Busy)
            return null;
        Attempt? attempt;
        Task written = Task.CompletedTask;
        lock (_lock)
        {
            if (round.State != RoundView.Types.State.Open || round.IsStale)
                return null;
            attempt = round.Of(device.Id);
            if (attempt is null)
            {
                bool isFull = round.Accepted + round.Outstanding >= round.Expected;
                if (isFull || request.ExampleCount == 0 || !request.Codecs.Contains(round.Request.Codec))
                    return null;
                byte[] id = SHA256.HashData([.. BitConverter.GetBytes(round.Id), .. BitConverter.GetBytes(device.Id), .. _hub.Authority.Trust.Fleet.ToArray()])[..16];
                written = Append(round, new JournalEntry { Assigned = new() { Device = device.Id, Attempt = ByteString.CopyFrom(id) } });
                attempt = round.Of(device.Id)!;
            }
            else if (attempt.State != AttemptState.Assigned)
                return null;
        }
        await written;
        return new TrainTask
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

    /// <summary>The open round of a group.</summary>
    public Round? OpenIn(string group) => _open.Values.FirstOrDefault(r => r.Request.Group == group);

    /// <summary>The open round and the attempt of an id; null when the round has left memory.</summary>
    public (Round Round, Attempt Attempt)? FindOpen(Guid attempt)
    {
        lock (_lock)
            foreach (Round round in _open.Values)
                if (round.Find(attempt) is { } found)
                    return (round, found);
        return null;
    }

    /// <summary>Makes an attempt final, once; completes when the journal has it. Does nothing if it is final already.</summary>
    public async Task FinishAsync(Round round, Attempt attempt, JournalEntry entry, Telemetry? telemetry = null)
    {
        Task written;
        bool closes;
        lock (_lock)
        {
            if (attempt.State != AttemptState.Assigned || round.IsStale)
                return;
            if (round.State != RoundView.Types.State.Open && entry.ChangeCase == JournalEntry.ChangeOneofCase.Accepted)
                entry = RoundRequests.Refused(attempt.Id, Refusal.Late, "the round was closed before the report was whole");
            written = Append(round, entry, telemetry is null ? null : (attempt.Device, telemetry));
            closes = round.State == RoundView.Types.State.Open && IsComplete(round);
        }
        await written;
        if (closes)
            await CloseAsync(round, AllAnswered);
    }

    /// <summary>A board was revoked: what it has sent to open rounds no longer counts.</summary>
    public async Task WithdrawAsync(ulong device, string reason)
    {
        foreach (Round round in _open.Values)
        {
            Task written = Task.CompletedTask;
            bool closes = false;
            lock (_lock)
                if (round.State == RoundView.Types.State.Open && !round.IsStale)
                {
                    if (round.Of(device) is { State: not AttemptState.Refused } attempt)
                        written = Append(round, new JournalEntry { Withdrawn = new() { Attempt = ByteString.CopyFrom(attempt.Id.ToByteArray(true)), Reason = reason } });
                    closes = IsComplete(round);
                }
            await written;
            if (closes)
                await CloseAsync(round, AllAnswered);
        }
    }

    /// <summary>A report for a round that has left memory: refused as late, once, and counted.</summary>
    public Task LateAsync(AttemptRow attempt, Guid id, string reason) => _hub.Store.WriteAsync(db => RoundJournal.AppendLate(db, attempt, id, reason, NowMs));

    /// <summary>Counts the messages of a board that takes part in an open round.</summary>
    public void Count(DeviceRow device, long bytesUp, long bytesDown)
    {
        lock (_lock)
            if (OpenIn(device.Group) is { } round && round.Of(device.Id) is not null)
            {
                round.BytesUp += bytesUp;
                round.BytesDown += bytesDown;
            }
    }

    /// <summary>Counts a report that was answered before.</summary>
    public void CountDuplicate(Round round)
    {
        lock (_lock)
            round.Duplicates++;
    }

    /// <summary>A round as it is now; 0 = the newest.</summary>
    public RoundView View(ulong id)
    {
        if (id == 0)
            id = _hub.Store.Read(db => RoundJournal.View(db, 0))?.Round ?? throw new RpcException(new Status(StatusCode.NotFound, "there was no round yet"));
        if (_open.TryGetValue(id, out Round? round))
            lock (_lock)
                if (round.State != 0 && !round.IsStale)
                    return round.ToView(NowMs);
        return _hub.Store.Read(db => RoundJournal.View(db, id)) ?? throw new RpcException(new Status(StatusCode.NotFound, $"there is no round {id}"));
    }

    /// <summary>Completes at the round's next change; at once when it is over.</summary>
    public Task ChangeOf(ulong id) => _open.TryGetValue(id, out Round? round) ? round.Changed : Task.CompletedTask;

    /// <summary>Applies an entry and queues it for the journal. The lock is held.</summary>
    Task Append(Round round, JournalEntry entry, (ulong Device, Telemetry Telemetry)? measured = null)
    {
        entry.Round = round.Id;
        entry.UnixMs = NowMs;
        round.Apply(entry);
        RoundView view = round.ToView(entry.UnixMs);
        return WriteAsync(round, _hub.Store.WriteAsync(db =>
        {
            RoundJournal.Append(db, entry, view);
            if (entry.ChangeCase == JournalEntry.ChangeOneofCase.Accepted)
                DeviceTable.Count(db, UpdateHeader.Parse(entry.Accepted.Header.Span).Device, 1, 0);
            if (entry.ChangeCase == JournalEntry.ChangeOneofCase.Refused && round.Find(new Guid(entry.Refused.Attempt.Span, true)) is { } refused)
                DeviceTable.Count(db, refused.Device, 0, 1);
            if (measured is { } m)
                TelemetryTable.Add(db, m.Device, entry.UnixMs, m.Telemetry);
        }));
    }

    async Task WriteAsync(Round round, Task write)
    {
        try
        {
            await write;
        }
        catch (Exception e)
        {
            _hub.Log($"round {round.Id}: {e.Message}; going on from the journal");
            await RestoreAsync(round);
            throw;
        }
    }

    /// <summary>The final entry of a round and, in the same transaction, what belongs to it. The lock is not held.</summary>
    public async Task EndAsync(Round round, JournalEntry entry, Action<SqliteConnection>? with = null)
    {
        Task written;
        lock (_lock)
        {
            if (round.IsStale)
                return;
            entry.Round = round.Id;
            entry.UnixMs = NowMs;
            // The view is worked out on a copy of the state that the entry leads to, so that nobody sees a result that is not on the disk yet.
            RoundView view = round.ToView(entry.UnixMs);
            RoundRequests.Preview(view, entry);
            written = _hub.Store.WriteAsync(db =>
            {
                with?.Invoke(db);
                RoundJournal.Append(db, entry, view);
            });
        }
        await written;
        lock (_lock)
        {
            round.Apply(entry);
            _open.TryRemove(round.Id, out _);
            if (_deadlines.TryRemove(round.Id, out ITimer? timer))
                timer.Dispose();
        }
        _hub.Pace.Attend();
    }

    async Task CloseAsync(Round round, string why)
    {
        Task written;
        lock (_lock)
        {
            if (round.State != RoundView.Types.State.Open || round.IsStale)
                return;
            written = Append(round, new JournalEntry { Closed = new() { Why = why } });
        }
        await written;
        _hub.Log($"round {round.Id} closes with {round.Accepted} reports: {why}");
        _completion.Start(round);
    }

    bool IsComplete(Round round)
    {
        if (round.Accepted >= round.Expected)
            return true;
        if (round.Outstanding > 0)
            return false;
        // Boards that have refused or failed are not asked again in this round; others of the group may still take their place.
        long active = _hub.Store.Read(db => DeviceTable.CountActive(db, round.Request.Group));
        return round.Attempts.Count(attempt => !_hub.IsRevoked(attempt.Device)) >= active;
    }

    /// <summary>Closes the round at its deadline, or as soon as may be if all its boards have answered.</summary>
    void Watch(Round round, TimeSpan soonest = default)
    {
        if (round.State != RoundView.Types.State.Open)
            return;
        bool isComplete;
        lock (_lock)
            isComplete = round.Attempts.Count > 0 && IsComplete(round);
        TimeSpan due = TimeSpan.FromMilliseconds(isComplete ? 0 : round.RemainingMs(NowMs));
        string why = isComplete ? AllAnswered : "the deadline has passed";
        ITimer timer = _hub.Options.Clock.CreateTimer(_ => _ = CloseAloneAsync(round, why), null, due > soonest ? due : soonest, Timeout.InfiniteTimeSpan);
        if (_deadlines.TryRemove(round.Id, out ITimer? old))
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
            _hub.Log($"round {round.Id}: {e.Message}");
        }
    }

    /// <summary>Memory is ahead of the disk after a failed write: start again from what the journal has.</summary>
    async Task RestoreAsync(Round round)
    {
        lock (_lock)
        {
            if (round.IsStale)
                return;
            round.IsStale = true;
        }
        // Once this is through, well or not, so is all that was queued for the round before: nothing reaches the journal behind the new object's back.
        await _hub.Store.WriteAsync(_ => { }).ContinueWith(_ => { }, TaskScheduler.Default);
        Round again;
        try
        {
            again = _hub.Store.Read(db => RoundJournal.Load(db, round.Id));
        }
        catch (Exception e) when (e is EdgeLearnException or SqliteException)
        {
            _hub.Log($"round {round.Id} stays as it is until the hub starts again: {e.Message}");
            return;
        }
        lock (_lock)
            if (again.State is RoundView.Types.State.Open or RoundView.Types.State.Aggregating)
                _open[round.Id] = again;
            else
                _open.TryRemove(round.Id, out _);
        Watch(again, s_pauseAfterFault);  // a disk that is full is not asked in a tight loop
        if (again.State == RoundView.Types.State.Aggregating)
            _completion.Start(again);
        round.GiveWay();
    }

    static RpcException Failed(string detail) => new(new Status(StatusCode.FailedPrecondition, detail));

    /// <summary>Waits for a result that is being worked out, and starts no other: they go on after the next start.</summary>
    public Task StopAsync() => _completion.StopAsync();

    public void Dispose()
    {
        _opening.Dispose();
        foreach (ITimer timer in _deadlines.Values)
            timer.Dispose();
        _completion.Dispose();
        foreach (Round round in _open.Values)
            round.Dispose();
    }
}
