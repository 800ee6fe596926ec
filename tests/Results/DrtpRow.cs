using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Results;

/// <summary>
/// tpSGD with its l2 and its linear local loss, and the controls, beside the program of direct random target projection, on the same
/// network for the same epochs.
/// </summary>
/// <param name="Name">of the row</param>
/// <param name="Epochs">of both</param>
/// <param name="Reference">accuracy of tests/Reference/drtp.py, in percent, at the best of its rates</param>
sealed record DrtpRow(string Name, int Epochs, double Reference) : ResultRow(Name)
{
    const string Shorthand = "28x28-500-10";
    const double WithinPoints = 0.5;

    static readonly (string Word, TrainingSettings Settings)[] s_runs =
    [
        ("tpsgd, l2", new() { Rule = new TargetProjectionSettings { LocalLoss = LocalLoss.L2 } }),
        ("tpsgd, linear", new() { Rule = new TargetProjectionSettings { LocalLoss = LocalLoss.Linear } }),
        ("backprop", new() { Rule = new BackpropSettings() }),
        ("frozen", new() { Rule = new FrozenSettings() }),
    ];

    /// <inheritdoc/>
    public override string Section => "Small tasks of other projects";

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope)
    {
        var data = scope.Data("mnist");
        var training = scope.Training(data);
        var spec = NetworkSpec.Parse(Shorthand, data.InputShape, Loss.SoftmaxCrossEntropy);
        foreach (var (word, given) in s_runs)
        {
            foreach (ulong seed in scope.Seeds())
            {
                var settings = given with { Epochs = scope.Epochs(Epochs), Seed = seed };
                string text = string.Create(CultureInfo.InvariantCulture, $"{spec} {settings} {training.Count} {scope.Signature(data)}");
                yield return new ResultJob(Name, JobName(word, seed), text, 8e5 * training.Count * settings.Epochs, stop =>
                {
                    using var network = new Network(spec).Initialise(seed);
                    return new Dictionary<string,
                        double>
                    { ["accuracy"] = TrainingRow.Train(network, settings, training, data.Test, data.Standardise(spec), stop) };
                });
            }
        }
    }

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        document.Write(
            string.Create(CultureInfo.InvariantCulture,
            $"\n### {Name}\n\n`{Shorthand}` on MNIST, {scope.Epochs(Epochs)} epochs. The program of direct random target projection, "
            + $"written anew in `tests/Reference/drtp.py`, reaches {Reference:F2} % in {Epochs} epochs at the best of five rates (0.0001 "
            + $"to 0.1).\n\n| rule and local loss | accuracy % |\n|---|---|\n"));
        foreach (var (word, settings) in s_runs)
        {
            var accuracy = values.Over(scope.Seeds().Select(seed => JobName(word, seed)));
            document.Write($"| {word} | {accuracy.Percent} |\n");
            if (!scope.IsQuick && settings.Rule is TargetProjectionSettings)
            {
                document.Add(
                    new ResultTarget(Name,
                    string.Create(CultureInfo.InvariantCulture, $"{word}: at most {WithinPoints} point below the program of DRTP"),
                    string.Create(CultureInfo.InvariantCulture, $"{accuracy.Percent}, DRTP {Reference:F2}"),
                    100 * accuracy.Mean >= Reference - WithinPoints));
            }
        }
    }

    static string JobName(string word, ulong seed) => string.Create(CultureInfo.InvariantCulture, $"{word} seed {seed}");
}
