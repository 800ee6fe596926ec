using System.Globalization;
using EdgeLearn.Datasets;

namespace EdgeLearn.Results;

/// <summary>
/// Training from random weights within a number of bytes, of everything: weights, state, heads, maps, batch and evaluation. A sample a
/// step, so that no gradient is summed up. Beside it the controls on the same network, which take what they take.
/// </summary>
/// <param name="Data">as <c>--data</c> takes it</param>
/// <param name="Network">in shorthand</param>
/// <param name="Epochs">passes over the training samples</param>
/// <param name="Rates">of the update at the start; like the network chosen on held-back training samples</param>
sealed record LimitRow(string Data, string Network, int Epochs, LimitRates Rates) : ResultRow("memory " + Data)
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
        $"One sample a step with `sgd`, from random weights. `local-heads` has its weights, heads, maps, batch and evaluation together in "
        + $"at most {LimitBytes:N0} bytes (`train --memory-limit {LimitBytes} --batch 1 --rule local-heads --update sgd --lr RATE`), the "
        + $"controls have no limit. *planned* is what `plan` says, *least* the smallest limit that would do.\n\n"
        + $"| data | network | epochs | rule | rate | planned bytes | least bytes | of them weights | accuracy % |\n"
        + $"|---|---|---|---|---|---|---|---|---|\n");

    // The rule within the limit, then the controls.
    IReadOnlyList<(RuleSettings Rule, float Rate, long? Limit)> Runs =>
    [
        (new LocalHeadsSettings(), Rates.LocalHeads, LimitBytes), (new BackpropSettings(), Rates.Backprop, null),
        (new FrozenSettings(), Rates.Frozen, null),
    ];

    IEnumerable<int> FoldNumbers => Folds == 0 ? [0] : Enumerable.Range(1, Folds);

    static string JobName(RuleSettings rule, int fold, ulong seed)
        => string.Create(CultureInfo.InvariantCulture, $"{rule.Word} fold {fold} seed {seed}");

    TrainingSettings Settings(ResultScope scope, RuleSettings rule, float rate, ulong seed) => new()
    {
        Rule = rule,
        Update = new SgdSettings(),
        Batch = 1,
        Epochs = scope.Epochs(Epochs),
        LearningRate = rate,
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
            foreach (var (rule, rate, limit) in Runs)
            {
                foreach (ulong seed in scope.Seeds())
                {
                    var settings = Settings(scope, rule, rate, seed);
                    yield return new ResultJob(Name, JobName(rule, fold, seed),
                        string.Create(CultureInfo.InvariantCulture, $"{spec} {settings} {limit} {fold}/{Folds} {scope.Signature(data)}"),
                        cost, stop => Run(scope, data, spec, settings, limit, stop));
                }
            }
        }
    }

    static Dictionary<string, double> Run(ResultScope scope, DataSplit data, NetworkSpec spec, TrainingSettings settings, long? limit,
        CancellationToken stop)
    {
        using var network = new Network(spec).Initialise(settings.Seed);
        double accuracy = TrainingRow.Train(network, settings, scope.Training(data), data.Test, data.Standardise(spec), stop, limit);
        return new() { ["accuracy"] = accuracy };
    }

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        var spec = NetworkSpec.Parse(Network, null, Loss.SoftmaxCrossEntropy);
        foreach (var (rule, rate, limit) in Runs)
        {
            var settings = Settings(scope, rule, rate, 1);
            var plan = TrainingPlan.MemoryOf(spec, settings, limit);
            long least = TrainingPlan.MemoryOf(spec, settings, 0).TotalBytes;
            var reached = values.Over(FoldNumbers.SelectMany(fold => scope.Seeds().Select(seed => JobName(rule, fold, seed))));
            document.Write(string.Create(CultureInfo.InvariantCulture,
                $"| {Data} | `{Network}` | {scope.Epochs(Epochs)} | {rule.Word} | {rate} | {plan.TotalBytes:N0} | {least:N0} "
                + $"| {plan.BytesOf(MemoryCategory.Parameters):N0} | {reached.Percent} |\n"));
            if (limit is null) continue;
            document.Add(new ResultTarget(Name, string.Create(CultureInfo.InvariantCulture, $"trained in {LimitBytes:N0} bytes or less"),
                string.Create(CultureInfo.InvariantCulture, $"{plan.TotalBytes:N0}"), plan.TotalBytes <= LimitBytes));
            if (Least is not { } wanted) continue;
            document.Add(new ResultTarget(Name, string.Create(CultureInfo.InvariantCulture, $"{wanted} % or more within them"),
                reached.Percent + " %", 100 * reached.Mean >= wanted));
        }
    }
}

/// <summary>Rates of plain SGD with one sample a step.</summary>
/// <param name="LocalHeads">of the rule within the limit</param>
/// <param name="Backprop">of the ceiling</param>
/// <param name="Frozen">of the floor</param>
readonly record struct LimitRates(float LocalHeads, float Backprop, float Frozen);
