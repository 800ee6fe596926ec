namespace EdgeLearn;

/// <summary>
/// The body of the training loop; the loop belongs to the user. It owns its plan, with rule and update, the workspace and the stream's
/// place: network and data are given.
/// <code>
/// using var session = new TrainingSession(network, settings, data, preparation);   // plans, then allocates
/// while (!session.IsDone) { var report = session.Step(); if (report.Diverged) break; }
/// var result = session.Evaluate(testData);
/// </code>
/// A step allocates nothing.
/// </summary>
public sealed class TrainingSession : IDisposable
{
    readonly TrainingPlan _plan;
    readonly Workspace _workspace;
    readonly SampleStream _stream;
    readonly Schedule _schedule;
    readonly float _rate;
    readonly StreamedInputs? _reader;
    int _lastRows;

    /// <summary>Plans the run, refuses it when it does not fit, then allocates its workspace.</summary>
    /// <param name="network">with weights; changed by every step, not owned</param>
    /// <param name="settings">checked here</param>
    /// <param name="data">to learn from, not owned</param>
    /// <param name="preparation">of every input</param>
    /// <param name="memoryLimitBytes">most bytes that weights and workspace may take; null = no limit</param>
    /// <exception cref="EdgeLearnException">A setting is out of range, the data does not fit the network, or the run does not fit the
    /// limit.</exception>
    public TrainingSession(Network network, TrainingSettings settings, Dataset data, Preparation preparation, long? memoryLimitBytes = null)
    {
        settings.Check();
        settings = settings.WithRates(network.Spec);
        CheckFit(network, data);
        data = preparation.Targets.Scaled(data);
        Network = network;
        Settings = settings;
        Data = data;
        Preparation = preparation;
        _plan = TrainingPlan.Of(network, settings, data, preparation, memoryLimitBytes);
        _rate = settings.LearningRate!.Value;
        _schedule = new Schedule(settings.Schedule, TotalSteps, settings.WarmupSteps);
        var stored = settings with { Weights = network.Parameters.Storage };
        MemoryLimit.Enforce(Plan, memoryLimitBytes, settings.Batch,
            batch => TrainingPlan.MemoryOf(network.Spec, stored with { Batch = batch }, 0, data, preparation).TotalBytes);
        network.Parameters.Allocate();
        _workspace = new Workspace(Plan);
        _stream = new SampleStream(_plan.Features ?? data, KeepsFeatures ? Preparation.Identity : preparation, settings.Batch,
            settings.OrderSeed ?? Noise.Derive(settings.Seed, 2), ReplayBuffer, settings.Continual?.ReplayRows(settings.Batch) ?? 0,
            _plan.Past.ReplaySeed);
        if (_plan.ReadsAgain) _reader = new StreamedInputs(_stream, _plan.Inputs, network.InputLength);
    }

    /// <summary>Refuses data whose inputs, classes or targets the network does not have.</summary>
    /// <exception cref="EdgeLearnException">It does not fit; the message says what to do.</exception>
    public static void CheckFit(Network network, Dataset data)
    {
        if (data.InputLength != network.InputLength)
        {
            throw new EdgeLearnException($"{data.Name} has samples of {data.InputLength} values ({data.InputShape}), the network's input "
                + $"has {network.InputLength} ({network.Spec.Input})");
        }
        network.Loss.CheckFit(data, network.Spec);
    }

    /// <summary>What is trained.</summary>
    public Network Network { get; }

    /// <summary>How it is trained, with the rates that the run has.</summary>
    public TrainingSettings Settings { get; }

    /// <summary>What is learned from; not owned.</summary>
    public Dataset Data { get; }

    /// <summary>How inputs are prepared.</summary>
    public Preparation Preparation { get; }

    /// <summary>Where everything lives.</summary>
    public MemoryPlan Plan => _plan.Memory;

    /// <summary>The rule at work.</summary>
    public LearningRule Rule => _plan.Rule;

    /// <summary>The update at work.</summary>
    public UpdateRule Update => _plan.Update;

    /// <summary>Whether the outputs of a frozen body are computed once and read in every epoch.</summary>
    public bool KeepsFeatures => _plan.Features is not null;

    /// <summary>Steps of the whole run.</summary>
    public long TotalSteps => _plan.TotalSteps;

    /// <summary>Steps done.</summary>
    public long StepCount { get; private set; }

    /// <summary>Whether all steps are done.</summary>
    public bool IsDone => StepCount >= TotalSteps;

    /// <summary>Where the stream stands, for a checkpoint.</summary>
    internal StreamPosition Position => _stream.Position;

    /// <summary>Steps in one epoch.</summary>
    public int StepsPerEpoch => _stream.BatchesPerEpoch;

    /// <summary>Earlier samples that are mixed into batches; null without <see cref="ContinualSettings.ReplayBytes"/>.</summary>
    internal ReplayBuffer? ReplayBuffer => _plan.Past.Replay;

    /// <summary>The pull to earlier weights; null without <see cref="ContinualSettings.Consolidation"/>.</summary>
    internal WeightConsolidation? Consolidation => _plan.Past.Consolidation;

    /// <summary>The average of the weights; null without <see cref="ContinualSettings.Average"/>.</summary>
    internal WeightAverage? Average => _plan.Past.Average;

    /// <summary>Learns from the next batch.</summary>
    public StepReport Step()
    {
        var report = _plan.Step(ReadBatch(), Clock);
        StepCount++;
        return report;
    }

    Batch ReadBatch()
    {
        _plan.Features?.Fill(_plan.Evaluator);
        return _plan.StreamsInputs
            ? BatchOf(_stream.Begin(_plan.Answers.Span), _reader)
            : BatchOf(_stream.Read(_plan.Inputs.Span, _plan.Answers.Span));
    }

