using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// Several networks that start alike and learn the same rows at rates a factor apart, since which rate suits a stream is not known ahead
/// and changes with it. A row is answered by all, each counting as much as its answers were worth lately:
/// <code>
/// w_k = exp(-20 (L_k - min L)),   L_k = 0.999 L_k + 0.001 min(loss of the answer that k gave when the row came, 5)
/// probability of a class = sum_k w_k p_k / sum_k w_k        (of real targets: the mean of the values)
/// </code>
/// The answer that counts is the one from before the label was known, however late it came: by the weights of now, high rates would be
/// praised for what they have just been told. Answering and learning allocate nothing. One thread at a time.
/// </summary>
/// <remarks>Source: the exponentially weighted average forecaster (Vovk 1990; Cesa-Bianchi and Lugosi, Prediction, Learning, and Games,
/// 2006, chapter 2), with losses that fade.</remarks>
sealed class OnlineLearner : IDisposable
{
    /// <summary>Rates that are tried side by side.</summary>
    public const int UsualCount = 7;

    const double Sharpness = 20, Memory = 0.999, WorstLoss = 5;

    // The square root of 10, so that every other candidate has ten times the rate.
    const float Step = 3.16227766f;

    // A rate at which the weights ran away so often is too high for good.
    const int MostRestarts = 3;

    readonly Candidate[] _candidates;
    readonly NetworkSpec _spec;
    readonly double[] _scores;
    readonly double[] _one;
    readonly float[] _outputs;

    /// <summary>Plans and allocates.</summary>
    /// <param name="spec">the network</param>
    /// <param name="settings">as <see cref="OnlineSession"/> takes them; with a learning rate there is one candidate, which has it</param>
    /// <param name="count">most candidates, an odd number; the middle one has the usual rate</param>
    /// <param name="memoryLimitBytes">most bytes of all candidates: there are fewer, at least one, where they do not fit</param>
    /// <param name="keptRows">rows whose answers are kept at a time, which count too</param>
    /// <param name="besideBytes">what else counts</param>
    /// <exception cref="EdgeLearnException">A setting cannot be used, or one candidate alone does not fit the limit.</exception>
    public OnlineLearner(NetworkSpec spec, TrainingSettings settings, int count = UsualCount, long? memoryLimitBytes = null,
        int keptRows = 0, long besideBytes = 0)
    {
        _spec = spec;
        if (spec.LabelsSteps) throw new EdgeLearnException("a stream has one label a row, the network one for each step");
        bool isGiven = settings.LearningRate is not null;
        if (!isGiven) settings = settings.WithRates(UsualRate.ForRows(settings.Rule, settings.Update, spec));
        var middle = new Candidate(spec, settings, memoryLimitBytes);
        long each = middle.Bytes + ((long)keptRows * spec.OutputLength * sizeof(float));
        int fit = memoryLimitBytes is { } limit ? (int)Math.Clamp((limit - besideBytes) / each, 1, count) : count;
        int aside = isGiven ? 0 : (fit - 1) / 2;
        _candidates = new Candidate[(2 * aside) + 1];
        for (int i = 0; i < _candidates.Length; i++)
        {
            float rate = settings.LearningRate!.Value * MathF.Pow(Step, i - aside);
            _candidates[i] = i == aside ? middle : new Candidate(spec, settings with { LearningRate = rate }, null);
        }

        ScoreLength = spec.Loss.IsClassification ? spec.Loss.ClassesOf(spec.ClassCount) : spec.OutputLength;
        (_scores, _one, _outputs) = (new double[ScoreLength], new double[ScoreLength], new float[spec.OutputLength]);
    }

    /// <summary>How many learn side by side.</summary>
    public int Count => _candidates.Length;

    /// <summary>Numbers of an answer: a probability for each class, or a value for each target.</summary>
    public int ScoreLength { get; }

    /// <summary>Floats in which a row's answers wait for its label, see <see cref="Answer"/>.</summary>
    public int KeptLength => Count * _spec.OutputLength;

    /// <summary>Numbers that say what a row is: its label, or its targets.</summary>
    public int AnswerLength => _candidates[0].Session.AnswerLength;

    /// <summary>Bytes of all candidates.</summary>
    public long PlannedBytes => _candidates.Sum(candidate => candidate.Bytes);

    /// <summary>Bytes that updates remember between rows.</summary>
    public long UpdateStateBytes => _candidates.Sum(candidate => candidate.Session.UpdateStateBytes);

    /// <summary>The candidate that counts most.</summary>
    public int Best { get; private set; }

    /// <summary>The rate of a candidate.</summary>
    public float RateOf(int candidate) => _candidates[candidate].Session.Settings.LearningRate!.Value;

