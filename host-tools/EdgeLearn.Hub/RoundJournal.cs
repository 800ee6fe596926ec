using System.Security.Cryptography;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Hub;

/// <summary>An attempt as the database keeps it, for reports that come after its round has left memory.</summary>
sealed record AttemptRow(ulong Round, ulong Device, AttemptState State, Refusal Refusal, string Reason);

/// <summary>
/// The journal of rounds, append only: every entry carries SHA-256 of (the round's chain so far, the entry), so that a changed or missing
/// entry is noticed. Beside it two tables that only repeat what it says: one row for each round, with its view, and one for each attempt.
/// </summary>
static class RoundJournal
{
    public const string Schema = """
        CREATE TABLE journal (seq INTEGER PRIMARY KEY, round INTEGER NOT NULL, entry BLOB NOT NULL, chain BLOB NOT NULL);
        CREATE INDEX journal_round ON journal (round, seq);
        CREATE TABLE round (id INTEGER PRIMARY KEY AUTOINCREMENT, grp TEXT NOT NULL, open INTEGER NOT NULL,
            request_id TEXT NOT NULL UNIQUE, view BLOB NOT NULL);
        CREATE TABLE attempt (
            id BLOB PRIMARY KEY, round INTEGER NOT NULL, device INTEGER NOT NULL, state INTEGER NOT NULL,
                refusal INTEGER NOT NULL DEFAULT 0,
            reason TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
        """;

    /// <summary>Reserves the number of a new round.</summary>
    public static ulong Create(SqliteConnection db, string group, string requestId)
    {
        // A number whose first entry never reached the journal is given up.
        db.Execute("DELETE FROM round WHERE length(view) = 0");
        db.Execute("INSERT INTO round (grp, open, request_id, view) VALUES ($group, 1, $request, x'')", ("$group", group),
            ("$request", requestId));
        return (ulong)db.Number("SELECT last_insert_rowid()");
    }

    /// <summary>The round that a request has opened already.</summary>
    public static ulong? OpenedBy(SqliteConnection db, string requestId) =>
        db.Query("SELECT id FROM round WHERE request_id = $request", r => (ulong?)r.GetInt64(0), ("$request", requestId)).FirstOrDefault();

    /// <summary>Appends an entry and brings the two tables up to date.</summary>
    public static void Append(SqliteConnection db, JournalEntry entry, RoundView view)
    {
        byte[] bytes = entry.ToByteArray();
        byte[] previous = db.Query("SELECT chain FROM journal WHERE round = $round ORDER BY seq DESC LIMIT 1", r => r.Bytes(0),
            ("$round", (long)entry.Round)).FirstOrDefault() ?? [];
        db.Execute("INSERT INTO journal (round, entry, chain) VALUES ($round, $entry, $chain)",
            ("$round", (long)entry.Round), ("$entry", bytes), ("$chain", Chain(previous, bytes)));
        db.Execute("UPDATE round SET open = $open, view = $view WHERE id = $round",
            ("$round", (long)entry.Round), ("$open", view.State is RoundView.Types.State.Open or RoundView.Types.State.Aggregating),
            ("$view", view.ToByteArray()));
        switch (entry.ChangeCase)
        {
            case JournalEntry.ChangeOneofCase.Assigned:
                db.Execute("INSERT INTO attempt (id, round, device, state) VALUES ($id, $round, $device, $state)",
                    ("$id", entry.Assigned.Attempt.ToByteArray()), ("$round", (long)entry.Round), ("$device", (long)entry.Assigned.Device),
                    ("$state", (int)AttemptState.Assigned));
                break;
            case JournalEntry.ChangeOneofCase.Accepted:
                Set(db, entry.Accepted.Attempt, AttemptState.Accepted, Refusal.None, "");
                break;
            case JournalEntry.ChangeOneofCase.Refused:
                Set(db, entry.Refused.Attempt, AttemptState.Refused, entry.Refused.Refusal, entry.Refused.Reason);
                break;
            case JournalEntry.ChangeOneofCase.Withdrawn:
                Set(db, entry.Withdrawn.Attempt, AttemptState.Refused, Refusal.Failed, entry.Withdrawn.Reason);
                break;
        }
    }

