namespace EdgeLearn.Gesture;

/// <summary>
/// A small network that learns from each row once, and is asked before: the share of rows that it knew is what it would have been worth in
/// use (prequential accuracy). All its memory is planned before the first row.
/// </summary>
sealed class OnlineLearner : IDisposable
{
    readonly Network _network;
    readonly LearningRule _rule;
    readonly UpdateRule _update;
    readonly NetworkForwardPass _pass;
    readonly Workspace _workspace;
    readonly float[] _outputs;
    readonly float _rate;
    long _step;

    /// <summary>Plans and allocates.</summary>
    /// <param name="name">column of the report</param>
    /// <param name="spec">the network; every learner of a seed starts with the same weights</param>
    /// <param name="settings">rule, update, rate, seed</param>
    public OnlineLearner(string name, NetworkSpec spec, TrainingSettings settings)
    {
        settings.Check();
        settings = settings.WithRates(spec);
        Name = name;
        _network = new Network(spec).Initialise(settings.Seed);
        _rule = settings.BuildRule(_network, 1);
        _update = settings.BuildUpdate();
        _pass = new NetworkForwardPass(_network);
        _rate = settings.LearningRate!.Value;
        _outputs = new float[_network.OutputLength];
        Plan.Account("weights", MemoryCategory.Parameters, _network.ParameterBytes);
        _rule.Plan(Plan, batch: 1);
        _update.Plan(_network.Parameters, Plan);
        _pass.Plan(Plan, batch: 1, probed: false, PlanTime.Evaluation);
        _workspace = new Workspace(Plan);
    }

    public string Name { get; }

    /// <summary>Everything that learning takes.</summary>
    public MemoryPlan Plan { get; } = new();

    /// <summary>What the update remembers between rows.</summary>
    public long UpdateStateBytes => _update.StateBytes;

    /// <summary>Answers, then learns; returns whether the answer was right.</summary>
    /// <param name="features">[input length]</param>
    /// <param name="label">the right answer</param>
    /// <param name="learns">false: only answers</param>
    public bool AnswerThenLearn(ReadOnlySpan<float> features, int label, bool learns = true)
    {
        var batch = new Batch(1, features, new ReadOnlySpan<int>(in label));
        _pass.Outputs(batch, _outputs);
        bool isRight = _network.Loss.CountCorrect(batch, _outputs) == 1;
        if (!learns) return isRight;
        var clock = new StepClock(_step++, _rate);
        _update.BeginStep(clock);
        _rule.Step(batch, clock, _update);
        return isRight;
    }

    public void Dispose()
    {
        _workspace.Dispose();
        _network.Dispose();
    }
}
