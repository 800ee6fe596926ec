using EdgeLearn.Protocol;
using Google.Protobuf;

namespace EdgeLearn.Hub;

/// <summary>How far a board's attempt is.</summary>
enum AttemptState
{
    /// <summary>The board has the task.</summary>
    Assigned = 1,

    /// <summary>Its update counts.</summary>
    Accepted = 2,

    /// <summary>It will never count.</summary>
    Refused = 3,
}

/// <summary>One board's attempt in a round.</summary>
sealed class Attempt(Guid id, ulong device) : IDisposable
{
    public Guid Id { get; } = id;

    public ulong Device { get; } = device;

    public AttemptState State { get; set; } = AttemptState.Assigned;

    public Refusal Refusal { get; set; }

    public string Reason { get; set; } = "";

    /// <summary>What was accepted; null until then.</summary>
    public JournalEntry.Types.Accepted? Accepted { get; set; }

    /// <summary>One piece of the upload at a time.</summary>
    public SemaphoreSlim Upload { get; } = new(1, 1);

    /// <summary>The header that the bytes held so far belong to; kept in memory alone: after a restart the board sends it again.</summary>
    public byte[]? PendingHeader { get; set; }

    /// <summary>How often an upload was thrown away because its digest was wrong.</summary>
    public int Restarts { get; set; }

    public void Dispose() => Upload.Dispose();
}

/// <summary>
/// A round: what the entries of its journal say, applied in order. <see cref="Apply"/> is the only thing that changes it, live, after a
/// restart and in a replay. Not thread-safe; <see cref="RoundBook"/> holds its lock.
/// </summary>
sealed class Round(ulong id) : IDisposable
{
    readonly Dictionary<Guid, Attempt> _attempts = [];
    readonly Dictionary<ulong, Attempt> _byDevice = [];
    long _closedMs;
    string _reason = "";
    JournalEntry.Types.Committed? _committed;
    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ulong Id { get; } = id;

    public RoundView.Types.State State { get; private set; }

    public RunRoundRequest Request { get; private set; } = new();

    public ArtefactOffer Base { get; private set; } = new();

    public ArtefactManifest BaseManifest { get; private set; } = null!;

    public Digest Shape { get; private set; }

    public int Expected { get; private set; }

    public long OpenedMs { get; private set; }

    public int Accepted { get; private set; }

    public IReadOnlyCollection<Attempt> Attempts => _attempts.Values;

    public int Duplicates { get; set; }

    public long BytesUp { get; set; }

    public long BytesDown { get; set; }

    /// <summary>Its shape with names and lengths; worked out from the base when first needed.</summary>
    public UpdateShape? UpdateShape { get; set; }

    /// <summary>A write failed: another object, read from the journal, stands for this round now.</summary>
    public bool IsStale { get; set; }

    /// <summary>Completes at the next change.</summary>
    public Task Changed => _changed.Task;

    /// <summary>Another object stands for this round from now on: whoever waits for a change looks again.</summary>
    public void GiveWay() => _changed.TrySetResult();

    public int Directions => Request.Training.Directions;

    public RoundAggregation Aggregation => new(Id, Request.Codec, Request.Aggregator, Directions);

    public Attempt? Find(Guid attempt) => _attempts.GetValueOrDefault(attempt);

    public Attempt? Of(ulong device) => _byDevice.GetValueOrDefault(device);

    public int Outstanding => _attempts.Values.Count(a => a.State == AttemptState.Assigned);

    public long RemainingMs(long nowMs) => Math.Max(0, OpenedMs + Request.DeadlineMs - nowMs);

