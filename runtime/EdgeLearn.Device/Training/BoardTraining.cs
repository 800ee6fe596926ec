using System.Diagnostics;
using EdgeLearn.Protocol;

namespace EdgeLearn.Device;

/// <summary>
/// Scoring and training with the learning core on a board's own examples, which are read from their files by position and never held.
/// Memory: what <c>plan</c> says; the base is read again from its file, and the update written from the weights. The update's state starts
/// at zero in every round.
/// </summary>
public sealed class BoardTraining : BoardLearner
{
    const int ScoreBatch = 64;
    const int TimedSteps = 4096;

    readonly BoardData _data;
    readonly DataShare _share;
    readonly long? _memoryLimitBytes;
    (int Of, int Training) _known;

    /// <summary>Takes a board's share of its examples.</summary>
    /// <param name="data">not owned; must outlive this</param>
    /// <param name="share">which examples are the board's</param>
    /// <param name="memoryLimitBytes">see <see cref="TrainingPlan.Of"/>; a round that no choice of rows fits is refused</param>
    /// <exception cref="EdgeLearnException">The share is out of range.</exception>
    public BoardTraining(BoardData data, DataShare share, long? memoryLimitBytes = null)
    {
        share.Check();
        _data = data;
        _share = share;
        _memoryLimitBytes = memoryLimitBytes;
    }

    /// <summary>Takes a board's share of a set that stays as it is.</summary>
    /// <exception cref="EdgeLearnException">The share is empty or out of range.</exception>
    public BoardTraining(Dataset data, DataShare share, long? memoryLimitBytes = null)
        : this(new FixedBoardData(data, share.Groups), share, memoryLimitBytes)
        => _known = (data.Count, share.Split(data).Training.Count);

    /// <inheritdoc/>
    public override int ExampleCount
    {
        get
        {
            int count = _data.Count();
            // Until a model has read them, which are this board's cannot be told exactly.
            return count == _known.Of ? _known.Training : count == 0
                ? 0 : (_share with { Groups = _data.Groups ?? _share.Groups }).TrainingCount(count);
        }
    }

