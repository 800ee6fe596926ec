using System.Diagnostics;

namespace EdgeLearn.Commands;

/// <summary>
/// Says how a run is doing: on a terminal one line that is drawn over, elsewhere a line every ten seconds and, when asked for, one each
/// epoch. The accuracy is that of a few test samples, measured between steps; it changes nothing in the run.
/// </summary>
sealed class TrainProgress : IDisposable
{
    const int SampleCount = 1000;
    static readonly TimeSpan s_accuracyInterval = TimeSpan.FromSeconds(2);

    // A board for which a look at the sample is much work looks less often.
    const int ShareOfAccuracy = 20;

    readonly TrainingSession _session;
    readonly ProgressLine _line;
    readonly DatasetView? _sample;
    readonly RunCourse? _course;
    readonly string _label;
    readonly bool _eachEpoch;
    readonly long _firstStep;
    readonly long _begin = Stopwatch.GetTimestamp();
    long _lastAccuracy = Stopwatch.GetTimestamp();
    TimeSpan _accuracyTime;
    double _loss = double.NaN;
    double? _accuracy;

    /// <param name="session">the run</param>
    /// <param name="test">where the sample is taken from</param>
    /// <param name="label">what the line begins with</param>
    /// <param name="output">where it goes</param>
    /// <param name="verbose">whether each epoch has a line where no terminal is</param>
    /// <param name="course">takes note of the run; null = nobody does</param>
    public TrainProgress(TrainingSession session, Dataset test, string label, CommandOutput output, bool verbose, RunCourse? course = null)
    {
        _session = session;
        _label = label;
        _eachEpoch = verbose && !output.IsTerminal;
        _line = new ProgressLine(output);
        _course = course;
        _firstStep = session.StepCount;
        if (session.Network.Loss.MeasuresAccuracy) _sample = test.Spread(SampleCount);
    }

    /// <summary>Time that was spent on measuring accuracy.</summary>
    public TimeSpan Overhead { get; private set; }

    double Seconds => (Stopwatch.GetElapsedTime(_begin) - Overhead).TotalSeconds;

    /// <summary>Takes note of a step and shows it when it is time.</summary>
    public void AfterStep(in StepReport report)
    {
        // A moving mean over about a hundred steps.
        _loss = double.IsNaN(_loss) ? report.Loss : _loss + 0.02 * (report.Loss - _loss);
        if (_course is not null)
        {
            _course.Take(report.Loss);
            if (_course.IsDue) _course.Note(_course.WantsAccuracy ? Measure() : null, Seconds);
        }

        bool endsEpoch = _eachEpoch && _session.StepCount % _session.StepsPerEpoch == 0;
        if (!endsEpoch && !_line.IsDue) return;
        var sinceAccuracy = Stopwatch.GetElapsedTime(_lastAccuracy);
        if (endsEpoch || _accuracy is null || (sinceAccuracy >= s_accuracyInterval && sinceAccuracy >= ShareOfAccuracy * _accuracyTime))
            Measure();
        if (endsEpoch) _line.Print(Text());
        else _line.Show(Text());
    }

    /// <summary>Takes note of the last steps of a run that was stopped between two moments.</summary>
    public void Stop() => _course?.Note(null, Seconds);

    double? Measure()
    {
        if (_sample is null) return null;
        long begin = Stopwatch.GetTimestamp();
        _accuracy = _session.Evaluate(_sample).Accuracy;
        _lastAccuracy = Stopwatch.GetTimestamp();
        _accuracyTime = Stopwatch.GetElapsedTime(begin);
        Overhead += _accuracyTime;
        return _accuracy;
    }

    // In a narrow window the end is cut: what matters least.
    string Text()
    {
        long done = _session.StepCount - _firstStep;
        double seconds = Seconds;
        string accuracy = _accuracy is { } value ? $"accuracy {value:F3}  " : "";
        return $"{_label}  step {_session.StepCount:N0} of {_session.TotalSteps:N0}  loss {_loss:F4}  {accuracy}"
            + $"{NumberText.Duration(Math.Ceiling(seconds / done * (_session.TotalSteps - _session.StepCount)))} left  "
            + $"{done * _session.Settings.Batch / seconds:N0} samples/s";
    }

    public void Dispose() => _line.Dispose();
}

static class DatasetSample
{
    /// <summary>Up to so many samples of a set, evenly spread, for a file is often sorted by class.</summary>
    public static DatasetView Spread(this Dataset data, int most)
    {
        int count = Math.Min(most, data.Count);
        int[] indices = new int[count];
        for (int i = 0; i < count; i++) indices[i] = (int)((long)i * data.Count / count);
        return new DatasetView(data, indices);
    }
}