    public void Apply(JournalEntry entry)
    {
        switch (entry.ChangeCase)
        {
            case JournalEntry.ChangeOneofCase.Opened:
                Request = entry.Opened.Request;
                Base = entry.Opened.Base;
                BaseManifest = ArtefactManifest.Parse(Base.Artefact.Manifest.Span);
                Shape = new Digest(entry.Opened.Shape.Span);
                Expected = (int)entry.Opened.Expected;
                OpenedMs = entry.UnixMs;
                State = RoundView.Types.State.Open;
                break;
            case JournalEntry.ChangeOneofCase.Assigned:
                Attempt attempt = new(new Guid(entry.Assigned.Attempt.Span, bigEndian: true), entry.Assigned.Device);
                _attempts.Add(attempt.Id, attempt);
                _byDevice.Add(attempt.Device, attempt);
                break;
            case JournalEntry.ChangeOneofCase.Accepted:
                attempt = Known(entry.Accepted.Attempt);
                attempt.State = AttemptState.Accepted;
                attempt.Accepted = entry.Accepted;
                Accepted++;
                break;
            case JournalEntry.ChangeOneofCase.Refused:
                attempt = Known(entry.Refused.Attempt);
                attempt.State = AttemptState.Refused;
                attempt.Refusal = entry.Refused.Refusal;
                attempt.Reason = entry.Refused.Reason;
                break;
            case JournalEntry.ChangeOneofCase.Withdrawn:
                attempt = Known(entry.Withdrawn.Attempt);
                if (attempt.State == AttemptState.Accepted)
                    Accepted--;
                attempt.State = AttemptState.Refused;
                attempt.Refusal = Refusal.Failed;
                attempt.Reason = entry.Withdrawn.Reason;
                attempt.Accepted = null;
                break;
            case JournalEntry.ChangeOneofCase.Closed:
                State = RoundView.Types.State.Aggregating;
                break;
            case JournalEntry.ChangeOneofCase.Committed:
                State = RoundView.Types.State.Committed;
                _committed = entry.Committed;
                _closedMs = entry.UnixMs;
                break;
            case JournalEntry.ChangeOneofCase.Abandoned:
                State = RoundView.Types.State.Abandoned;
                _reason = entry.Abandoned.Reason;
                _closedMs = entry.UnixMs;
                break;
        }
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    /// <summary>The accepted updates in the order of board ids: the order of everything that depends on one.</summary>
    public List<JournalEntry.Types.Accepted> AcceptedInOrder() =>
        [.. _attempts.Values.Where(a => a.State == AttemptState.Accepted).OrderBy(a => a.Device).Select(a => a.Accepted!)];

    public RoundView ToView(long nowMs)
    {
        RoundView view = new()
        {
            Round = Id,
            Group = Request.Group,
            State = State,
            Codec = Request.Codec,
            Training = Request.Training,
            BaseDigest = ByteString.CopyFrom(BaseManifest.Digest.ToArray()),
            Expected = (uint)Expected,
            Assigned = (uint)_attempts.Count,
            Accepted = (uint)Accepted,
            Duplicates = (uint)Duplicates,
            BytesUp = (ulong)BytesUp,
            BytesDown = (ulong)BytesDown,
            Seconds = ((_closedMs == 0 ? nowMs : _closedMs) - OpenedMs) / 1000.0,
            Reason = _reason,
            OpenedUnixMs = OpenedMs,
        };
        foreach (var attempt in _attempts.Values)
        {
            if (attempt.State == AttemptState.Refused)
            {
                Count(view, attempt.Refusal);
            }
            else if (attempt.Accepted is { } accepted)
            {
                view.Examples += accepted.Weight;
                view.UpdateBytesUp += (ulong)UpdateHeader.Parse(accepted.Header.Span).ContentLength;
            }
        }
        if (_committed is { } committed)
            ShowResult(view, committed);
        return view;
    }

    /// <summary>What a round's view becomes by its last entry.</summary>
    public static void ShowEnd(RoundView view, JournalEntry entry)
    {
        if (entry.ChangeCase == JournalEntry.ChangeOneofCase.Abandoned)
        {
            view.State = RoundView.Types.State.Abandoned;
            view.Reason = entry.Abandoned.Reason;
        }
        else if (entry.ChangeCase == JournalEntry.ChangeOneofCase.Committed)
        {
            view.State = RoundView.Types.State.Committed;
            ShowResult(view, entry.Committed);
        }
    }

    static void ShowResult(RoundView view, JournalEntry.Types.Committed committed)
    {
        var manifest = ArtefactManifest.Parse(committed.Manifest.Manifest.Span);
        view.ModelDigest = ByteString.CopyFrom(manifest.Digest.ToArray());
        view.ModelVersion = manifest.Version;
        if (committed.HasAccuracy)
            view.Accuracy = committed.Accuracy;
        if (committed.HasLoss)
            view.Loss = committed.Loss;
        view.Figures = committed.Figures;
    }

    /// <summary>Adds one refusal to a view, under the name that people read.</summary>
    public static void Count(RoundView view, Refusal refusal)
    {
        string name = refusal switch
        {
            Refusal.Late => "late",
            Refusal.BadSignature => "bad-signature",
            Refusal.WrongShape => "wrong-shape",
            Refusal.WrongCodec => "wrong-codec",
            Refusal.WrongBase => "wrong-base",
            Refusal.NonFinite => "non-finite",
            Refusal.Malformed => "malformed",
            Refusal.NoExamples => "no-examples",
            _ => "failed",
        };
        view.Refused[name] = view.Refused.GetValueOrDefault(name) + 1;
    }

    /// <summary>The result's manifest; null unless committed.</summary>
    public ArtefactManifest? Result => _committed is { } committed ? ArtefactManifest.Parse(committed.Manifest.Manifest.Span) : null;

    public void Dispose()
    {
        foreach (var attempt in _attempts.Values)
            attempt.Dispose();
    }

    Attempt Known(ByteString attempt) => _attempts.TryGetValue(new Guid(attempt.Span, bigEndian: true), out var known)
        ? known : throw new EdgeLearnException($"the journal of round {Id} speaks of an attempt that it never assigned");
}
