using System.Globalization;
using EdgeLearn.Cli;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;
using EdgeLearn.Device;

namespace EdgeLearn.Results;

/// <summary>
/// The demonstration's rounds with other shares, over seeds: the boards' own training and the hub's own sums, simulated in this process.
/// </summary>
sealed record FederatedRow(string Name, string Data, double Alpha) : ResultRow(Name)
{
    static readonly RuleSettings[] s_rules = [new TargetProjectionSettings(), new FrozenSettings(), new BackpropSettings()];

    /// <inheritdoc/>
    public override string Section => "Federated rounds";

    /// <inheritdoc/>
    public override string Head
        => "| data | shares | tpSGD fleet | frozen fleet | backprop fleet | best device alone |\n|---|---|---|---|---|---|\n";

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope)
    {
        // With --quick only the smallest set.
        var data = scope.Data(Data);
        if (scope.IsQuick && data.Train.Count > 2 * ResultScope.QuickSamples) yield break;
        var preparation = new Lazy<Preparation>(() => Preparation.Standardise(data.Train, perFeature: false));
        foreach (ulong seed in scope.Seeds())
        {
            var plan = DemoPlan.For(data, seed) with { Alpha = Alpha };
            string settings = string.Create(CultureInfo.InvariantCulture, $"{plan} {scope.Signature(data)}");
            DataShare[] shares = [.. Enumerable.Range(0, plan.DeviceCount).Select(plan.Share)];
            foreach (var rule in s_rules) yield return Job(JobName(rule, seed), rule, shares);
            for (int device = 0; device < shares.Length; device++)
                yield return Job(JobName(device, seed), plan.Settings.Rule, [shares[device]]);

            // About 100,000 multiply-adds a sample and pass.
            ResultJob Job(string name, RuleSettings rule, DataShare[] parts)
                => new(Name, name, $"{rule.Word} {parts.Length} {settings}", 2e6 * data.Train.Count * parts.Length / plan.DeviceCount,
                    stop => Run(data, preparation.Value, plan, rule, parts, stop));
        }
    }

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        ulong[] seeds = scope.Seeds();
        var cells = s_rules.Select(rule => values.Over(seeds.Select(seed => JobName(rule, seed)))).ToList();
        if (cells.Any(cell => cell.Values.Count == 0)) return;
        int devices = DemoPlan.For(scope.Data(Data), 1).DeviceCount;
        cells.Add(new Spread([.. seeds.Select(seed => Enumerable.Range(0, devices).Max(device => values.Value(JobName(device, seed))))]));
        document.Write(
            string.Create(CultureInfo.InvariantCulture,
            $"| {Data} | Dirichlet({Alpha}), {devices} devices, 10 rounds | {string.Join(" | ", cells.Select(cell => cell.Percent))} |\n"));
    }

    static string JobName(RuleSettings rule, ulong seed) => string.Create(CultureInfo.InvariantCulture, $"{rule.Word} seed {seed}");

    static string JobName(int device, ulong seed) => string.Create(CultureInfo.InvariantCulture, $"device {device} alone seed {seed}");

    static Dictionary<string,
        double> Run(DataSplit data, Preparation preparation, DemoPlan plan, RuleSettings rule, DataShare[] shares, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("edgelearn-results-").FullName;
        try
        {
            var simulation = new FederatedSimulation(plan, data.Train, preparation, folder);
            return new() { ["accuracy"] = new ModelScorer(data.Test).Score(simulation.Run("fleet", rule, shares, stop)).Accuracy };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