    /// <summary>A report for a round that is over: refused as late, once, and counted.</summary>
    public static void AppendLate(SqliteConnection db, AttemptRow attempt, Guid id, string reason, long nowMs)
    {
        if (Attempt(db, id) is not { State: AttemptState.Assigned } || View(db, attempt.Round) is not { } view)
            return;
        var entry = RoundRequests.Refused(id, Refusal.Late, reason);
        entry.Round = attempt.Round;
        entry.UnixMs = nowMs;
        Round.Count(view, Refusal.Late);
        Append(db, entry, view);
        DeviceTable.Count(db, attempt.Device, 0, 1);
    }

    /// <summary>A round as its entries leave it; with state 0 when there are none.</summary>
    /// <exception cref="EdgeLearnException">The chain is broken.</exception>
    public static Round Load(SqliteConnection db, ulong id)
    {
        Round round = new(id);
        foreach (var entry in Read(db, id))
            round.Apply(entry);
        // Traffic is no part of the journal; it goes on from where it was last written.
        if (View(db, id) is { } view)
            (round.BytesUp, round.BytesDown, round.Duplicates) = ((long)view.BytesUp, (long)view.BytesDown, (int)view.Duplicates);
        return round;
    }

    /// <summary>Ends a round whose journal cannot be believed, without touching the journal.</summary>
    public static void GiveUp(SqliteConnection db, ulong round, string reason)
    {
        var view = View(db, round) ?? new RoundView { Round = round };
        view.State = RoundView.Types.State.Abandoned;
        view.Reason = reason;
        db.Execute("UPDATE round SET open = 0, view = $view WHERE id = $round", ("$round", (long)round), ("$view", view.ToByteArray()));
    }

    /// <summary>A round's entries in order.</summary>
    /// <exception cref="EdgeLearnException">The chain is broken: an entry was changed or removed.</exception>
    public static List<JournalEntry> Read(SqliteConnection db, ulong round)
    {
        List<(byte[] Entry, byte[] Chain)> rows = db.Query("SELECT entry, chain FROM journal WHERE round = $round ORDER BY seq",
            r => (r.Bytes(0), r.Bytes(1)), ("$round", (long)round));
        byte[] previous = [];
        List<JournalEntry> entries = [];
        foreach ((byte[] entry, byte[] chain) in rows)
        {
            if (!Chain(previous, entry).AsSpan().SequenceEqual(chain))
            {
                throw new EdgeLearnException($"the journal of round {round} is damaged at entry {entries.Count + 1}: its chain of hashes "
                    + $"does not hold");
            }
            previous = chain;
            entries.Add(JournalEntry.Parser.ParseFrom(entry));
        }
        return entries;
    }

    public static List<ulong> Open(SqliteConnection db)
        => db.Query("SELECT id FROM round WHERE open = 1 ORDER BY id", r => (ulong)r.GetInt64(0));

    /// <summary>A round as last written; 0 = the newest.</summary>
    public static RoundView? View(SqliteConnection db, ulong round) => db.Query(
        "SELECT view FROM round WHERE ($round = 0 OR id = $round) AND length(view) > 0 ORDER BY id DESC LIMIT 1",
        r => RoundView.Parser.ParseFrom(r.Bytes(0)), ("$round", (long)round)).FirstOrDefault();

    public static List<RoundView> Views(SqliteConnection db, string group, int limit) => db.Query(
        "SELECT view FROM round WHERE ($group = '' OR grp = $group) AND length(view) > 0 ORDER BY id DESC LIMIT $limit",
        r => RoundView.Parser.ParseFrom(r.Bytes(0)), ("$group", group), ("$limit", limit));

    public static AttemptRow? Attempt(SqliteConnection db, Guid attempt) => db.Query(
        "SELECT round, device, state, refusal, reason FROM attempt WHERE id = $id",
        r => new AttemptRow((ulong)r.GetInt64(0), (ulong)r.GetInt64(1), (AttemptState)r.GetInt32(2), (Refusal)r.GetInt32(3),
        r.GetString(4)),
        ("$id", attempt.ToByteArray(true))).FirstOrDefault();

    static void Set(SqliteConnection db, ByteString attempt, AttemptState state, Refusal refusal, string reason) =>
        db.Execute("UPDATE attempt SET state = $state, refusal = $refusal, reason = $reason WHERE id = $id",
            ("$id", attempt.ToByteArray()), ("$state", (int)state), ("$refusal", (int)refusal), ("$reason", reason));

    static byte[] Chain(byte[] previous, byte[] entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(previous);
        hash.AppendData(entry);
        return hash.GetHashAndReset();
    }
}
