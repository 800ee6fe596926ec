using EdgeLearn.Protocol;

namespace EdgeLearn.Device;

/// <summary>What a board does with a model: score it, and learn from it. Synchronous: the caller gives it a thread.</summary>
public abstract class BoardLearner
{
    /// <summary>Training examples that the board could use now.</summary>
    public abstract int ExampleCount { get; }

    /// <summary>Codecs that it can write.</summary>
    public abstract IReadOnlyList<Codec> Codecs { get; }

    /// <summary>Scores a model on the held-out examples.</summary>
    /// <param name="modelPath">a whole, verified file</param>
    /// <param name="stop">ends it early with <see cref="OperationCanceledException"/></param>
    /// <exception cref="EdgeLearnException">The file is no model for this board's data.</exception>
    public abstract ModelScore Score(string modelPath, CancellationToken stop);

    /// <summary>Trains as a task says. The same task with the same data gives the same content. The caller disposes of it.</summary>
    /// <param name="task">rule, rates, codec...</param>
    /// <param name="device">the board's number, mixed into seeds</param>
    /// <param name="basePath">the model to start from, a whole, verified file; never written</param>
    /// <param name="stop">ends it early with <see cref="OperationCanceledException"/></param>
    /// <exception cref="EdgeLearnException">The task cannot be done here; the message says why.</exception>
    public abstract BoardUpdate Train(TrainTask task, ulong device, string basePath, CancellationToken stop);
}

/// <summary>How a model does on the board's own held-out examples.</summary>
/// <param name="Accuracy">0..1; null where examples have real targets instead of a class</param>
/// <param name="Loss">mean</param>
/// <param name="Count">examples; 0 = none are held out and nothing was scored</param>
public readonly record struct ModelScore(double? Accuracy, double Loss, int Count)
{
    /// <summary>
    /// Whether this is worse than another score by more than a margin. Accuracies: by more than the margin plus two standard errors of
    /// their difference, so that a handful of held-out examples decides nothing. Losses: greater by more than half. A loss that is not
    /// finite is always worse.
    /// </summary>
    public bool IsWorseThan(in ModelScore other, double margin)
    {
        if (Count == 0) return false;
        if (!double.IsFinite(Loss)) return true;
        if (other.Count == 0) return false;
        if (Accuracy is not { } after || other.Accuracy is not { } before) return Loss > other.Loss * 1.5;
        double variance = (before * (1 - before) / other.Count) + (after * (1 - after) / Count);
        return after < before - margin - (2 * Math.Sqrt(variance));
    }
}

/// <summary>
/// What local training gave: the content of an update, which lies in the trained weights until it is written, and what is said about it.
/// </summary>
/// <param name="owned">what the content lies in; disposed of with this</param>
public sealed class BoardUpdate(params IEnumerable<IDisposable> owned) : IDisposable
{
    /// <summary>Writes the content as the task's codec has it; the same each time.</summary>
    public required Action<Stream> Write { get; init; }

    /// <summary><see cref="UpdateShape.Hash"/> of the base model.</summary>
    public required Digest Shape { get; init; }

    /// <summary>Distinct examples trained on.</summary>
    public required ulong ExampleCount { get; init; }

    /// <summary>Euclidean norm of the change.</summary>
    public required double Norm { get; init; }

    /// <summary>Mean training loss.</summary>
    public required double Loss { get; init; }

    /// <summary>Accuracy of the trained model on the held-out examples; null = none held out.</summary>
    public double? Accuracy { get; init; }

    /// <summary>What the same says beside it; null = none held out.</summary>
    public Figures? Figures { get; init; }

    /// <summary>Median time of a step.</summary>
    public required double StepMs { get; init; }

    /// <summary>Time of all steps.</summary>
    public required double Seconds { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var part in owned) part.Dispose();
    }
}
