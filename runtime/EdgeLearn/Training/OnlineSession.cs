namespace EdgeLearn;

/// <summary>
/// A network that learns from rows as they come: it answers one, and learns it once its label is known, alone or with earlier rows from a
/// replay buffer. There is no set, no schedule and no end; rules, updates and the step are those of <see cref="TrainingSession"/>.
/// <code>
/// using var session = new OnlineSession(network, settings);        // plans, then allocates
/// var outputs = session.Answer(row);                               // before the label is known
/// session.Learn(row, [label]);                                     // once it is
/// </code>
/// Neither allocates. One thread at a time.
/// </summary>
public sealed class OnlineSession : IDisposable
{
    readonly TrainingPlan _plan;
    readonly Workspace _workspace;
    readonly float _rate;
    readonly ulong _seed;

    /// <summary>Plans, refuses what does not fit, then allocates.</summary>
    /// <param name="network">with weights; changed by every step, not owned</param>
    /// <param name="settings">rule, update, rate, seed, replay. <see cref="TrainingSettings.Batch"/> counts the rows of a step: the new one
    /// and as many replayed as are there; without <see cref="ContinualSettings.ReplayBytes"/> a step has one</param>
    /// <param name="memoryLimitBytes">most bytes that weights and workspace may take; null = no limit</param>
    /// <exception cref="EdgeLearnException">A setting is out of range or needs a run with an end, or it does not fit the limit.</exception>
    public OnlineSession(Network network, TrainingSettings settings, long? memoryLimitBytes = null)
    {
        Network = network;
        Settings = settings = Checked(network, settings);
        var form = new RowForm(network.Spec);
        _plan = TrainingPlan.Of(network, settings, form, Preparation.Identity, memoryLimitBytes);
        _rate = settings.LearningRate!.Value;
        _seed = Noise.Derive(settings.Seed, 5);
        MemoryLimit.Enforce(Plan, memoryLimitBytes, settings.Batch, batch => TrainingPlan.MemoryOf(network.Spec,
            settings with { Batch = batch, Weights = network.Parameters.Storage }, 0, form).TotalBytes);
        network.Parameters.Allocate();
        _workspace = new Workspace(Plan);
    }

    /// <summary>What learns.</summary>
    public Network Network { get; }

    /// <summary>How, with the rate that it has.</summary>
    public TrainingSettings Settings { get; }

    /// <summary>Where everything lives.</summary>
    public MemoryPlan Plan => _plan.Memory;

    /// <summary>Bytes that the update remembers between rows.</summary>
    internal long UpdateStateBytes => _plan.Update.StateBytes;

    /// <summary>Rows learned.</summary>
    public long StepCount { get; private set; }

    /// <summary>Numbers that answer a row: its labels, or its real targets.</summary>
    internal int AnswerLength => _plan.AnswerLength;

    /// <summary>The outputs for a row, to be read before the next call.</summary>
    /// <param name="row">[input length], prepared</param>
    /// <returns>[output length] of the last layer</returns>
    public ReadOnlySpan<float> Answer(ReadOnlySpan<float> row) => _plan.Evaluator.OutputsOf(row);

    /// <summary>Learns a row whose class is known.</summary>
    /// <param name="row">[input length], prepared</param>
    /// <param name="label">its class</param>
    /// <exception cref="InvalidOperationException">The network predicts real numbers.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public StepReport Learn(ReadOnlySpan<float> row, int label)
    {
        if (!Network.Loss.IsClassification) throw new InvalidOperationException($"{Network.Loss.Name} takes real targets");
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)label, (uint)Network.Loss.ClassesOf(Network.Spec.ClassCount));
        return LearnBits(row, [BitConverter.Int32BitsToSingle(label)]);
    }

    /// <summary>Learns a row whose targets are known.</summary>
    /// <param name="row">[input length], prepared</param>
    /// <param name="targets">[output length], as the network is to predict them</param>
    /// <exception cref="InvalidOperationException">The network predicts classes.</exception>
    public StepReport Learn(ReadOnlySpan<float> row, ReadOnlySpan<float> targets)
    {
        if (Network.Loss.IsClassification) throw new InvalidOperationException($"{Network.Loss.Name} takes labels");
        return LearnBits(row, targets);
    }

    /// <summary>The same for either: labels are floats of the same bits.</summary>
    internal StepReport LearnBits(ReadOnlySpan<float> row, ReadOnlySpan<float> answer)
    {
        var inputs = _plan.Inputs.Span;
        var answers = _plan.Answers.Span;
        row.CopyTo(inputs);
        answer.CopyTo(answers);
        int rows = 1;
        if (_plan.Past.Replay is { } replay)
        {
            ulong key = Noise.Derive(_plan.Past.ReplaySeed, 2, (ulong)StepCount);
            rows += replay.Draw(Settings.Batch - 1, key, inputs[row.Length..], answers[answer.Length..]);
            replay.Offer(row, answer);
        }

        var batch = new Batch(rows, inputs[..(rows * row.Length)], answers[..(rows * answer.Length)],
            Network.Loss.IsClassification ? answer.Length : 0);
        var report = _plan.Step(batch, new StepClock(StepCount, _rate, _seed));
        StepCount++;
        return report;
    }

    static TrainingSettings Checked(Network network, TrainingSettings settings)
    {
        if (settings.Rule is TargetProjectionSettings { LayerByLayer: true } or LocalHeadsSettings { LayerByLayer: true })
            throw new EdgeLearnException("--layer-by-layer divides a run among its layers, and a stream has no end");
        if (settings.Continual is { Consolidation: > 0 } or { Average: not AverageKind.None })
            throw new EdgeLearnException("--ewc and --average belong to runs with an end, and a stream has none");
        bool replays = settings.Continual is { ReplayBytes: > 0 };
        settings = settings with
        {
            Batch = replays ? Math.Max(2, settings.Batch) : 1,
            Steps = 1,
            Schedule = ScheduleKind.Constant,
            WarmupSteps = 0,
            Features = FeatureStorage.Off,
        };
        settings.Check();
        return settings.LearningRate is not null
            ? settings
            : settings.WithRates(UsualRate.ForRows(settings.Rule, settings.Update, network.Spec));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plan.Dispose();
        _workspace.Dispose();
    }
}
