using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// A folder from which a run goes on, bit for bit, after a crash or a power cut at any byte: two slots written in turn, each whole or not
/// there, and for <c>zo</c> the <see cref="StepLog"/>, which makes every single step durable in a few bytes. One process at a time.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    readonly string _folder;
    readonly FileStream _lock;
    readonly bool _isDamaged;
    CheckpointSlot? _newest;
    StepLog? _log;

    /// <summary>Opens or makes the folder and finds its newest whole slot.</summary>
    /// <exception cref="EdgeLearnException">The folder cannot be used, or another process uses it.</exception>
    public Checkpoint(string folder)
    {
        _folder = folder;
        try
        {
            Directory.CreateDirectory(folder);
            _lock = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            foreach (string path in SlotPaths)
            {
                if (!File.Exists(path)) continue;
                _isDamaged = true;
                var slot = CheckpointSlot.Parse(File.ReadAllBytes(path), path);
                if (slot is not null && (_newest is null || slot.Sequence > _newest.Sequence)) _newest = slot;
            }

            _isDamaged &= _newest is null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _lock?.Dispose();
            throw new EdgeLearnException($"the checkpoint folder {folder} cannot be used: {e.Message}", e);
        }
        catch (EdgeLearnException)
        {
            _lock?.Dispose();
            throw;
        }
    }

    /// <summary>The model of the newest whole slot in a folder, which may be in use.</summary>
    /// <exception cref="EdgeLearnException">There is none.</exception>
    public static Model LoadModel(string folder)
    {
        var slots = SlotPathsIn(folder).Where(File.Exists).Select(path => CheckpointSlot.Parse(File.ReadAllBytes(path), path));
        var newest = slots.OfType<CheckpointSlot>().MaxBy(slot => slot.Sequence)
            ?? throw new EdgeLearnException($"{folder} is a folder without a whole checkpoint: expected a model file, or the folder of "
            + $"--checkpoint");
        return ModelFile.Load(newest.Model, folder);
    }

    static string[] SlotPathsIn(string folder) => [Path.Combine(folder, "slot-a"), Path.Combine(folder, "slot-b")];

    string[] SlotPaths => SlotPathsIn(_folder);

    string LogPath => Path.Combine(_folder, "steps.log");

    /// <summary>Whether there is something to go on from.</summary>
    public bool HasState => _newest is not null;

    /// <summary>Steps done at the newest slot; the log may know more.</summary>
    public long StepCount => _newest?.StepCount ?? 0;

    /// <summary>
    /// Begins a new run: forgets what is here and saves the run's first moment, so that a crash in the first step loses nothing.
    /// </summary>
    /// <exception cref="EdgeLearnException">The folder holds another run.</exception>
    public void Start(TrainingSession session)
    {
        RefuseDamage();
        if (HasState)
            throw new EdgeLearnException($"{_folder} holds a run of {StepCount:N0} steps: go on with --resume, or choose another folder");
        File.Delete(LogPath);
        Save(session);
        OpenLog(session);
    }

    /// <summary>Brings a session, built with the same settings and data, to where the run stopped.</summary>
    /// <returns>false when there is nothing to go on from</returns>
    /// <exception cref="EdgeLearnException">The run was made with other settings, or its model cannot be read.</exception>
    public bool TryResume(TrainingSession session)
    {
        RefuseDamage();
        if (_newest is not { } slot) return false;
        string identity = RunIdentity.Of(session);
        if (slot.Identity != identity)
        {
            throw new EdgeLearnException($"{_folder} was made by another run: it has {RunIdentity.Difference(slot.Identity, identity)}: "
                + $"repeat its settings, or choose another folder");
        }
        using (var saved = ModelFile.Load(slot.Model, _folder))
        {
            bool same = saved.Preparation.Shift.SequenceEqual(session.Preparation.Shift)
                && saved.Preparation.Scale.SequenceEqual(session.Preparation.Scale);
            if (!same)
            {
                throw new EdgeLearnException($"{_folder} was made by a run that prepares its inputs in another way: repeat its "
                    + $"preparation and data, or choose another folder");
            }
            session.Network.Take(saved.Network);
        }

        long updateBytes = session.Update.StateBytes;
        if (slot.State.Length < updateBytes || !session.Rule.TakesState(slot.State.Length - updateBytes))
        {
            throw new EdgeLearnException($"{_folder} has a state of {slot.State.Length} bytes, the run needs "
                + $"{updateBytes + session.Rule.StateBytes}");
        }
        MemoryMarshal.Cast<byte, float>(slot.State.Span[..(int)updateBytes]).CopyTo(session.Update.State);
        session.Rule.RestoreState(slot.State.Span[(int)updateBytes..]);
        if (slot.Past.Length > 0) ContinualFile.Load(slot.Past, _folder, session);
        session.Resume(slot.StepCount, slot.Position);
        OpenLog(session);
        _log?.ReplayInto(session);
        return true;
    }

    // Slots are written whole or not at all: if none is, the disk has lost something that a new run must not overwrite.
    void RefuseDamage()
    {
        if (_isDamaged)
            throw new EdgeLearnException($"{_folder} holds a run of which no slot is whole: move the folder away to begin anew");
    }

    /// <summary>Notes the last step in the log; costs one small write for <c>zo</c> and nothing for other rules.</summary>
    public void Note(TrainingSession session)
    {
        if (_log is not null && session.Rule is ZerothOrder zerothOrder) _log.Append(zerothOrder.Records);
    }

    /// <summary>Saves the session as it is, in the older slot.</summary>
    /// <exception cref="EdgeLearnException">The disk is full or read-only, or a weight is not finite; the newest slot is
    /// untouched.</exception>
    public void Save(TrainingSession session)
    {
        if (session.Network.Parameters.FindNotFinite() is { } slice)
        {
            throw new EdgeLearnException($"after step {session.StepCount:N0} {slice.Name} has a value that is not a finite "
                + $"number: {_folder} keeps {(HasState ? $"the state after step {StepCount:N0}" : "nothing")}; try a lower rate");
        }
        _log?.Flush();
        byte[] model = ModelFile.ToArray(new Model(session.Network, session.Preparation));
        ulong sequence = (_newest?.Sequence ?? 0) + 1;
        var slot = new CheckpointSlot(sequence, session.StepCount, session.Position, RunIdentity.Of(session), model, StateOf(session),
            session.Settings.Continual is null ? default : ContinualFile.ToArray(session, null, withAverage: true));
        DurableFile.Replace(SlotPaths[(int)(sequence % 2)], slot.ToArray());
        _newest = slot with { Model = default, State = default, Past = default };
    }

    // What update and rule remember between steps, one behind the other.
    static byte[] StateOf(TrainingSession session)
    {
        var update = MemoryMarshal.AsBytes(session.Update.State);
        byte[] state = new byte[update.Length + session.Rule.StateBytes];
        update.CopyTo(state);
        session.Rule.SaveState(state.AsSpan(update.Length));
        return state;
    }

    /// <summary>
    /// Forgets the newest slot for the one before it, where that is whole: the weights of the newest have turned out to be no good.
    /// </summary>
    public void Withdraw()
    {
        if (_newest is not { } newest) return;
        try
        {
            string other = SlotPaths[(int)((newest.Sequence + 1) % 2)];
            if (!File.Exists(other) || CheckpointSlot.Parse(File.ReadAllBytes(other), other) is not { } before
                || before.Sequence > newest.Sequence)
            {
                return;
            }
            File.Delete(SlotPaths[(int)(newest.Sequence % 2)]);
            _newest = before with { Model = default, State = default, Past = default };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Both slots stay, which loses nothing.
        }
    }

    void OpenLog(TrainingSession session)
    {
        if (session.Rule is ZerothOrder) _log = StepLog.Open(LogPath, session);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _log?.Dispose();
        _lock.Dispose();
    }
}
