using System.Diagnostics;

namespace EdgeLearn.Commands;

/// <summary>
/// Says how a run is doing: on a terminal one line that is drawn over, otherwise, when asked for, a plain line from time to time. The
/// accuracy is that of a few test samples, measured between steps; it changes nothing in the run.
/// </summary>
sealed class TrainProgress : IDisposable
{
    const int SampleCount = 1000;
    static readonly TimeSpan s_accuracyInterval = TimeSpan.FromSeconds(2);
    static readonly TimeSpan s_lineInterval = TimeSpan.FromSeconds(10);

    readonly TrainingSession _session;
    readonly CommandOutput _output;
    readonly ProgressLine _line;
    readonly DatasetView? _sample;
    readonly string _label;
    readonly bool _plain;
    readonly long _firstStep;
    readonly long _begin = Stopwatch.GetTimestamp();
    long _lastAccuracy = Stopwatch.GetTimestamp();
    long _lastLine = Stopwatch.GetTimestamp();
    double _loss = double.NaN;
    double? _accuracy;

    /// <param name="session">the run</param>
    /// <param name="test">where the sample is taken from</param>
    /// <param name="label">what the line begins with</param>
    /// <param name="output">where it goes</param>
    /// <param name="verbose">whether plain lines are printed where no terminal is</param>
    public TrainProgress(TrainingSession session, Dataset test, string label, CommandOutput output, bool verbose)
    {
        _session = session;
        _output = output;
        _label = label;
        _plain = verbose && !output.IsTerminal;
        _line = new ProgressLine(output);
        _firstStep = session.StepCount;
        if ((_plain || output.IsTerminal) && session.Network.Loss.MeasuresAccuracy) _sample = Sample(test);
    }

    /// <summary>Time that was spent on measuring accuracy.</summary>
    public TimeSpan Overhead { get; private set; }

    // Evenly spread, for a file is often sorted by class.
    static DatasetView Sample(Dataset test)
    {
        int count = Math.Min(SampleCount, test.Count);
        int[] indices = new int[count];
        for (int i = 0; i < count; i++) indices[i] = (int)((long)i * test.Count / count);
        return new DatasetView(test, indices);
    }

    /// <summary>Takes note of a step and draws when it is time.</summary>
    public void AfterStep(in StepReport report)
    {
        // A moving mean over about a hundred steps.
        _loss = double.IsNaN(_loss) ? report.Loss : _loss + 0.02 * (report.Loss - _loss);
        if (!_plain && !_line.IsDue) return;
        bool lineIsDue = !_plain || Stopwatch.GetElapsedTime(_lastLine) >= s_lineInterval
            || _session.StepCount % _session.StepsPerEpoch == 0;
        if (!lineIsDue) return;
        MeasureAccuracy();
        string text = Text();
        if (_plain) _output.Error.WriteLine(text);
        else _line.Show(text);
        _lastLine = Stopwatch.GetTimestamp();
    }

    void MeasureAccuracy()
    {
        if (_sample is null || (!_plain && _accuracy is not null && Stopwatch.GetElapsedTime(_lastAccuracy) < s_accuracyInterval)) return;
        long begin = Stopwatch.GetTimestamp();
        _accuracy = _session.Evaluate(_sample).Accuracy;
        _lastAccuracy = Stopwatch.GetTimestamp();
        Overhead += Stopwatch.GetElapsedTime(begin);
    }

    string Text()
    {
        long done = _session.StepCount - _firstStep;
        double seconds = (Stopwatch.GetElapsedTime(_begin) - Overhead).TotalSeconds;
        var left = TimeSpan.FromSeconds(seconds / done * (_session.TotalSteps - _session.StepCount));
        string accuracy = _accuracy is { } value ? $"accuracy {value:F3}  " : "";
        return $"{_label}  step {_session.StepCount:N0} of {_session.TotalSteps:N0}  loss {_loss:F4}  {accuracy}"
            + $"{done * _session.Settings.Batch / seconds:N0} examples/s  {(int)left.TotalMinutes}:{left.Seconds:D2} left";
    }

    public void Dispose() => _line.Dispose();
}
