namespace EdgeLearn.Tests;

/// <summary>A rule and an update on their planned workspace, as a training session binds them, with batches given by the test.</summary>
sealed class RuleRun : IDisposable
{
    readonly Workspace _workspace;

    public RuleRun(ParameterSet parameters, LearningRule rule, UpdateRule update, int batch)
    {
        Rule = rule;
        Update = update;
        rule.Plan(Plan, batch);
        update.Plan(parameters, Plan);
        _workspace = new Workspace(Plan);
    }

    public LearningRule Rule { get; }

    public UpdateRule Update { get; }

    public MemoryPlan Plan { get; } = new();

    public long StepCount { get; set; }

    public StepReport Step(in Batch batch, float rate = 0.1f)
    {
        var clock = new StepClock(StepCount++, rate);
        Update.BeginStep(clock);
        return Rule.Step(batch, clock, Update);
    }

    /// <summary>What a rule writes for a checkpoint.</summary>
    public static byte[] StateOf(LearningRule rule)
    {
        using var state = new MemoryStream();
        rule.SaveState(state);
        return state.ToArray();
    }

    public void Dispose() => _workspace.Dispose();
}
