using System.Globalization;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;

namespace EdgeLearn.Results;

/// <summary>
/// 1,000 images of MNIST, 100 a class, 800 to learn from and 200 to test with, 784-128-10: the least means over ten seeds that each rule
/// must reach.
/// </summary>
/// <remarks>Source: the 1,000 images of NNTrainer's MNIST example, in whose place the first 100 of each class of the training file are
/// taken; other 1,000 give figures within the noise of 200 tests.</remarks>
sealed record SmallMnistRow(string Name) : ResultRow(Name)
{
    const string Shorthand = "784-128-10";
    const int PerClass = 100, TestCount = 200, Steps = 1500, SeedCount = 10;

    static readonly (string Word, TrainingSettings Settings, double? Least)[] s_runs =
    [
        ("backprop", new() { Rule = new BackpropSettings() }, 87),
        ("signsgd", new() { Rule = new BackpropSettings(), Update = new SignSgdSettings() }, 86),
        ("tpsgd", new() { Rule = new TargetProjectionSettings() }, 83),
        ("elastic-zo", new() { Rule = new ElasticZerothOrderSettings() }, 84),
        ("frozen", new() { Rule = new FrozenSettings() }, null),
    ];

    /// <inheritdoc/>
    public override string Section => "Small tasks of other projects";

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope)
    {
        var data = scope.Data("mnist");
        foreach (var (word, settings, _) in s_runs)
        {
            foreach (ulong seed in scope.Seeds(SeedCount))
            {
                string text =
                    string.Create(CultureInfo.InvariantCulture,
                    $"{Shorthand} {Settings(settings, seed)} {PerClass} {TestCount} {scope.Signature(data)}");
                yield return new ResultJob(Name, JobName(word, seed), text, 3e5 * 32 * Steps,
                    stop => Run(data, Settings(settings, seed), stop));
            }
        }
    }

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        document.Write(
            string.Create(CultureInfo.InvariantCulture,
            $"\n### {Name}\n\n`{Shorthand}` on the first {PerClass} images of each class of MNIST, {TestCount} of them to test with, "
            + $"drawn by seed; {Steps:N0} steps of 32, {scope.Seeds(SeedCount).Length} seeds.\n\n| rule | rate | accuracy % | target "
            + $"|\n|---|---|---|---|\n"));
        var spec = NetworkSpec.Parse(Shorthand, null, Loss.SoftmaxCrossEntropy);
        foreach (var (word, settings, least) in s_runs)
        {
            var accuracy = values.Over(scope.Seeds(SeedCount).Select(seed => JobName(word, seed)));
            document.Write(
                string.Create(CultureInfo.InvariantCulture,
                    $"| {word} | {settings.WithRates(spec).LearningRate:G3} | {accuracy.Percent} | {least} |\n"));
            if (least is null) continue; // a control
            document.Add(
                new ResultTarget(Name, string.Create(CultureInfo.InvariantCulture, $"{word} at {least} % or more"), $"{accuracy.Percent} %",
                100 * accuracy.Mean >= least));
        }
    }

    static string JobName(string word, ulong seed) => string.Create(CultureInfo.InvariantCulture, $"{word} seed {seed}");

    static TrainingSettings Settings(TrainingSettings settings, ulong seed) => settings with { Steps = Steps, Batch = 32, Seed = seed };

    static Dictionary<string, double> Run(DataSplit data, TrainingSettings settings, CancellationToken stop)
    {
        int[] labels = data.Train.Labels();
        int[] chosen = [.. Enumerable.Range(0, data.ClassCount)
            .SelectMany(label => Enumerable.Range(0, labels.Length).Where(i => labels[i] == label).Take(PerClass))];
        var order = new EpochOrder(settings.Seed, 0, chosen.Length);
        int[] shuffled = [.. Enumerable.Range(0, chosen.Length).Select(i => chosen[order[i]])];
        var training = new DatasetView(data.Train, shuffled[TestCount..]);
        var preparation = Preparation.Standardise(training, perFeature: false);
        using var network = new Network(NetworkSpec.Parse(Shorthand, data.InputShape, Loss.SoftmaxCrossEntropy)).Initialise(settings.Seed);
        return new()
        {
            ["accuracy"] =
            TrainingRow.Train(network, settings, training, new DatasetView(data.Train, shuffled[..TestCount]), preparation, stop)
        };
    }
}
