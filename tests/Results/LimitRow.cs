using System.Globalization;
using EdgeLearn.Datasets;

namespace EdgeLearn.Results;

/// <summary>
/// Training from random weights within a number of bytes, of everything: weights, state, heads, maps, batch and evaluation. A sample a
/// step, so that no gradient is summed up. Network and rate are chosen on held-back training samples.
/// </summary>
/// <param name="Data">as <c>--data</c> takes it</param>
/// <param name="Network">in shorthand</param>
/// <param name="Epochs">passes over the training samples</param>
/// <param name="Rate">of the update at the start</param>
sealed record LimitRow(string Data, string Network, int Epochs, float Rate) : ResultRow("memory " + Data)
{
    /// <summary>Bytes of the limit.</summary>
    public const long LimitBytes = 256 << 10;

    /// <summary>Parts of a cross-validation; 0 where there is a test part.</summary>
    public int Folds { get; init; }

    /// <summary>What it sets out to reach, in percent; null = as much as it can.</summary>
    public double? Least { get; init; }

    /// <inheritdoc/>
    public override string Section => "Training within 256 KiB";

    /// <inheritdoc/>
    public override string Head => string.Create(CultureInfo.InvariantCulture,
        $"`local-heads` with `sgd`, one sample a step, from random weights; weights, heads, maps, batch and evaluation together in at most "
        + $"{LimitBytes:N0} bytes (`train --memory-limit {LimitBytes} --batch 1 --rule local-heads --update sgd --lr RATE`). *planned* is "
        + $"what `plan` says.\n\n| data | network | epochs | rate | planned bytes | of them weights | accuracy % |\n"
        + $"|---|---|---|---|---|---|---|\n");

    IEnumerable<int> FoldNumbers => Folds == 0 ? [0] : Enumerable.Range(1, Folds);

    static string JobName(int fold, ulong seed) => string.Create(CultureInfo.InvariantCulture, $"fold {fold} seed {seed}");

    TrainingSettings Settings(ResultScope scope, ulong seed) => new()
    {
        Rule = new LocalHeadsSettings(),
        Update = new SgdSettings(),
        Batch = 1,
        Epochs = scope.Epochs(Epochs),
        LearningRate = Rate,
        Seed = seed,
    };

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope)
    {
        foreach (int fold in FoldNumbers)
        {
            var data = scope.Data(Data, fold, Folds);
            var spec = NetworkSpec.Parse(Network, data.InputShape, Loss.SoftmaxCrossEntropy);
            using var network = new Network(spec);
            double cost = 3.0 * network.Layers.Sum(layer => layer.MultiplyAdds) * scope.Training(data).Count * scope.Epochs(Epochs);
            foreach (ulong seed in scope.Seeds())
            {
                var settings = Settings(scope, seed);
                yield return new ResultJob(Name, JobName(fold, seed),
                    string.Create(CultureInfo.InvariantCulture, $"{spec} {settings} {LimitBytes} {fold}/{Folds} {scope.Signature(data)}"),
                    cost, stop => Run(scope, data, spec, settings, stop));
            }
        }
    }

    static Dictionary<string, double> Run(ResultScope scope, DataSplit data, NetworkSpec spec, TrainingSettings settings,
        CancellationToken stop)
    {
        using var network = new Network(spec).Initialise(settings.Seed);
        double accuracy = TrainingRow.Train(network, settings, scope.Training(data), data.Test, data.Standardise(spec), stop, LimitBytes);
        return new() { ["accuracy"] = accuracy };
    }

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        var spec = NetworkSpec.Parse(Network, null, Loss.SoftmaxCrossEntropy);
        var plan = TrainingPlan.MemoryOf(spec, Settings(scope, 1), LimitBytes);
        var reached = values.Over(FoldNumbers.SelectMany(fold => scope.Seeds().Select(seed => JobName(fold, seed))));
        document.Write(string.Create(CultureInfo.InvariantCulture,
            $"| {Data} | `{Network}` | {scope.Epochs(Epochs)} | {Rate} | {plan.TotalBytes:N0} "
            + $"| {plan.BytesOf(MemoryCategory.Parameters):N0} | {reached.Percent} |\n"));
        document.Add(new ResultTarget(Name, string.Create(CultureInfo.InvariantCulture, $"trained in {LimitBytes:N0} bytes or less"),
            string.Create(CultureInfo.InvariantCulture, $"{plan.TotalBytes:N0}"), plan.TotalBytes <= LimitBytes));
        if (Least is not { } least) return;
        document.Add(new ResultTarget(Name, string.Create(CultureInfo.InvariantCulture, $"{least} % or more within them"),
            reached.Percent + " %", 100 * reached.Mean >= least));
    }
}
