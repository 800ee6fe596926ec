using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary>One network on one data set, trained by tpSGD and by its two controls with the same number of epochs, over seeds.</summary>
sealed record TrainingRow(string Name, string Data, string Network, int Epochs, int Batch)
{
    static readonly RuleKind[] s_rules = [RuleKind.TargetProjection, RuleKind.Frozen, RuleKind.Backprop];

    /// <summary>The head of the table that the rows belong to.</summary>
    public static string Head => "| data (train / test) | network | epochs | tpSGD | frozen | backprop | gap recovered | planned bytes: inference / tpSGD / backprop |\n|---|---|---|---|---|---|---|---|\n";

    /// <summary>Trains everything and returns the row.</summary>
    public string Run(IReadOnlyList<ulong> seeds, Action<string> say, CancellationToken stop)
    {
        using var data = DataCatalog.Open(Data);
        var preparation = Preparation.Standardise(data.Train, perFeature: !data.InputShape.IsImage);
        var spec = NetworkSpec.Parse(Network, data.InputShape, Loss.SoftmaxCrossEntropy);
        var accuracy = new double[s_rules.Length, seeds.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = stop };
        Parallel.For(0, s_rules.Length * seeds.Count, options, job =>
        {
            int rule = job / seeds.Count, seed = job % seeds.Count;
            accuracy[rule, seed] = Train(spec, SettingsOf(s_rules[rule], seeds[seed]), data, preparation, stop);
            say(string.Create(CultureInfo.InvariantCulture, $"{Name} {s_rules[rule].Name()} seed {seeds[seed]}: {accuracy[rule, seed]:F4}"));
        });
        var cells = new Spread[s_rules.Length];
        for (int rule = 0; rule < cells.Length; rule++) cells[rule] = new Spread([.. Enumerable.Range(0, seeds.Count).Select(seed => accuracy[rule, seed])]);
        MemoryPlan PlanOf(RuleKind rule) => TrainingSession.PlanMemory(spec, SettingsOf(rule, seeds[0]));
        double gap = cells[2].Mean - cells[1].Mean;
        string recovered = gap >= 0.01 ? ((cells[0].Mean - cells[1].Mean) / gap).ToString("F2", CultureInfo.InvariantCulture) : "-";
        string bytes = $"{Bytes(TrainingSession.PlanInference(spec, Batch))} / {Bytes(PlanOf(RuleKind.TargetProjection))} / {Bytes(PlanOf(RuleKind.Backprop))}";
        return $"| {Data} ({Count(data.Train)} / {Count(data.Test)}) | `{spec}` | {Epochs} | {cells[0].Percent} | {cells[1].Percent} | {cells[2].Percent} | {recovered} | {bytes} |\n";
    }

    TrainingSettings SettingsOf(RuleKind rule, ulong seed) => new() { Rule = rule, Epochs = Epochs, Batch = Batch, Seed = seed };

    static string Bytes(MemoryPlan plan) => plan.TotalBytes.ToString("N0", CultureInfo.InvariantCulture);

    static string Count(Dataset data) => data.Count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Trains to the end and returns the accuracy on the test set.</summary>
    public static double Train(NetworkSpec spec, TrainingSettings settings, DataSplit data, Preparation preparation, CancellationToken stop)
    {
        using var network = new Network(spec).Initialise(settings.Seed);
        return Train(network, settings, data, preparation, stop);
    }

    /// <summary>Trains a network that has weights to the end and returns the accuracy on the test set.</summary>
    public static double Train(Network network, TrainingSettings settings, DataSplit data, Preparation preparation, CancellationToken stop)
    {
        using var session = new TrainingSession(network, settings, data.Train, preparation);
        while (!session.IsDone)
        {
            stop.ThrowIfCancellationRequested();
            if (session.Step().Diverged) throw new EdgeLearnException($"{settings.Rule.Name()} diverged at step {session.StepCount} with rate {settings.Rate}");
        }

        return session.Evaluate(data.Test).Accuracy;
    }
}
