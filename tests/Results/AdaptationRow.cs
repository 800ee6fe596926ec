using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Results;

/// <summary>
/// Zeroth-order fine-tuning: a network trained on the data as it is must go on with its inverse (black becomes white). How much of what one
/// epoch of backprop regains do two-sided steps regain, in the memory of inference?
/// </summary>
sealed record AdaptationRow(string Name, string Data, string Network, int PretrainingEpochs, int Steps) : ResultRow(Name)
{
    /// <inheritdoc/>
    public override string Section => "Zeroth-order fine-tuning in the memory of inference";

    /// <inheritdoc/>
    public override string Head =>
        "Backprop regains this in one epoch; two-sided zeroth-order steps need many more: the rule is for networks that have learned "
        + "before, on hardware or models that allow no gradient, and no method for training from scratch.\n\n"
        + "| data | network | before | zo, a quarter of the steps | zo, all steps | backprop, one epoch at the best of four rates | "
        + "regained | planned bytes: zo / inference |\n|---|---|---|---|---|---|---|---|\n";

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope)
    {
        var data = scope.Data(Data);
        var training = scope.Training(data);
        var spec = NetworkSpec.Parse(Network, data.InputShape, Loss.SoftmaxCrossEntropy);
        int steps = StepsIn(scope), epochs = scope.Epochs(PretrainingEpochs);
        using var network = new Network(spec);
        double cost = 2.0 * network.Layers.Sum(layer => layer.MultiplyAdds) * (64.0 * steps + 2.0 * training.Count * epochs);
        foreach (ulong seed in scope.Seeds())
        {
            string settings =
                string.Create(CultureInfo.InvariantCulture,
                $"{spec} {epochs} {Settings(seed, steps)} {training.Count} {scope.Signature(data)}");
            yield return new ResultJob(Name, JobName(seed), settings, cost,
                stop => Run(spec, training, data.Test, epochs, steps, seed, stop));
        }
    }

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        Spread Column(string value) => values.Over(scope.Seeds().Select(JobName), value);
        Spread before = Column("before"), quarter = Column("quarter"), after = Column("after"), backprop = Column("backprop");
        if (after.Values.Count == 0) return;
        int steps = StepsIn(scope);
        var spec = NetworkSpec.Parse(Network, scope.Data(Data).InputShape, Loss.SoftmaxCrossEntropy);
        double regained = (after.Mean - before.Mean) / (backprop.Mean - before.Mean);
        long training = TrainingPlan.MemoryOf(spec, Settings(1, steps)).TotalBytes,
            inference = TrainingPlan.MemoryOfInference(spec, 64).TotalBytes;
        document.Write(string.Create(
            CultureInfo.InvariantCulture,
            $"| {Data}, inverted "
            + $"| `{spec}` | {before.Percent} | {quarter.Percent} ({steps / 4:N0}) | {after.Percent} ({steps:N0}) | {backprop.Percent} | "
                + $"{regained:F2} | {training:N0} / {inference:N0} = {(double)training / inference:F3} |\n"));
    }

    int StepsIn(ResultScope scope) => scope.IsQuick ? Steps / 20 : Steps;

    static string JobName(ulong seed) => string.Create(CultureInfo.InvariantCulture, $"adaptation seed {seed}");

    static Dictionary<string,
        double> Run(NetworkSpec spec, Dataset training, Dataset test, int epochs, int steps, ulong seed, CancellationToken stop)
    {
        var preparation = Preparation.Standardise(training, perFeature: false);
        // 255 - x, prepared like x: (255 - x - shift) * scale.
        var inverse = new Preparation([255 - preparation.Shift[0]], [-preparation.Scale[0]]);
        using var network = new Network(spec).Initialise(seed);
        TrainingRow.Train(network, new TrainingSettings { Epochs = epochs, Seed = seed }, training, test, preparation, stop);
        float[] pretrained = network.Parameters.Values.ToArray();
        using var session = new TrainingSession(network, Settings(seed, steps), training, inverse);
        double before = session.Evaluate(test).Accuracy, quarter = 0;
        while (!session.IsDone)
        {
            stop.ThrowIfCancellationRequested();
            session.Step();
            if (session.StepCount == steps / 4) quarter = session.Evaluate(test).Accuracy;
        }

        double after = session.Evaluate(test).Accuracy;
        pretrained.CopyTo(network.Parameters.Values);
        // The best of 0.05, 0.1, 0.2 and 0.5 for this task: fine-tuning wants a lower rate than the default, and the yardstick must not be
        // a weak one.
        var yardstick = new TrainingSettings { Rule = new BackpropSettings(), Epochs = 1, LearningRate = 0.1f, Seed = seed };
        double backprop = TrainingRow.Train(network, yardstick, training, test, inverse, stop);
        return new() { ["before"] = before, ["quarter"] = quarter, ["after"] = after, ["backprop"] = backprop, ["accuracy"] = after };
    }

    static TrainingSettings Settings(ulong seed, int steps)
        => new() { Rule = new ZerothOrderSettings(), Steps = steps, Batch = 64, Seed = seed };
}
