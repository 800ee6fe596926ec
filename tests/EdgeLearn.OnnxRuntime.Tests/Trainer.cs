namespace EdgeLearn.Tests;

/// <summary>Zeroth order with plain SGD over a forward pass.</summary>
sealed class Trainer : IDisposable
{
    readonly UpdateRule _update = new SgdSettings().Build(seed: 0);
    readonly Workspace _workspace;
    readonly Schedule _schedule;
    readonly float _rate;
    long _step;

    public Trainer(IForwardPass pass, int batch, float rate = 0.02f, Schedule? schedule = null)
    {
        Pass = pass;
        _rate = rate;
        _schedule = schedule ?? new Schedule(ScheduleKind.Constant, 1);
        Rule = new ZerothOrder(pass, Loss.SoftmaxCrossEntropy, new ZerothOrderSettings(), seed: 3);
        Rule.Plan(Plan, batch);
        _update.Plan(pass.Parameters, Plan);
        _workspace = new Workspace(Plan);
    }

    public IForwardPass Pass { get; }

    public ZerothOrder Rule { get; }

    public MemoryPlan Plan { get; } = new();

    public double Step(ReadOnlySpan<float> inputs, ReadOnlySpan<int> labels)
    {
        var clock = new StepClock(_step, _rate * _schedule.FactorAt(_step));
        _step++;
        _update.BeginStep(clock);
        return Rule.Step(new Batch(labels.Length, inputs, labels), clock, _update).Loss;
    }

    public void Dispose()
    {
        (Pass as IDisposable)?.Dispose();
        _workspace.Dispose();
    }
}
