using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary>
/// Zeroth-order fine-tuning: a network trained on the data as it is must go on with its inverse (black becomes white). How much of what one epoch of backprop regains do
/// two-sided steps regain, in the memory of inference?
/// </summary>
sealed record AdaptationRow(string Data, string Network, int PretrainingEpochs, int Steps)
{
    /// <summary>The head of the table that the rows belong to.</summary>
    public static string Head => "| data | network | before | zo, a quarter of the steps | zo, all steps | backprop, one epoch at the best of four rates | regained | planned bytes: zo / inference |\n|---|---|---|---|---|---|---|---|\n";

    /// <summary>Runs everything and returns the row.</summary>
    public string Run(IReadOnlyList<ulong> seeds, Action<string> say, CancellationToken stop)
    {
        using var data = DataCatalog.Open(Data);
        var spec = NetworkSpec.Parse(Network, data.InputShape, Loss.SoftmaxCrossEntropy);
        var preparation = Preparation.Standardise(data.Train, perFeature: false);
        // 255 - x, prepared like x: (255 - x - shift) * scale.
        var inverse = new Preparation([255 - preparation.Shift[0]], [-preparation.Scale[0]]);
        var runs = new double[seeds.Count][];
        Parallel.For(0, seeds.Count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = stop }, i =>
        {
            runs[i] = RunSeed(spec, data, preparation, inverse, seeds[i], stop);
            say(string.Create(CultureInfo.InvariantCulture, $"adaptation seed {seeds[i]}: before {runs[i][0]:F4}, zo {runs[i][1]:F4} then {runs[i][2]:F4}, backprop {runs[i][3]:F4}"));
        });
        Spread Column(int column) => new([.. runs.Select(run => run[column])]);
        double regained = (Column(2).Mean - Column(0).Mean) / (Column(3).Mean - Column(0).Mean);
        long training = TrainingSession.PlanMemory(spec, ZerothOrderSettings(1)).TotalBytes, inference = TrainingSession.PlanInference(spec, 64).TotalBytes;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {Data}, inverted | `{spec}` | {Column(0).Percent} | {Column(1).Percent} ({Steps / 4:N0}) | {Column(2).Percent} ({Steps:N0}) | {Column(3).Percent} | {regained:F2} | {training:N0} / {inference:N0} = {(double)training / inference:F3} |\n");
    }

    double[] RunSeed(NetworkSpec spec, DataSplit data, Preparation preparation, Preparation inverse, ulong seed, CancellationToken stop)
    {
        using var network = new Network(spec).Initialise(seed);
        TrainingRow.Train(network, new TrainingSettings { Epochs = PretrainingEpochs, Seed = seed }, data, preparation, stop);
        float[] pretrained = network.Parameters.Values.ToArray();
        using var session = new TrainingSession(network, ZerothOrderSettings(seed), data.Train, inverse);
        double before = session.Evaluate(data.Test).Accuracy, quarter = 0;
        while (!session.IsDone)
        {
            stop.ThrowIfCancellationRequested();
            session.Step();
            if (session.StepCount == Steps / 4) quarter = session.Evaluate(data.Test).Accuracy;
        }

        double after = session.Evaluate(data.Test).Accuracy;
        pretrained.CopyTo(network.Parameters.Values);
        // The best of 0.05, 0.1, 0.2 and 0.5 for this task: fine-tuning wants a lower rate than the default, and the yardstick must not be a weak one.
        var yardstick = new TrainingSettings { Rule = RuleKind.Backprop, Epochs = 1, LearningRate = 0.1f, Seed = seed };
        double backprop = TrainingRow.Train(network, yardstick, data, inverse, stop);
        return [before, quarter, after, backprop];
    }

    TrainingSettings ZerothOrderSettings(ulong seed) => new() { Rule = RuleKind.ZerothOrder, Steps = Steps, Batch = 64, Seed = seed };
}
