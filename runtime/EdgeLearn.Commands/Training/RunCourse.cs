using System.Diagnostics;
using System.Text.Json.Serialization;

namespace EdgeLearn.Commands;

/// <summary>
/// The course of a run for <c>--log</c> and <c>--svg</c>: at most about 2,000 moments, evenly spread over its steps, and an accuracy at 20
/// of them.
/// </summary>
sealed class RunCourse : IDisposable
{
    const int MostPoints = 2000;
    const int Accuracies = 20;

    readonly TrainingSession _session;
    readonly RunLog? _log;
    readonly List<CoursePoint> _points;
    readonly Schedule _schedule;
    readonly long _every;
    readonly long _accuracyEvery;
    readonly double _secondsBefore;
    double _lossSum;
    int _lossCount;

    RunCourse(TrainingSession session, RunLog? log)
    {
        _session = session;
        _log = log;
        _points = [.. log?.Before ?? []];
        _secondsBefore = _points.Count > 0 ? _points[^1].Seconds : 0;
        _schedule = new Schedule(session.Settings.Schedule, session.TotalSteps, session.Settings.WarmupSteps);
        _every = Part(MostPoints);
        _accuracyEvery = Part(Accuracies);
    }

    /// <summary>Begins the course of a session, or goes on with that of the run that it resumes; null where nobody asks for it.</summary>
    /// <exception cref="EdgeLearnException">The log cannot be written.</exception>
    public static RunCourse? Begin(TrainRequest request, TrainingSession session, CommandOutput output)
        => request.LogPath is null && request.SvgPath is null
            ? null
            : new RunCourse(session, request.LogPath is { } path ? new RunLog(path, session, request.Data, output) : null);

    /// <summary>The moments so far.</summary>
    public IReadOnlyList<CoursePoint> Points => _points;

    /// <summary>Whether a moment is to be noted after this step.</summary>
    public bool IsDue => _session.StepCount % _every == 0 || WantsAccuracy;

    /// <summary>Whether its accuracy is to be measured.</summary>
    public bool WantsAccuracy => _session.StepCount % _accuracyEvery == 0 || _session.IsDone;

    long Part(int count) => Math.Max(1, (_session.TotalSteps + count - 1) / count);

    /// <summary>Takes note of a step.</summary>
    public void Take(double loss)
    {
        _lossSum += loss;
        _lossCount++;
    }

    /// <summary>Notes a moment.</summary>
    /// <param name="accuracy">null = it was not measured</param>
    /// <param name="seconds">of the steps since this process began</param>
    public void Note(double? accuracy, double seconds)
    {
        if (_lossCount == 0) return;
        long step = _session.StepCount;
        var point = new CoursePoint(step, Math.Round((double)step / _session.StepsPerEpoch, 4), JsonNumber.Finite(_lossSum / _lossCount),
            _session.Settings.LearningRate!.Value * _schedule.FactorAt(step - 1), JsonNumber.Finite(accuracy),
            Math.Round(_secondsBefore + seconds, 3));
        (_lossSum, _lossCount) = (0, 0);
        _points.Add(point);
        _log?.Write(new RunLogLine { Point = point });
    }

    /// <summary>Ends the course with what came of it.</summary>
    public void End(TrainResult result) => _log?.Write(new RunLogLine { Result = result });

    /// <summary>Ends the course with why nothing came of it.</summary>
    public void Fail(string error) => _log?.Write(new RunLogLine { Error = error });

    public void Dispose() => _log?.Dispose();
}

/// <summary>One moment in the course of a run, a line of <c>--log</c>.</summary>
/// <param name="Step">steps done</param>
/// <param name="Epoch">passes over the training data</param>
/// <param name="Loss">mean over the steps since the moment before; null where it is no number</param>
/// <param name="Rate">of the last step, for the last layer</param>
/// <param name="Accuracy">on up to 1,000 samples of the test part; absent where it was not measured</param>
/// <param name="Seconds">wall time of the steps so far</param>
sealed record CoursePoint(long Step, double Epoch, double? Loss, float Rate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Accuracy, double Seconds);
