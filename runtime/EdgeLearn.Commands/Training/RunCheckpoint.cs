using System.Diagnostics;

namespace EdgeLearn.Commands;

/// <summary>
/// The checkpoint folder of one run: begins or resumes it, saves it from time to time, at the end, and when the run is stopped.
/// </summary>
sealed class RunCheckpoint : IDisposable
{
    readonly Checkpoint _checkpoint;
    readonly TrainingSession _session;
    readonly TimeSpan _interval;
    bool _isDoubtful;
    long _lastSave = Stopwatch.GetTimestamp();

    /// <summary>Begins the run in its folder, or brings the session to where it stopped.</summary>
    /// <param name="request">with a checkpoint folder</param>
    /// <param name="session">at its first step</param>
    /// <param name="output">told what was found</param>
    public RunCheckpoint(TrainRequest request, TrainingSession session, CommandOutput output)
    {
        Folder = request.CheckpointFolder!;
        _checkpoint = new Checkpoint(Folder);
        _session = session;
        _interval = request.CheckpointInterval;
        try
        {
            if (request.Resume && _checkpoint.TryResume(session))
                output.Error.WriteLine($"going on from {Folder} at step {session.StepCount:N0} of {session.TotalSteps:N0}");
            else _checkpoint.Start(session);
        }
        catch
        {
            _checkpoint.Dispose();
            throw;
        }
    }

    public string Folder { get; }

    /// <summary>Steps done at the last save.</summary>
    public long SavedStep => _checkpoint.StepCount;

    /// <summary>Notes a step, and saves when it is time.</summary>
    /// <param name="mayWait">whether the loss is such that an earlier state is better kept</param>
    public void AfterStep(bool mayWait)
    {
        _checkpoint.Note(_session);
        // A loss tells how good the weights were that the step before it saved.
        if (!mayWait) _isDoubtful = false;
        else if (SavedStep == _session.StepCount - 1) _isDoubtful = true;
        if (_session.IsDone || !mayWait && Stopwatch.GetElapsedTime(_lastSave) >= _interval) Save();
    }

    /// <summary>The run has run away in its last step: keeps the newest state that is known to be good.</summary>
    public void KeepGood()
    {
        if (_isDoubtful || SavedStep >= _session.StepCount - 1) _checkpoint.Withdraw();
    }

    /// <summary>Saves the run as it is.</summary>
    public void Save()
    {
        _checkpoint.Save(_session);
        _lastSave = Stopwatch.GetTimestamp();
    }

    public void Dispose() => _checkpoint.Dispose();
}