    // The examples that are there now, those to train on and those held out.
    (DatasetView Training, DatasetView? HeldOut)? Examples(Model model)
    {
        if (_data.Open(model) is not { } examples) return null;
        var parts = (_share with { Groups = examples.Groups ?? _share.Groups }).Split(examples.Data);
        _known = (_data.Count(), parts.Training.Count);
        return parts;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Codec> Codecs { get; } = [.. UpdateCodec.All.Select(codec => codec.Kind)];

    /// <inheritdoc/>
    public override ModelScore Score(string modelPath, CancellationToken stop)
    {
        using var model = ModelFile.Load(modelPath);
        if (Examples(model) is not var (training, heldOut)) return default;
        CheckFit(model.Network, training);
        if (heldOut is null) return default;
        stop.ThrowIfCancellationRequested();
        return ScoreOf(Evaluator.Score(model, heldOut, ScoreBatch), model.Network);
    }

    /// <inheritdoc/>
    public override BoardUpdate Train(TrainTask task, ulong device, string basePath, CancellationToken stop)
    {
        var model = ModelFile.Load(basePath);
        try
        {
            return Train(task, device, model, basePath, stop);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    BoardUpdate Train(TrainTask task, ulong device, Model model, string basePath, CancellationToken stop)
    {
        var codec = UpdateCodec.Of(task.Codec);
        var network = model.Network;
        var (training, heldOut) = Examples(model) ?? throw new EdgeLearnException("there are no examples yet");
        CheckFit(network, training);
        var settings = SettingsOf(task, network.Spec, device, training);
        RoundTraining.CheckStorage(network);
        using var session = new TrainingSession(network, settings, training, model.Preparation, _memoryLimitBytes);
        codec.CheckSettings(session.Settings);
        var records = codec.Gives == ChangeKind.Records ? new ZerothOrderRecord[RecordCount(session)] : [];
        long started = Stopwatch.GetTimestamp();
        var (loss, stepMs) = Run(session, records, stop);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        session.TakeAverage();
        Evaluation? test = heldOut is null ? null : session.Evaluate(heldOut);
        var shape = new UpdateShape(network.Parameters);
        var context = new UpdateContext(shape, task.Round, device, task.Training.Directions);
        var start = new WeightFile(basePath, network.Parameters);
        return new BoardUpdate(start, model)
        {
            Write = content => codec.Encode(context,
                new BoardChange { Base = start.Read, Trained = network.Parameters.Values, Records = records }, content),
            Shape = shape.Hash,
            ExampleCount = (ulong)Math.Min(training.Count, session.TotalSteps * settings.Batch),
            Norm = Distance(start, network.Parameters.Values),
            Loss = loss,
            Accuracy = test is { } scored ? ScoreOf(scored, network).Accuracy : null,
            Figures = test is { } figures ? FigureMessages.Of(figures, model.ClassNames) : null,
            StepMs = stepMs,
            Seconds = seconds,
        };
    }

    /// <summary>All steps; returns the mean loss and the median time of a step.</summary>
    static (double Loss, double StepMs) Run(TrainingSession session, ZerothOrderRecord[] records, CancellationToken stop)
    {
        double[] times = new double[(int)Math.Min(TimedSteps, session.TotalSteps)];
        double lossSum = 0;
        long examples = 0;
        while (!session.IsDone)
        {
            stop.ThrowIfCancellationRequested();
            long step = session.StepCount, begin = Stopwatch.GetTimestamp();
            var report = session.Step();
            times[step % times.Length] = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            if (report.Diverged)
            {
                throw new EdgeLearnException($"the loss was {report.Loss} at step {step} "
                    + $"of {session.TotalSteps}; {session.FindDivergence()}: run the round with a lower rate");
            }
            lossSum += report.Loss * report.Count;
            examples += report.Count;
            if (records.Length == 0) continue;
            var ofStep = ((ZerothOrder)session.Rule).Records;
            ofStep.CopyTo(records.AsSpan((int)step * ofStep.Length));
        }

        Array.Sort(times);
        return (lossSum / examples, times[times.Length / 2]);
    }

    static TrainingSettings SettingsOf(TrainTask task, NetworkSpec network, ulong device, Dataset data)
    {
        var said = task.Training ?? throw new EdgeLearnException("the task does not say how to train");
        var settings = said.ToSettings(network, task.Round, device);
        // A batch larger than the set is the set, and so is a buffer of earlier samples: memory must not grow on the hub's word.
        long most = data.Count * (data.InputLength + network.OutputLength + network.LabelLength + 1L) * sizeof(float) + 1024;
        return settings with
        {
            Batch = Math.Min(settings.Batch, data.Count),
            Continual = settings.Continual is { } kept ? kept with { ReplayBytes = Math.Min(kept.ReplayBytes, most) } : null,
        };
    }

    static int RecordCount(TrainingSession session)
    {
        int directions = ((ProbeSettings)session.Settings.Rule).Directions;
        if (session.TotalSteps > ZerothOrderCodec.RecordLimit / directions)
        {
            throw new EdgeLearnException($"{session.TotalSteps} steps of {directions} directions give more than the "
                + $"{ZerothOrderCodec.RecordLimit} records of one update");
        }
        return (int)session.TotalSteps * directions;
    }

    static void CheckFit(Network network, Dataset data)
    {
        if (network.InputLength != data.InputLength)
            throw new EdgeLearnException($"the model takes {network.InputLength} values, {data.Name} has {data.InputLength}");
        bool fits = network.Loss.IsClassification
            ? data.ClassCount > 0 && data.ClassCount <= network.Loss.ClassesOf(network.Spec.ClassCount)
                : data.TargetLength == network.OutputLength;
        if (!fits)
        {
            throw new EdgeLearnException($"the model has {network.OutputLength} outputs for {network.Loss.Name}, {data.Name} "
                + $"has {data.ClassCount} classes and {data.TargetLength} targets");
        }
    }

    static ModelScore ScoreOf(in Evaluation evaluation, Network network) =>
        new(network.Loss.MeasuresAccuracy ? evaluation.Accuracy : null, evaluation.Loss, evaluation.Count);

    static double Distance(WeightFile start, ReadOnlySpan<float> trained)
    {
        double sum = 0;
        float[] piece = new float[8192];
        for (int i = 0; i < trained.Length; i += piece.Length)
        {
            var before = piece.AsSpan(0, Math.Min(piece.Length, trained.Length - i));
            start.Read(i, before);
            for (int j = 0; j < before.Length; j++)
            {
                double difference = (double)trained[i + j] - before[j];
                sum += difference * difference;
            }
        }

        return Math.Sqrt(sum);
    }
}
