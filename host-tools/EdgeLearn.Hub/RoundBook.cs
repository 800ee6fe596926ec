using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using EdgeLearn.Protocol;
using Grpc.Core;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Hub;

/// <summary>
/// The open rounds, in memory and in the journal. A change is decided under the book's lock, applied in memory and queued for the journal,
/// in the same order; it counts when the journal has it on the disk. If a write fails the round is read back from the journal, which is the
/// authority. Which change is right, <see cref="RoundRules"/> says.
/// </summary>
/// <param name="stopping">ends the watching of rounds</param>
sealed class RoundBook(FleetStore store, TimeProvider clock, Action<string> log, CancellationToken stopping) : IDisposable
{
    readonly Lock _lock = new();
    readonly ConcurrentDictionary<ulong, Round> _open = [];

    /// <summary>The rounds that are not over.</summary>
    public IEnumerable<Round> Open => _open.Values;

    long NowMs => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Reads the rounds that were open when the hub last stopped, however it stopped.</summary>
    public IReadOnlyCollection<Round> Load()
    {
        foreach (ulong id in store.Read(RoundJournal.Open))
        {
            Round round;
            try
            {
                round = store.Read(db => RoundJournal.Load(db, id));
            }
            catch (EdgeLearnException e)
            {
                log($"round {id} cannot go on: {e.Message}");
                _ = store.WriteAsync(db => RoundJournal.GiveUp(db, id, e.Message));
                continue;
            }
            if (round.State != 0)  // else its number was reserved, but its first entry never reached the journal
                _open[id] = round;
        }
        return [.. _open.Values];
    }

    /// <summary>The round that a request has opened already.</summary>
    public ulong? OpenedBy(string requestId) => store.Read(db => RoundJournal.OpenedBy(db, requestId));

    /// <summary>Reserves the number of a new round.</summary>
    public async Task<Round> CreateAsync(RunRoundRequest request) =>
        new(await store.WriteAsync(db => RoundJournal.Create(db, request.Group, request.RequestId)));

    /// <summary>The first entry of a round that was created; completes when the journal has it.</summary>
    public Task Add(Round round, JournalEntry.Types.Opened opened)
    {
        lock (_lock)
        {
            var written = Append(round, new JournalEntry { Opened = opened });
            _open[round.Id] = round;
            return written;
        }
    }

    /// <summary>Runs a decision while no round changes, except by it.</summary>
    public T Decide<T>(Func<T> decision)
    {
        lock (_lock)
            return decision();
    }

    /// <summary>Applies an entry and queues it; completes when the journal has it. Within <see cref="Decide"/> alone.</summary>
    public Task Append(Round round, JournalEntry entry, (ulong Device, Telemetry Telemetry)? measured = null)
    {
        entry.Round = round.Id;
        entry.UnixMs = NowMs;
        round.Apply(entry);
        var view = round.ToView(entry.UnixMs);
        return store.WriteAsync(db =>
        {
            RoundJournal.Append(db, entry, view);
            if (entry.ChangeCase == JournalEntry.ChangeOneofCase.Accepted)
                DeviceTable.Count(db, UpdateHeader.Parse(entry.Accepted.Header.Span).Device, 1, 0);
            if (entry.ChangeCase == JournalEntry.ChangeOneofCase.Refused
                && round.Find(new Guid(entry.Refused.Attempt.Span, bigEndian: true)) is { } refused)
            {
                DeviceTable.Count(db, refused.Device, 0, 1);
            }
            if (measured is { } m)
                TelemetryTable.Add(db, m.Device, entry.UnixMs, m.Telemetry);
        });
    }