    /// <summary>How the candidates learn.</summary>
    public TrainingSettings Settings => _candidates[Best].Session.Settings;

    /// <summary>The network of a candidate, as it is now.</summary>
    public Network NetworkOf(int candidate) => _candidates[candidate].Network;

    /// <summary>Mean loss of the answers of a candidate lately.</summary>
    public double LossOf(int candidate) => _candidates[candidate].Loss;

    /// <summary>Answers a row.</summary>
    /// <param name="row">[input length], prepared</param>
    /// <param name="kept">[KeptLength], written: what each candidate said, to be given back with the label</param>
    /// <returns>[ScoreLength] probabilities or values, to be read before the next call</returns>
    public ReadOnlySpan<double> Answer(ReadOnlySpan<float> row, Span<float> kept)
    {
        int length = _spec.OutputLength;
        for (int k = 0; k < _candidates.Length; k++) _candidates[k].Session.Answer(row).CopyTo(kept[(k * length)..]);
        Array.Clear(_scores);
        double sum = 0;
        for (int k = 0; k < _candidates.Length; k++)
        {
            var outputs = kept.Slice(k * length, length);
            double weight = WeightOf(k);
            if (weight == 0 || !TensorPrimitives.IsFiniteAll<float>(outputs)) continue;
            AddScores(outputs, weight);
            sum += weight;
        }

        for (int i = 0; i < _scores.Length && sum > 0; i++) _scores[i] /= sum;
        return _scores;
    }

    /// <summary>Scores what was said of a row, then learns it.</summary>
    /// <param name="row">[input length], prepared, as it was answered</param>
    /// <param name="answer">its label as a float of the same bits, or its targets</param>
    /// <param name="kept">[KeptLength] of <see cref="Answer"/></param>
    public void Learn(ReadOnlySpan<float> row, ReadOnlySpan<float> answer, ReadOnlySpan<float> kept)
    {
        int length = _spec.OutputLength;
        for (int k = 0; k < _candidates.Length; k++)
        {
            var candidate = _candidates[k];
            if (candidate.IsRetired) continue;
            kept.Slice(k * length, length).CopyTo(_outputs);
            var batch = new Batch(1, row, answer, _spec.Loss.IsClassification ? answer.Length : 0);
            double loss = TensorPrimitives.IsFiniteAll<float>(_outputs) ? _spec.Loss.Sum(batch, _outputs) : double.NaN;
            bool isLost = !double.IsFinite(loss);
            candidate.Loss = (Memory * candidate.Loss) + ((1 - Memory) * (isLost ? WorstLoss : Math.Min(loss, WorstLoss)));
            if (isLost || candidate.Session.LearnBits(row, answer).Diverged) candidate.Restart(_spec);
        }

        for (int k = 0; k < _candidates.Length; k++)
        {
            if (_candidates[Best].IsRetired || _candidates[k].Loss < _candidates[Best].Loss) Best = k;
        }
    }

    // 0 where its rate proved too high.
    double WeightOf(int k)
        => _candidates[k].IsRetired ? 0 : Math.Exp(-Sharpness * (_candidates[k].Loss - _candidates[Best].Loss));

    void AddScores(ReadOnlySpan<float> outputs, double weight)
    {
        if (_spec.Loss.IsClassification) ClassProbabilities.Of(outputs, _one);
        else TensorPrimitives.ConvertTruncating<float, double>(outputs, _one);
        for (int i = 0; i < _one.Length; i++) _scores[i] += weight * _one[i];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var candidate in _candidates) candidate.Dispose();
    }

    sealed class Candidate : IDisposable
    {
        readonly TrainingSettings _settings;
        int _restarts;

        public Candidate(NetworkSpec spec, TrainingSettings settings, long? memoryLimitBytes)
        {
            _settings = settings;
            Network = new Network(spec, settings.Weights).Initialise(settings.Seed);
            Session = new OnlineSession(Network, settings, memoryLimitBytes);
        }

        public Network Network { get; private set; }

        public OnlineSession Session { get; private set; }

        public double Loss { get; set; }

        public bool IsRetired => _restarts > MostRestarts;

        public long Bytes => Session.Plan.TotalBytes;

        // Weights that ran away are worth nothing, and neither is what update and rule remember of them.
        public void Restart(NetworkSpec spec)
        {
            if (++_restarts > MostRestarts) return;
            Dispose();
            Network = new Network(spec, _settings.Weights).Initialise(_settings.Seed);
            Session = new OnlineSession(Network, _settings);
        }

        public void Dispose()
        {
            Session.Dispose();
            Network.Dispose();
        }
    }
}