    // The first rows of the mini-batch's buffers, with inputs that are there or come as they are asked for.
    Batch BatchOf(int rows, StreamedInputs? source = null)
    {
        _lastRows = rows;
        var inputs = source is null ? _plan.Inputs.Span[..(rows * (_plan.Features?.InputLength ?? Network.InputLength))] : default;
        return new Batch(rows, inputs, _plan.Answers.Span[..(rows * _plan.AnswerLength)],
            Network.Loss.IsClassification ? _plan.AnswerLength : 0)
        { FirstLayer = _plan.Features?.LayerCount ?? 0, Source = source };
    }

    /// <summary>Where the last step went wrong, whose loss ran away. Call it before anything else is done with the session.</summary>
    public Divergence FindDivergence() => Divergence.Find(Network, BatchOf(_lastRows, _reader));

    // the rounds of a fleet drop other values
    StepClock Clock => new(StepCount, _rate * _schedule.FactorAt(StepCount), Noise.Derive(Settings.OrderSeed ?? Settings.Seed, 5));

    /// <summary>
    /// Repeats a logged zeroth-order step without the data: the stream moves on by its batch, the records become weights.
    /// </summary>
    /// <param name="records">of the step, in order</param>
    public void Replay(ReadOnlySpan<ZerothOrderRecord> records)
    {
        if (Rule is not ZerothOrder zerothOrder)
            throw new InvalidOperationException("only steps of zo can be replayed from their records");
        if (ReplayBuffer is null) _stream.Skip();
        else ReadBatch(); // what the buffer keeps comes from reading
        var clock = Clock;
        Update.BeginStep(clock);
        zerothOrder.Apply(records, Update);
        _plan.Past.AfterUpdate(clock);
        StepCount++;
    }

    /// <summary>Goes back to a place in the run; weights and update state are restored by the caller.</summary>
    internal void Resume(long stepCount, StreamPosition position)
    {
        StepCount = stepCount;
        _stream.Position = position;
    }

    /// <summary>Accuracy and mean loss on another set, in the bytes of a step; with the averaged weights where there are some.</summary>
    public Evaluation Evaluate(Dataset data)
    {
        CheckFit(Network, data);
        if (!_plan.Past.HasAverage) return _plan.Evaluator.Run(data, Preparation);
        Average!.Apply();
        try
        {
            return _plan.Evaluator.Run(data, Preparation);
        }
        finally
        {
            Average.Restore();
        }
    }

    /// <summary>Ends the run: the network takes the averaged weights, where there are some. No step may follow.</summary>
    public void TakeAverage()
    {
        if (!_plan.Past.HasAverage) return;
        Average!.Apply();
        Average.Count = 0;
    }

    /// <summary>
    /// Ends a task for elastic weight consolidation: estimates how important each weight is for it and takes the weights as the new
    /// anchors. Takes the memory of a step with one row; the labels are drawn from the network's own outputs, since gradients at the right
    /// labels vanish where a task was learned well.
    /// </summary>
    /// <exception cref="InvalidOperationException">The settings have no consolidation.</exception>
    public void Consolidate()
    {
        var consolidation = Consolidation ?? throw new InvalidOperationException("the settings have no consolidation");
        int count = Math.Min(Data.Count, Settings.Continual!.ConsolidationSamples);
        ulong seed = Noise.Derive(Settings.Seed, 18);
        var order = new EpochOrder(seed, 0, Data.Count);
        // Layer by layer, each unit learns from its share of the samples only.
        bool takesTurns = Settings.Rule is TargetProjectionSettings { LayerByLayer: true } or LocalHeadsSettings { LayerByLayer: true };
        var squares = consolidation.SquaresTimes((takesTurns ? Network.Units.Count : 1f) / count);
        consolidation.Fade();
        for (int i = 0; i < count; i++)
        {
            TakeAnswer(order[i], Noise.Derive(seed, 1, (ulong)i));
            var input = _plan.Inputs.Span[..Network.InputLength];
            Data.ReadPrepared(order[i], Preparation, input);
            long step = takesTurns ? i * TotalSteps / count : i;
            Rule.Step(BatchOf(1), new StepClock(step, 0, seed) { Evaluates = true }, squares);
        }

        consolidation.Anchor();
    }

    // Drawn from the outputs, which may lie where the answer goes; the sample's own labels where it has one for each step, whose outputs
    // are too many to be kept.
    void TakeAnswer(int index, ulong key)
    {
        var answer = _plan.Answers.Span[.._plan.AnswerLength];
        bool isClassification = Network.Loss.IsClassification;
        if (isClassification && (answer.Length > 1 || !_plan.Evaluator.HasOutputs))
        {
            Data.ReadAnswers(index, answer);
            return;
        }

        var outputs = _plan.Evaluator.OutputsOf(Data, Preparation, index);
        if (isClassification)
        {
            _plan.Answers.Integers[0] = OutputSampling.DrawLabel(outputs, key);
            return;
        }

        OutputSampling.DrawTargets(Network.Loss, outputs, key);
        outputs.CopyTo(answer);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plan.Dispose();
        _workspace.Dispose();
    }
}

/// <summary>The inputs of a stream's batch, a few rows at a time in one buffer.</summary>
sealed class StreamedInputs(SampleStream stream, PlannedBuffer buffer, int inputLength) : IInputRows
{
    public ReadOnlySpan<float> Read(int first, int count)
    {
        var inputs = buffer.Span[..(count * inputLength)];
        stream.ReadRows(first, count, inputs);
        return inputs;
    }
}
