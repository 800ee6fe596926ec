using System.Diagnostics;
using EdgeLearn.OnnxRuntime;

namespace EdgeLearn.OnnxAdapt;

/// <summary>What a run says.</summary>
sealed record AdaptResult(Evaluation Before, Evaluation After, int Weights, long PlannedBytes, long UpdateStateBytes, double StepMs,
    long AllocatedBytesPerStep);

/// <summary>One run: a model, some of its weights, a stream of rows, and held-out rows beside it.</summary>
sealed class Adaptation(AdaptOptions options, OrtNetwork network, Dataset train, Dataset test) : IDisposable
{
    readonly OrtForwardPass _step = new(network);
    readonly OrtForwardPass _evaluation = new(network);
    readonly Preparation _preparation = options.Invert ? new([255], [-options.Range / 255]) : new([0], [options.Range / 255]);
    readonly Loss _loss = Loss.SoftmaxCrossEntropy;

    public AdaptResult Run(Action<int, double> progress)
    {
        if (network.InputLength != train.InputLength)
            throw new EdgeLearnException($"the model takes {network.InputLength} values, a row of {train.Name} has {train.InputLength}");
        if (network.OutputLength < train.ClassCount)
            throw new EdgeLearnException($"the model has {network.OutputLength} outputs, {train.Name} has {train.ClassCount} classes");
        var update = new SgdSettings().Build(seed: (ulong)options.Seed);
        var rule = new ZerothOrder(_step, _loss, new() { Epsilon = options.Epsilon }, (ulong)options.Seed);
        var evaluator = new Evaluator(_evaluation, _loss);
        var plan = new MemoryPlan();
        plan.Account("weights", MemoryCategory.Parameters, network.Parameters.Bytes);
        rule.Plan(plan, options.Batch);
        update.Plan(network.Parameters, plan);
        evaluator.Plan(plan, options.Batch);
        var inputs = plan.Request("batch.inputs", MemoryCategory.Batch, (long)options.Batch * network.InputLength);
        var labels = plan.Request("batch.labels", MemoryCategory.Batch, options.Batch);
        using var workspace = new Workspace(plan);

        var before = evaluator.Run(test, _preparation);
        var schedule = new Schedule(ScheduleKind.Linear, options.Steps);
        var stream = new SampleStream(train, _preparation, options.Batch, (ulong)options.Seed);
        var watch = new Stopwatch();
        double[] times = new double[options.Steps];
        long allocated = 0;
        // The first batch of a length, and the first step at all, may allocate.
        bool[] seen = new bool[options.Batch + 1];
        for (int step = 0; step < options.Steps; step++)
        {
            int rows = stream.Read(inputs.Span, labels.Integers);
            long start = GC.GetAllocatedBytesForCurrentThread();
            watch.Restart();
            var clock = new StepClock(step, options.LearningRate * schedule.FactorAt(step));
            update.BeginStep(clock);
            var report = rule.Step(new Batch(rows, inputs.Span, labels.Integers), clock, update);
            times[step] = watch.Elapsed.TotalMilliseconds;
            if (seen[rows]) allocated = Math.Max(allocated, GC.GetAllocatedBytesForCurrentThread() - start);
            seen[rows] = true;
            if (report.Diverged) throw new EdgeLearnException($"the loss ran away at step {step}: try --lr {options.LearningRate / 10}");
            progress(step + 1, report.Loss);
        }

        Array.Sort(times);
        var after = evaluator.Run(test, _preparation);
        return new AdaptResult(before, after, network.Parameters.Length, plan.TotalBytes, update.StateBytes, times[times.Length / 2],
            allocated);
    }

    public void Dispose()
    {
        _step.Dispose();
        _evaluation.Dispose();
    }
}
