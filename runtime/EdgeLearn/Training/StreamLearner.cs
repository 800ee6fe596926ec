using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// Learns a stream: a row is answered when it comes, and learned when its label does, at once, later or never.
/// <code>
/// using var learner = new StreamLearner(NetworkSpec.Parse("6-64-2", null, Loss.SoftmaxCrossEntropy), new StreamSettings());
/// var answer = learner.Answer(values);      // before the label is known
/// learner.Learn(label);                     // of the oldest row that waits for one
/// </code>
/// Rows are scaled by what was seen so far (<see cref="RunningScale"/>), real targets too. With <see cref="StreamSettings.Lags"/> the
/// labels that arrived last are inputs, and a network of real targets predicts the change since the newest of them. Everything is planned;
/// answering and learning allocate nothing. One thread at a time.
/// </summary>
public sealed class StreamLearner : IDisposable
{
    // A double where floats wait.
    const int SaidFloats = sizeof(double) / sizeof(float);

    readonly OnlineLearner _learner;
    readonly RunningScale _scale;
    readonly RunningScale? _targetScale;
    readonly DriftAlarm _drift;
    readonly RowRing _waiting;
    readonly Loss _loss;
    readonly int _lagWidth;
    readonly int _targets;
    readonly double[] _raw; // the values of a row, and the lags
    readonly double[] _lags; // [lags x values of one], the newest first; NaN where none has arrived
    readonly double[] _change;
    readonly float[] _answer;

    /// <summary>Plans and allocates.</summary>
    /// <param name="network">whose input holds the values of a row and the lags, see <see cref="StreamSettings.InputsFor"/></param>
    /// <param name="settings">how</param>
    /// <exception cref="EdgeLearnException">The settings do not fit the network, or the limit is too small.</exception>
    public StreamLearner(NetworkSpec network, StreamSettings settings)
    {
        (Settings, _loss) = (settings, network.Loss);
        if (!_loss.IsClassification && !_loss.HasQuantities)
            throw new EdgeLearnException($"a stream has one class a row or real targets, the network's loss is {_loss.Name}");
        int scores = _loss.IsClassification ? _loss.ClassesOf(network.ClassCount) : network.OutputLength;
        _targets = _loss.IsClassification ? 0 : scores;
        _lagWidth = StreamSettings.LagWidth(scores, _loss.IsClassification);
        int values = network.Input.Length - (settings.Lags * _lagWidth);
        if (values < 1)
            throw new EdgeLearnException($"{settings.Lags} lags are more than the {network.Input.Length} inputs of the network");
        ValueCount = values;
        _scale = new RunningScale(network.Input.Length, settings.Horizon);
        _targetScale = _targets > 0 ? new RunningScale(_targets, settings.Horizon) : null;
        _drift = new DriftAlarm(DriftDetector.Named(settings.Drift));
        _raw = new double[network.Input.Length];
        _lags = new double[settings.Lags * _lagWidth];
        int kept = network.Input.Length + (Math.Max(1, 2 * _targets) * SaidFloats); // of a row, beside what the candidates said
        long besides = OwnBytes + ((long)settings.MostWaiting * kept * sizeof(float));
        _learner = new OnlineLearner(network, settings.Training, settings.Candidates, settings.MemoryLimitBytes,
            settings.MostWaiting, besides);
        _waiting = new RowRing(settings.MostWaiting, kept + _learner.KeptLength);
        Array.Fill(_lags, double.NaN);
        (_change, _answer) = (new double[_targets], new float[_learner.AnswerLength]);
        Scores = new double[scores];
        if (settings.MemoryLimitBytes is { } limit && PlannedBytes > limit)
        {
            throw new EdgeLearnException($"the stream takes {PlannedBytes:N0} bytes with {settings.MostWaiting:N0} rows that wait for "
                + $"their labels, more than the limit of {limit:N0}");
        }
    }

    /// <summary>How it learns.</summary>
    public StreamSettings Settings { get; }

    /// <summary>Values of a row.</summary>
    public int ValueCount { get; }

    /// <summary>Whether it tells classes, and not real targets.</summary>
    public bool IsClassifier => _targets == 0;

    /// <summary>Classes, or real targets.</summary>
    public int ScoreCount => Scores.Length;

