using System.Globalization;
using EdgeLearn.Commands;
using EdgeLearn.Device;

namespace EdgeLearn.Cli;

/// <summary>The demonstration's rounds with other shares, over seeds: the boards' own training and the hub's own sums, simulated in this process.</summary>
sealed record FederatedRow(string Data, double Alpha)
{
    /// <summary>The head of the table that the rows belong to.</summary>
    public static string Head => "| data | shares | tpSGD fleet | frozen fleet | backprop fleet | best device alone |\n|---|---|---|---|---|---|\n";

    /// <summary>Runs everything and returns the row.</summary>
    public string Run(IReadOnlyList<ulong> seeds, Action<string> say, CancellationToken stop)
    {
        using var data = DataCatalog.Open(Data);
        var preparation = Preparation.Standardise(data.Train, perFeature: false);
        string folder = Directory.CreateTempSubdirectory("edgelearn-results-").FullName;
        try
        {
            var runs = seeds.Select(seed => RunSeed(data, preparation, seed, folder, say, stop)).ToList();
            string shares = string.Create(CultureInfo.InvariantCulture, $"Dirichlet({Alpha}), 4 devices, 10 rounds");
            return $"| {Data} | {shares} | {Cell(runs, 0)} | {Cell(runs, 1)} | {Cell(runs, 2)} | {Cell(runs, 3)} |\n";
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static string Cell(List<double[]> runs, int column) => new Spread([.. runs.Select(run => run[column])]).Percent;

    double[] RunSeed(DataSplit data, Preparation preparation, ulong seed, string folder, Action<string> say, CancellationToken stop)
    {
        var plan = DemoPlan.For(data, seed) with { Alpha = Alpha };
        var simulation = new FederatedSimulation(plan, data.Train, preparation, folder);
        DataShare[] shares = [.. Enumerable.Range(0, plan.DeviceCount).Select(plan.Share)];
        var jobs = new List<(RuleKind Rule, DataShare[] Shares)> { (RuleKind.TargetProjection, shares), (RuleKind.Frozen, shares), (RuleKind.Backprop, shares) };
        foreach (var share in shares) jobs.Add((RuleKind.TargetProjection, [share]));
        var accuracy = new double[jobs.Count];
        Parallel.For(0, jobs.Count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = stop }, job =>
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{Data}-{Alpha}-{seed}-{job}");
            accuracy[job] = new ModelScorer(data.Test).Score(simulation.Run(name, jobs[job].Rule, jobs[job].Shares, stop)).Accuracy;
            say(string.Create(CultureInfo.InvariantCulture, $"federated {Data} Dirichlet({Alpha}) {jobs[job].Rule.Name()} on {jobs[job].Shares.Length} shares, seed {seed}: {accuracy[job]:F4}"));
        });
        return [accuracy[0], accuracy[1], accuracy[2], accuracy[3..].Max()];
    }
}
