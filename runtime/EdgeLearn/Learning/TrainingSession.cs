namespace EdgeLearn;

/// <summary>
/// The body of the training loop; the loop belongs to the user. It owns nothing but the workspace and the stream's place: network, rule, update and data are given.
/// <code>
/// using var session = new TrainingSession(network, settings, data, preparation);   // plans, then allocates
/// while (!session.IsDone) { var report = session.Step(); if (report.Diverged) break; }
/// var result = session.Evaluate(testData);
/// </code>
/// A step allocates nothing.
/// </summary>
public sealed class TrainingSession : IDisposable
{
    readonly LearningRule _rule;
    readonly UpdateRule _update;
    readonly Evaluator _evaluator;
    readonly SampleStream _stream;
    readonly Schedule _schedule;
    readonly TrainingBuffers _buffers;
    readonly Workspace _workspace;
    readonly float _rate;

    /// <summary>Plans the run, refuses it when it does not fit, then allocates its workspace.</summary>
    /// <param name="network">with weights; changed by every step, not owned</param>
    /// <param name="settings">checked here</param>
    /// <param name="data">to learn from, not owned</param>
    /// <param name="preparation">of every input</param>
    /// <param name="memoryLimitBytes">most bytes that weights and workspace may take; null = no limit</param>
    /// <exception cref="EdgeLearnException">A setting is out of range, the data does not fit the network, or the run does not fit the limit.</exception>
    public TrainingSession(Network network, TrainingSettings settings, Dataset data, Preparation preparation, long? memoryLimitBytes = null)
    {
        settings.Check();
        settings.CheckStorage(network.Parameters.Storage);
        settings.CheckLabels(network.Spec);
        CheckFit(network, data);
        Network = network;
        Settings = settings;
        TotalSteps = settings.TotalSteps(data.Count);
        Data = data;
        Preparation = preparation;
        _rate = settings.Rate;
        _schedule = new Schedule(settings.Schedule, TotalSteps, settings.WarmupSteps);
        // A rule before this one may have set them: tpSGD slows the hidden layers.
        foreach (var slice in network.Parameters.Slices) slice.RateScale = 1;
        _rule = settings.BuildRule(network, TotalSteps);
        _update = settings.BuildUpdate();
        _evaluator = new Evaluator(new NetworkForwardPass(network), network.Loss);
        (Plan, _buffers) = TrainingBuffers.Plan(network, _rule, _update, _evaluator, settings.Batch);
        MemoryLimit.Enforce(Plan, memoryLimitBytes, settings.Batch, batch => PlanMemory(network.Spec, settings with { Batch = batch, Weights = network.Parameters.Storage }).TotalBytes);
        network.Parameters.Allocate();
        _workspace = new Workspace(Plan);
        _rule.Bind(_workspace);
        _update.Bind(_workspace);
        _evaluator.Bind(_workspace);
        _stream = new SampleStream(data, preparation, settings.Batch, settings.OrderSeed ?? Noise.Derive(settings.Seed, 2));
    }

    /// <summary>The memory of inference alone, computed without allocating any of it.</summary>
    public static MemoryPlan PlanInference(NetworkSpec spec, int batch, WeightStorage storage = WeightStorage.Float32)
    {
        using var network = new Network(spec, storage);
        var plan = new MemoryPlan();
        plan.Account("parameters", MemoryCategory.Parameters, network.ParameterBytes);
        new Evaluator(new NetworkForwardPass(network), network.Loss).Plan(plan, batch);
        return plan;
    }

    /// <summary>The memory of a run, computed without allocating any of it.</summary>
    public static MemoryPlan PlanMemory(NetworkSpec spec, TrainingSettings settings)
    {
        settings.CheckStorage(settings.Weights);
        settings.CheckLabels(spec);
        using var network = new Network(spec, settings.Weights);
        var evaluator = new Evaluator(new NetworkForwardPass(network), network.Loss);
        return TrainingBuffers.Plan(network, settings.BuildRule(network, 1), settings.BuildUpdate(), evaluator, settings.Batch).Plan;
    }