    /// <summary>Rows that wait for a label.</summary>
    public int WaitingCount => _waiting.Count;

    /// <summary>Rows that were learned.</summary>
    public long LearnedCount { get; private set; }

    /// <summary>Rows whose label came never, or when others had taken their place.</summary>
    public long ForgottenCount { get; private set; }

    /// <summary>Values that were missing.</summary>
    public long MissingCount { get; private set; }

    /// <summary>Drifts that were noticed in the errors.</summary>
    public long DriftCount => _drift.Count;

    /// <summary>Bytes of weights, workspaces, scale and waiting rows.</summary>
    public long PlannedBytes => _learner.PlannedBytes + _waiting.Bytes + OwnBytes;

    long OwnBytes => _scale.Bytes + (_targetScale?.Bytes ?? 0) + ((_lags.Length + _raw.Length) * sizeof(double));

    /// <summary>Bytes of the weights of all networks.</summary>
    public long ParameterBytes => Enumerable.Range(0, _learner.Count).Sum(k => _learner.NetworkOf(k).ParameterBytes);

    /// <summary>Bytes that updates remember between rows.</summary>
    public long UpdateStateBytes => _learner.UpdateStateBytes;

    /// <summary>Networks that learn side by side, and the one whose answers were best lately.</summary>
    internal OnlineLearner Learner => _learner;

    double[] Scores { get; }

    /// <summary>The mean of a value so far, which stands in where it is missing.</summary>
    internal double MeanOf(int value) => _scale.MeanOf(value);

    /// <summary>Probabilities of the classes, or the targets in their units, of the row that was answered last.</summary>
    public ReadOnlySpan<double> LastScores => Scores;

    /// <summary>Answers a row, which then waits for its label.</summary>
    /// <param name="values">[ValueCount], as measured; NaN where there is none</param>
    /// <exception cref="EdgeLearnException">A value is infinite: the row is not taken.</exception>
    /// <exception cref="ArgumentException">The row has another length.</exception>
    public StreamAnswer Answer(ReadOnlySpan<double> values)
    {
        if (values.Length != ValueCount)
            throw new ArgumentException($"a row of {values.Length} values; expected {ValueCount}", nameof(values));
        if (HasInfinite(values)) throw new EdgeLearnException("a value is infinite");
        if (_waiting.IsFull) Forget();
        var waiting = PartsOf(_waiting.Add());
        values.CopyTo(_raw);
        _lags.CopyTo(_raw.AsSpan(values.Length));
        foreach (double value in values) MissingCount += double.IsNaN(value) ? 1 : 0;
        _scale.Apply(_raw, waiting.Row);
        _learner.Answer(waiting.Row, waiting.Kept).CopyTo(Scores);
        if (_targets > 0) return AnswerTargets(waiting.Said);
        int label = TensorPrimitives.IndexOfMax<double>(Scores);
        waiting.Said[0] = label;
        return new StreamAnswer(label, Scores[label], label);
    }

    // What was said, and the newest label known then, wait with the row.
    StreamAnswer AnswerTargets(Span<double> said)
    {
        for (int i = 0; i < _targets; i++)
        {
            double newest = _lags.Length > 0 ? _lags[i] : 0;
            Scores[i] = double.IsNaN(newest) ? 0 : newest + _targetScale!.Undo(Scores[i], i);
            (said[i], said[_targets + i]) = (Scores[i], newest);
        }

        return new StreamAnswer(-1, double.NaN, Scores[0]);
    }