    /// <summary>The final entry of a round and, in the same transaction, what belongs to it.</summary>
    public async Task EndAsync(Round round, JournalEntry entry, Action<SqliteConnection>? with = null)
    {
        Task written;
        lock (_lock)
        {
            if (round.IsStale)
                return;
            entry.Round = round.Id;
            entry.UnixMs = NowMs;
            // The view is worked out on a copy of the state that the entry leads to: nobody sees a result that is not on the disk yet.
            var view = round.ToView(entry.UnixMs);
            Round.ShowEnd(view, entry);
            written = store.WriteAsync(db =>
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
        }
    }

    /// <summary>
    /// Memory is ahead of the disk after a failed write: another object, read from the journal, stands for the round from now on. Whoever
    /// asked for this calls <see cref="Round.GiveWay"/> when it may be seen. Null = somebody else does it, or the journal cannot be read.
    /// </summary>
    public async Task<Round?> RestoreAsync(Round round)
    {
        lock (_lock)
        {
            if (round.IsStale)
                return null;
            round.IsStale = true;
        }
        // Once this is through, well or not, so is all that was queued for the round before: nothing reaches the journal behind the new
        // object's back.
        await store.WriteAsync(_ => { }).ContinueWith(_ => { }, TaskScheduler.Default);
        Round again;
        try
        {
            again = store.Read(db => RoundJournal.Load(db, round.Id));
        }
        catch (Exception e) when (e is EdgeLearnException or SqliteException)
        {
            log($"round {round.Id} stays as it is until the hub starts again: {e.Message}");
            return null;
        }
        lock (_lock)
        {
            if (again.State is RoundView.Types.State.Open or RoundView.Types.State.Aggregating)
                _open[round.Id] = again;
            else
                _open.TryRemove(round.Id, out _);
        }
        return again;
    }

    /// <summary>The open round of a group.</summary>
    public Round? OpenIn(string group) => _open.Values.FirstOrDefault(r => r.Request.Group == group);

    /// <summary>The open round and the attempt of an id; null when the round has left memory.</summary>
    public (Round Round, Attempt Attempt)? FindOpen(Guid attempt)
    {
        lock (_lock)
        {
            foreach (var round in _open.Values)
            {
                if (round.Find(attempt) is { } found)
                    return (round, found);
            }
        }
        return null;
    }

    /// <summary>The attempt of an id, whether its round has left memory or not.</summary>
    public AttemptRow? Find(Guid attempt) => store.Read(db => RoundJournal.Attempt(db, attempt));

    /// <summary>A report for a round that has left memory: refused as late, once, and counted.</summary>
    public Task LateAsync(AttemptRow attempt, Guid id, string reason) =>
        store.WriteAsync(db => RoundJournal.AppendLate(db, attempt, id, reason, NowMs));

    /// <summary>Counts the messages of a board that takes part in an open round.</summary>
    public void Count(DeviceRow device, long bytesUp, long bytesDown)
    {
        lock (_lock)
        {
            if (OpenIn(device.Group) is { } round && round.Of(device.Id) is not null)
            {
                round.BytesUp += bytesUp;
                round.BytesDown += bytesDown;
            }
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
            id = store.Read(db => RoundJournal.View(db, 0))?.Round ?? throw Fault.Of(StatusCode.NotFound, "there was no round yet");
        if (_open.TryGetValue(id, out var round))
        {
            lock (_lock)
            {
                if (round.State != 0 && !round.IsStale)
                    return round.ToView(NowMs);
            }
        }
        return store.Read(db => RoundJournal.View(db, id)) ?? throw Fault.Of(StatusCode.NotFound, $"there is no round {id}");
    }

    /// <summary>The newest rounds of a group, or of all; the newest first.</summary>
    public List<RoundView> List(string group, int limit)
    {
        var views = store.Read(db => RoundJournal.Views(db, group, limit));
        return views.ConvertAll(view => view.IsOver ? view : View(view.Round));
    }

    /// <summary>A round at once and at every change, until it is over.</summary>
    public async IAsyncEnumerable<RoundView> WatchAsync(ulong id, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, stopping);
        id = View(id).Round;
        while (true)
        {
            var changed = _open.TryGetValue(id, out var round) ? round.Changed : Task.CompletedTask;
            var view = View(id);
            yield return view;
            if (view.IsOver)
                yield break;
            await changed.WaitAsync(stop.Token);
        }
    }

    public void Dispose()
    {
        foreach (var round in _open.Values)
            round.Dispose();
    }
}