    /// <summary>Refuses data whose inputs, classes or targets the network does not have.</summary>
    /// <exception cref="EdgeLearnException">It does not fit; the message says what to do.</exception>
    public static void CheckFit(Network network, Dataset data)
    {
        if (data.InputLength != network.InputLength) throw new EdgeLearnException($"{data.Name} has samples of {data.InputLength} values ({data.InputShape}), the network's input has {network.InputLength} ({network.Spec.Input})");
        network.Loss.CheckFit(data, network.Spec);
    }

    /// <summary>What is trained.</summary>
    public Network Network { get; }

    /// <summary>How it is trained.</summary>
    public TrainingSettings Settings { get; }

    /// <summary>What is learned from; not owned.</summary>
    public Dataset Data { get; }

    /// <summary>How inputs are prepared.</summary>
    public Preparation Preparation { get; }

    /// <summary>Where everything lives.</summary>
    public MemoryPlan Plan { get; }

    /// <summary>The rule at work.</summary>
    public LearningRule Rule => _rule;

    /// <summary>The update at work.</summary>
    public UpdateRule Update => _update;

    /// <summary>Steps of the whole run.</summary>
    public long TotalSteps { get; }

    /// <summary>Steps done.</summary>
    public long StepCount { get; private set; }

    /// <summary>Whether all steps are done.</summary>
    public bool IsDone => StepCount >= TotalSteps;

    /// <summary>Where the stream stands, for a checkpoint.</summary>
    public StreamPosition Position => _stream.Position;

    /// <summary>Steps in one epoch.</summary>
    public int StepsPerEpoch => _stream.BatchesPerEpoch;

    /// <summary>Learns from the next batch.</summary>
    public StepReport Step()
    {
        var inputs = _workspace[_buffers.Inputs];
        if (Network.Loss.IsClassification)
        {
            var labels = _workspace.Integers(_buffers.Labels);
            int rows = _stream.Read(inputs, labels);
            return Learn(new Batch(rows, inputs[..(rows * Network.InputLength)], labels, Network.Spec.LabelLength));
        }
        else
        {
            var targets = _workspace[_buffers.Targets];
            int rows = _stream.Read(inputs, targets);
            return Learn(new Batch(rows, inputs[..(rows * Network.InputLength)], targets[..(rows * Network.OutputLength)]));
        }
    }

    StepReport Learn(in Batch batch)
    {
        var clock = Clock;
        _update.BeginStep(clock);
        var report = _rule.Step(batch, clock, _update);
        StepCount++;
        return report;
    }

    StepClock Clock => new(StepCount, _rate * _schedule.FactorAt(StepCount), Noise.Derive(Settings.OrderSeed ?? Settings.Seed, 5)); // the rounds of a fleet drop other values

    /// <summary>Repeats a logged zeroth-order step without the data: the stream moves on by its batch, the records become weights.</summary>
    /// <param name="records">of the step, in order</param>
    public void Replay(ReadOnlySpan<ZerothOrderRecord> records)
    {
        if (_rule is not ZerothOrder zerothOrder) throw new InvalidOperationException("only steps of zo can be replayed from their records");
        _stream.Skip();
        _update.BeginStep(Clock);
        zerothOrder.Apply(records, _update);
        StepCount++;
    }

    /// <summary>Goes back to a place in the run; weights and update state are restored by the caller.</summary>
    public void Resume(long stepCount, StreamPosition position)
    {
        StepCount = stepCount;
        _stream.Position = position;
    }

    /// <summary>Accuracy and mean loss on another set, in the bytes of a step.</summary>
    public Evaluation Evaluate(Dataset data)
    {
        CheckFit(Network, data);
        return _evaluator.Run(data, Preparation);
    }

    /// <inheritdoc/>
    public void Dispose() => _workspace.Dispose();
}
