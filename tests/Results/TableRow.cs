using System.Globalization;
using System.Text.Json;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;

namespace EdgeLearn.Results;

/// <summary>
/// Tables with the defaults of <c>train</c>, five folds, beside scikit-learn's linear model and multi-layer perceptron with theirs on the
/// same folds (tests/Reference/tables.py, its figures in tables.json).
/// </summary>
/// <param name="Name">of the row</param>
sealed record TableRow(string Name) : ResultRow(Name)
{
    const int Folds = 5;
    const double MeanPoints = 1, WithinR2 = 0.02;

    static readonly RuleSettings[] s_rules = [new TargetProjectionSettings(), new BackpropSettings(), new FrozenSettings()];

    static readonly (string File, DataOptions Options)[] s_tables =
    [
        .. new[] { "iris", "wine", "banknote_authentication", "sonar", "ionosphere", "breast-cancer-wisconsin", "pima-indians-diabetes" }
            .Select(name => ($"tabular-small/{name}.csv", new DataOptions { Header = HeaderChoice.No, Missing = MissingChoice.Mean })),
        ("tabular-california-housing/housing.csv.gz",
            new DataOptions { Missing = MissingChoice.Mean, LabelColumn = "median_house_value", Regression = true }),
    ];

    /// <inheritdoc/>
    public override string Section => "Tables beside scikit-learn";

    /// <inheritdoc/>
    public override string Head => "`train --data TABLE` with its defaults (`--missing mean` where cells are empty), five folds and three "
        + "seeds, beside logistic or linear regression and the multi-layer perceptron of scikit-learn with theirs, on standardised inputs "
        + "and the same folds. Accuracy in percent, R2 for housing; the deviation is that of the folds. *difference* is tpsgd less the "
        + "better of the two, with two standard errors over the folds.\n";

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope)
    {
        foreach (var (file, options) in s_tables)
        {
            string path = DataCatalog.Places(null).Select(place => Path.Combine(place, file)).FirstOrDefault(File.Exists)
                ?? throw new EdgeLearnException($"{file} is not on this machine; set EDGELEARN_DATA to the folder that has it");
            for (int fold = 1; fold <= Folds; fold++)
            {
                int part = fold;
                var data = new Lazy<DataSplit>(() => DataCatalog.Open(path, options with { Fold = (part, Folds) }));
                foreach (var rule in s_rules)
                {
                    foreach (ulong seed in scope.Seeds())
                    {
                        yield return new ResultJob(Name, JobName(file, rule, fold, seed), GzipFile.Digest(path), 1e9,
                            stop => Run(data.Value, rule, seed, stop));
                    }
                }
            }
        }
    }

    static Dictionary<string, double> Run(DataSplit data, RuleSettings rule, ulong seed, CancellationToken stop)
    {
        bool isClass = data.ClassCount > 0;
        var loss = isClass ? Loss.SoftmaxCrossEntropy : Loss.MeanSquareError;
        var spec = UsualNetwork.For(data.InputShape, isClass ? data.ClassCount : data.TargetLength, loss, data.IsSequence);
        var usual = new TrainingSettings();
        var settings = usual with
        {
            Rule = rule,
            Update = rule.UsualUpdate(spec.KindOf()),
            Epochs = TrainingSettings.EpochsFor(data.Train.Count, usual.Batch),
            Seed = seed,
        };
        using var network = new Network(spec).Initialise(seed);
        var preparation = PreparationChoice.Auto.Make(null, data, spec);
        using var session = new TrainingSession(network, settings, data.Train, preparation);
        while (!session.IsDone)
        {
            stop.ThrowIfCancellationRequested();
            if (session.Step().Diverged) throw new EdgeLearnException($"{rule.Word} diverged at step {session.StepCount}");
        }

        var evaluation = session.Evaluate(data.Test);
        return new() { ["score"] = isClass ? evaluation.Accuracy : evaluation.Targets!.R2 ?? double.NaN };
    }

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        document.Write("\n| table | rows | tpsgd | backprop | frozen | linear model | perceptron | difference |\n"
            + "|---|---|---|---|---|---|---|---|\n");
        string root = RepositoryRoot.Find() ?? throw new EdgeLearnException("the row of tables needs tests/Reference/tables.json");
        using var peers = JsonDocument.Parse(File.ReadAllText(Path.Combine(root, "tests", "Reference", "tables.json")));
        var differences = new List<double>();
        var beyond = new List<string>();
        foreach (var (file, options) in s_tables)
        {
            var peer = peers.RootElement.GetProperty("tables").GetProperty(file);
            var ours = s_rules.Select(rule => OverFolds(scope, values, file, rule)).ToArray();
            Spread linear = Folded(peer.GetProperty("linear")), perceptron = Folded(peer.GetProperty("mlp"));
            var better = linear.Mean >= perceptron.Mean ? linear : perceptron;
            var difference = new Spread([.. ours[0].Values.Zip(better.Values, (a, b) => a - b)]);
            double errors = 2 * difference.Deviation / Math.Sqrt(Folds);
            string Shown(Spread spread) => options.Regression
                ? string.Create(CultureInfo.InvariantCulture, $"{spread.Mean:F3} ± {spread.Deviation:F3}")
                : spread.Percent;
            string name = Path.GetFileName(file).Split('.')[0];
            string by = options.Regression
                ? string.Create(CultureInfo.InvariantCulture, $"{difference.Mean:+0.000;-0.000;0.000} ± {errors:F3}")
                : string.Create(CultureInfo.InvariantCulture, $"{100 * difference.Mean:+0.0;-0.0;0.0} ± {100 * errors:F1}");
            document.Write(string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {peer.GetProperty("rows").GetInt32():N0} | {Shown(ours[0])} | {Shown(ours[1])} | {Shown(ours[2])} | "
                + $"{Shown(linear)} | {Shown(perceptron)} | {by} |\n"));
            if (options.Regression)
            {
                document.Add(new ResultTarget(Name, $"{name}: R2 within {WithinR2} of the better", by, difference.Mean >= -WithinR2));
                continue;
            }

            differences.Add(difference.Mean);
            if (difference.Mean < -errors) beyond.Add(name);
        }

        if (scope.IsQuick) return;
        double mean = 100 * differences.Average();
        document.Add(new ResultTarget(Name, $"mean over the sets at most {MeanPoints} point below the better of the two",
            string.Create(CultureInfo.InvariantCulture, $"{mean:+0.0;-0.0;0.0} points"), mean >= -MeanPoints));
        document.Add(new ResultTarget(Name, "no set by more than two standard errors of its folds",
            beyond.Count == 0 ? "none" : string.Join(", ", beyond), beyond.Count == 0));
    }

    // Of each fold the mean over the seeds.
    static Spread OverFolds(ResultScope scope, ResultValues values, string file, RuleSettings rule)
        => new([.. Enumerable.Range(1, Folds).Select(fold
            => values.Over(scope.Seeds().Select(seed => JobName(file, rule, fold, seed)), "score").Mean)]);

    static Spread Folded(JsonElement scores) => new([.. scores.EnumerateArray().Select(score => score.GetDouble())]);

    static string JobName(string file, RuleSettings rule, int fold, ulong seed)
        => string.Create(CultureInfo.InvariantCulture, $"{file} {rule.Word} fold {fold} seed {seed}");
}
