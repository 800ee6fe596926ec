namespace EdgeLearn.Commands;

/// <summary>Somebody who answers rows and is told their labels when they arrive, in the order of the rows.</summary>
interface IStreamPeer
{
    /// <summary>Answers a row.</summary>
    /// <param name="values">of it</param>
    /// <param name="said">the class by number, or the targets; written</param>
    void Answer(ReadOnlySpan<double> values, Span<double> said);

    /// <summary>Is told the label of the oldest row that was answered and not told of.</summary>
    /// <param name="answers">its class by number, or its targets; NaN where it has none</param>
    void Learn(ReadOnlySpan<double> answers);
}

/// <summary>A learner, which may stop learning.</summary>
sealed class LearningPeer(StreamLearner learner, long learnsUntil = long.MaxValue) : IStreamPeer, IDisposable
{
    long _told;

    public StreamLearner Learner => learner;

    public void Answer(ReadOnlySpan<double> values, Span<double> said)
    {
        var answer = learner.Answer(values);
        if (answer.Label >= 0) said[0] = answer.Label;
        else learner.LastScores.CopyTo(said);
    }

    public void Learn(ReadOnlySpan<double> answers)
    {
        if (_told++ >= learnsUntil || double.IsNaN(answers[0])) learner.Forget();
        else if (learner.IsClassifier) learner.Learn((int)answers[0]);
        else learner.Learn(answers[..learner.ScoreCount]);
    }

    public void Dispose() => learner.Dispose();
}

/// <summary>Says the class that was most frequent so far, or the mean so far.</summary>
sealed class UsualPeer(int classCount, int targetCount) : IStreamPeer
{
    readonly long[] _counts = new long[classCount];
    readonly double[] _means = new double[targetCount];
    int _most;
    long _count;

    public void Answer(ReadOnlySpan<double> values, Span<double> said)
    {
        if (classCount > 0) said[0] = _most;
        else _means.CopyTo(said);
    }

    public void Learn(ReadOnlySpan<double> answers)
    {
        if (double.IsNaN(answers[0])) return;
        _count++;
        for (int i = 0; i < _means.Length; i++) _means[i] += (answers[i] - _means[i]) / _count;
        if (classCount > 0 && ++_counts[(int)answers[0]] > _counts[_most]) _most = (int)answers[0];
    }
}

/// <summary>Says the newest class or targets.</summary>
sealed class LastPeer(int length) : IStreamPeer
{
    readonly double[] _last = new double[length];

    public void Answer(ReadOnlySpan<double> values, Span<double> said) => _last.CopyTo(said);

    public void Learn(ReadOnlySpan<double> answers)
    {
        if (!double.IsNaN(answers[0])) answers[.._last.Length].CopyTo(_last);
    }
}
