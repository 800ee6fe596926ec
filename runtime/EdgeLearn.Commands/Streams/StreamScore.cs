namespace EdgeLearn.Commands;

/// <summary>How right answers were that were given before their labels were known.</summary>
/// <param name="classCount">0 = real targets</param>
/// <param name="targetCount">of a row</param>
sealed class StreamScore(int classCount, int targetCount)
{
    readonly double[] _target = new double[targetCount];
    readonly double[] _answer = new double[targetCount];

    /// <summary>What came of the classes; null for real targets.</summary>
    public ClassFigures? Classes { get; } = classCount > 0 ? new ClassFigures(classCount) : null;

    /// <summary>What came of real targets; null for classes.</summary>
    public TargetFigures? Targets { get; } = classCount > 0 ? null : new TargetFigures(targetCount);

    /// <summary>Examples so far.</summary>
    public long Count { get; private set; }

    /// <summary>Counts an answer.</summary>
    /// <param name="answers">the class by number, or the targets</param>
    /// <param name="said">the same of the answer</param>
    public void Add(ReadOnlySpan<double> answers, ReadOnlySpan<double> said)
    {
        Count++;
        if (Classes is not null)
        {
            Classes.Count((int)answers[0], (int)said[0]);
            return;
        }

        answers[.._target.Length].CopyTo(_target);
        said[.._answer.Length].CopyTo(_answer);
        Targets!.Count(_target, _answer);
    }

    /// <summary>Accuracy of classes, mean absolute error of real targets; null without examples.</summary>
    public double? Figure => Count == 0 ? null : Classes?.Accuracy ?? Targets!.MeanAbsoluteError;
}
