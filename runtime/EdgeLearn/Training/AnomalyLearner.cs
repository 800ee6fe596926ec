namespace EdgeLearn;

/// <summary>
/// Says when readings are unlike those before them, without labels: a small auto-encoder learns to reproduce the last
/// <see cref="AnomalySettings.Window"/> rows, by the rules of any stream, and what it cannot reproduce is odd.
/// <code>
/// e = mean over the window's values of ((value - reproduced) / deviation)^2
/// z = (ln(e + 1e-4) - mean) / deviation, by the rows so far (<see cref="RunningScale"/>)
/// score += (z - score) / 8;   alarm where score > threshold
/// </code>
/// What alarms is not learned, unless somebody says that it is normal. Allocates nothing for a row. One thread at a time.
/// </summary>
public sealed class AnomalyLearner : IDisposable
{
    const double Smoothing = 8, LeastError = 1e-4;

    readonly AnomalySettings _settings;
    readonly StreamLearner _coder;
    readonly RunningScale _valueScale;
    readonly RunningScale _errorScale = new(1);
    readonly int _valueCount;
    readonly double[] _window; // [window x values], the newest row first
    readonly float[] _prepared;
    long _rows;
    long _sinceAlarm;

    /// <summary>Plans and allocates.</summary>
    /// <param name="valueCount">values of a row</param>
    /// <param name="settings">how</param>
    /// <exception cref="EdgeLearnException">A setting is out of range, or the limit is too small.</exception>
    public AnomalyLearner(int valueCount, AnomalySettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(valueCount, 1);
        if (settings.Window < 1) throw new EdgeLearnException($"a window of {settings.Window} rows; expected at least 1");
        (_settings, _valueCount) = (settings, valueCount);
        int length = checked(valueCount * settings.Window);
        int hidden = settings.Hidden ?? Math.Clamp(length / 2, 1, MostHidden);
        _coder = new StreamLearner(NetworkSpec.Parse($"{length}-{hidden}-{length}", null, Loss.MeanSquareError), new StreamSettings
        {
            Training = settings.Training,
            MemoryLimitBytes = settings.MemoryLimitBytes,
        });
        _valueScale = new RunningScale(valueCount);
        (_window, _prepared) = (new double[length], new float[Math.Max(1, valueCount)]);
        _sinceAlarm = settings.Quiet;
    }

    const int MostHidden = 64;

    /// <summary>Rows that came.</summary>
    public long RowCount => _rows;

    /// <summary>Alarms so far: what is odd within <see cref="AnomalySettings.Quiet"/> rows of the last odd row is the same alarm.</summary>
    public long AlarmCount { get; private set; }

    /// <summary>How odd the last rows are: standard deviations above usual.</summary>
    public double Score { get; private set; }

    /// <summary>Whether the last row is odd.</summary>
    public bool IsOdd { get; private set; }

    /// <summary>Bytes of weights, workspaces, scales and window.</summary>
    public long PlannedBytes => _coder.PlannedBytes + _valueScale.Bytes + _errorScale.Bytes + (_window.Length * sizeof(double));

    /// <summary>Bytes of the weights of all rates.</summary>
    public long ParameterBytes => _coder.ParameterBytes;

    /// <summary>Bytes that updates remember between rows.</summary>
    public long UpdateStateBytes => _coder.UpdateStateBytes;

    /// <summary>The networks of the auto-encoder.</summary>
    internal StreamLearner Coder => _coder;

    /// <summary>Takes a row, and learns it unless it is odd.</summary>
    /// <param name="values">[values of a row], as measured; NaN where there is none, which takes the mean so far</param>
    /// <returns>Whether an alarm begins.</returns>
    /// <exception cref="EdgeLearnException">A value is infinite: the row is not taken.</exception>
    public bool Add(ReadOnlySpan<double> values)
    {
        _valueScale.Apply(values, _prepared);
        _window.AsSpan(0, _window.Length - _valueCount).CopyTo(_window.AsSpan(_valueCount));
        for (int i = 0; i < _valueCount; i++) _window[i] = double.IsNaN(values[i]) ? _valueScale.MeanOf(i) : values[i];
        _rows++;
        IsOdd = false;
        if (_rows < _settings.Window) return false;
        _coder.Answer(_window);
        Weigh(Math.Log(Error() + LeastError));
        IsOdd = _rows > _settings.NormalRows && Score > _settings.Threshold;
        if (IsOdd) _coder.Forget();
        else _coder.Learn(_window);
        bool begins = IsOdd && _sinceAlarm >= _settings.Quiet;
        _sinceAlarm = IsOdd ? 0 : _sinceAlarm + 1;
        if (begins) AlarmCount++;
        return begins;
    }

    // The errors of the first rows, when everything is new, are no measure of those to come.
    void Weigh(double error)
    {
        Span<float> z = [0];
        if (_rows > _settings.NormalRows / 2)
        {
            _errorScale.Prepare([error], z);
            _errorScale.Apply([error], _prepared.AsSpan(0, 1));
        }

        Score += (z[0] - Score) / Smoothing;
    }

    double Error()
    {
        double sum = 0;
        for (int i = 0; i < _window.Length; i++)
        {
            double deviation = _valueScale.DeviationOf(i % _valueCount);
            double off = deviation > 0 ? (_window[i] - _coder.LastScores[i]) / deviation : 0;
            sum += off * off;
        }

        return sum / _window.Length;
    }

    /// <summary>The last rows were normal after all: they are learned, and are odd no more.</summary>
    public void CallNormal()
    {
        if (!IsOdd) return;
        _coder.Answer(_window);
        _coder.Learn(_window);
        (Score, IsOdd) = (0, false);
    }

    /// <inheritdoc/>
    public void Dispose() => _coder.Dispose();
}

/// <summary>How oddness is told.</summary>
public sealed record AnomalySettings
{
    /// <summary>Rule, update, seed; a rate here is taken alone.</summary>
    public TrainingSettings Training { get; init; } = new StreamSettings().Training;

    /// <summary>Rows that are reproduced together.</summary>
    public int Window { get; init; } = 16;

    /// <summary>Units of the hidden layer; null = half of the window's values, at most 64.</summary>
    public int? Hidden { get; init; }

    /// <summary>Standard deviations above usual, of the smoothed error, that alarm.</summary>
    public double Threshold { get; init; } = 1.5;

    /// <summary>First rows, which are taken for normal and do not alarm.</summary>
    public int NormalRows { get; init; } = 500;

    /// <summary>Rows without an odd one that end an alarm.</summary>
    public int Quiet { get; init; } = 100;

    /// <summary>Most bytes of all weights and workspaces; null = no limit.</summary>
    public long? MemoryLimitBytes { get; init; }
}
