using System.Diagnostics;

namespace EdgeLearn.Commands;

/// <summary>The checkpoint folder of one run: begins or resumes it, saves it from time to time, at the end, and when the run is stopped.</summary>
sealed class RunCheckpoint : IDisposable
{
    readonly Checkpoint _checkpoint;
    readonly TrainingSession _session;
    readonly TimeSpan _interval;
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
            if (request.Resume && _checkpoint.TryResume(session)) output.Error.WriteLine($"going on from {Folder} at step {session.StepCount:N0} of {session.TotalSteps:N0}");
            else _checkpoint.Start(session);
        }
        catch
        {
            _checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Notes a step, and saves when it is time.</summary>
    public void AfterStep()
    {
        _checkpoint.Note(_session);
        if (_session.IsDone || Stopwatch.GetElapsedTime(_lastSave) >= _interval) Save();
    }

    /// <summary>Saves the run as it is.</summary>
    public void Save()
    {
        _checkpoint.Save(_session);
        _lastSave = Stopwatch.GetTimestamp();
    }

    public void Dispose() => _checkpoint.Dispose();
}