    /// <summary>Learns the oldest row that waits.</summary>
    /// <param name="label">its class</param>
    /// <returns>Whether a drift was noticed.</returns>
    /// <exception cref="InvalidOperationException">No row waits, or the network predicts real numbers.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public bool Learn(int label)
    {
        if (_targets > 0) throw new InvalidOperationException($"{_loss.Name} takes real targets");
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)label, (uint)ScoreCount);
        var waited = PartsOf(_waiting.Take());
        _answer[0] = BitConverter.Int32BitsToSingle(label);
        _learner.Learn(waited.Row, _answer, waited.Kept);
        LearnedCount++;
        ShiftLags();
        if (_lags.Length > 0)
        {
            _lags.AsSpan(0, _lagWidth).Clear();
            _lags[_lagWidth == 1 ? 0 : label] = _lagWidth == 1 ? label : 1;
        }

        return _drift.Add(waited.Said[0] == label ? 0 : 1);
    }

    /// <summary>Learns the oldest row that waits.</summary>
    /// <param name="targets">its real targets, in their units</param>
    /// <returns>Whether a drift was noticed.</returns>
    /// <exception cref="InvalidOperationException">No row waits, or the network predicts classes.</exception>
    /// <exception cref="EdgeLearnException">A target is not a finite number: the row still waits.</exception>
    public bool Learn(ReadOnlySpan<double> targets)
    {
        if (_targets == 0) throw new InvalidOperationException($"{_loss.Name} takes labels");
        if (!TensorPrimitives.IsFiniteAll(targets)) throw new EdgeLearnException("a target is not a finite number");
        var waited = PartsOf(_waiting.Take());
        bool isFirst = double.IsNaN(waited.Said[_targets]); // no label had arrived that it could be a change from
        double error = isFirst ? 0 : LearnTargets(targets, waited);
        LearnedCount++;
        ShiftLags();
        if (_lags.Length > 0) targets.CopyTo(_lags);
        return !isFirst && _drift.Add(error);
    }

    // Returns how wrong the answer was: 1 = by three deviations or more.
    double LearnTargets(ReadOnlySpan<double> targets, in Parts waited)
    {
        for (int i = 0; i < _targets; i++) _change[i] = targets[i] - waited.Said[_targets + i];
        _targetScale!.Apply(_change, _answer);
        double error = 0;
        for (int i = 0; i < _targets; i++)
        {
            double deviation = _targetScale.DeviationOf(i);
            error += deviation > 0 ? Math.Min(1, Math.Abs(targets[i] - waited.Said[i]) / (3 * deviation)) / _targets : 0;
        }

        _learner.Learn(waited.Row, _answer, waited.Kept);
        return error;
    }

    /// <summary>The oldest row that waits will have no label.</summary>
    /// <exception cref="InvalidOperationException">No row waits.</exception>
    public void Forget()
    {
        _waiting.Take();
        ForgottenCount++;
    }

    static bool HasInfinite(ReadOnlySpan<double> values)
    {
        foreach (double value in values)
        {
            if (double.IsInfinity(value)) return true;
        }

        return false;
    }

    void ShiftLags()
    {
        if (_lags.Length > _lagWidth) _lags.AsSpan(0, _lags.Length - _lagWidth).CopyTo(_lags.AsSpan(_lagWidth));
    }

    // What waits: the prepared row, what each candidate said, and what was said to the user (of targets, then the newest label).
    Parts PartsOf(Span<float> place) => new()
    {
        Row = place[.._raw.Length],
        Kept = place.Slice(_raw.Length, _learner.KeptLength),
        Said = MemoryMarshal.Cast<float, double>(place[(_raw.Length + _learner.KeptLength)..]),
    };

    ref struct Parts
    {
        public Span<float> Row;
        public Span<float> Kept;
        public Span<double> Said;
    }

    /// <summary>
    /// The network whose answers were best lately, with the scale as it stands. The network is the learner's: save the model before the
    /// next row, and do not dispose it.
    /// </summary>
    /// <param name="classNames">what its classes are called; null = by their numbers</param>
    /// <exception cref="EdgeLearnException">There are lags: a model file answers rows alone.</exception>
    public Model ToModel(IReadOnlyList<string>? classNames = null)
    {
        if (_lags.Length > 0)
            throw new EdgeLearnException("a model file answers a row alone: with lags it would lack the labels before it");
        var preparation = _scale.ToPreparation();
        if (_targetScale is not null) preparation = preparation.WithTargets(_targetScale.ToTargetScale());
        return new Model(_learner.NetworkOf(_learner.Best), preparation, classNames);
    }

    /// <inheritdoc/>
    public void Dispose() => _learner.Dispose();
}

/// <summary>What a stream's learner says of a row.</summary>
/// <param name="Label">the class; -1 where it predicts numbers</param>
/// <param name="Probability">of the class; NaN where it predicts numbers</param>
/// <param name="Value">the first target, in its unit; of a class its number</param>
public readonly record struct StreamAnswer(int Label, double Probability, double Value);
