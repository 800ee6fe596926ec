using System.Globalization;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;

namespace EdgeLearn.Results;

/// <summary>
/// What an update remembers between steps, beside what that buys: every update at its usual rate under the forward-only rules, on network
/// and data of a row that compares rules.
/// </summary>
/// <param name="Of">whose network and data</param>
sealed record UpdateRow(TrainingRow Of) : ResultRow("updates " + Of.Name)
{
    // Half a point: what the default update may lie below the best, with the least state that lies no lower.
    const double Tolerance = 0.005;

    // From the least state to the most. FRUGAL with rho 0 is signSGD, bit for bit, and needs no column of its own.
    static readonly (string Word, UpdateSettings Settings)[] s_updates =
    [
        ("sgd", new SgdSettings()), ("signsgd", new SignSgdSettings()),
        ("signsgd, decay 0.3", new SignSgdSettings { WeightDecay = 0.3f }), ("frugal 1/16", new FrugalSettings { Rho = 1.0 / 16 }),
        ("frugal 1/4", new FrugalSettings { Rho = 1.0 / 4 }), ("signum", new SignumSettings()),
        ("signum, decay 0.3", new SignumSettings { WeightDecay = 0.3f }), ("adam", new AdamSettings()),
    ];

    static readonly CultureInfo s_text = CultureInfo.InvariantCulture;

    /// <summary>The updates in the order of their colours.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. s_updates.Select(update => update.Word)];

    readonly TrainingRow _runs = Of with
    {
        Name = "updates " + Of.Name,
        Epochs = Of.UpdateEpochs > 0 ? Of.UpdateEpochs : Of.Epochs,
        LeastSeeds = 0,
        Rules = [.. ResultRule.ForwardOnly.SelectMany(rule => s_updates.Select(update => With(rule, update.Word, update.Settings)))],
    };

    static ResultRule With(ResultRule rule, string word, UpdateSettings settings)
        => rule with { Word = $"{rule.Word} {word}", Update = settings };

    /// <inheritdoc/>
    public override string Section => "What updates remember";

    /// <inheritdoc/>
    public override string Head =>
        "Test accuracy in percent of the forward-only rules with each update at its usual rate, and in brackets the bytes that are "
        + "remembered between steps beside the model: the update's state of weights and heads, and the heads. Networks and data are those "
        + "of the rows above, with fewer epochs where it says so; five folds are one seed each. **Bold** is the least state within half "
        + "a point of the best mean of its line; *frugal* with rho 0 is signsgd, bit for bit.\n\n"
        + $"| row | rule | {string.Join(" | ", Words)} |\n|---|---|{string.Concat(Words.Select(_ => "---|"))}\n";

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope)
        => _runs.FoldNumbers.Select(fold => new TrainingRowRun(_runs, scope, fold))
            .SelectMany(run => _runs.Rules.SelectMany(rule => Seeds(scope).Select(seed => run.Job(rule, seed))));

    ulong[] Seeds(ResultScope scope) => _runs.Folds > 0 ? [1] : scope.Seeds();

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        var data = scope.Data(_runs.Data, _runs.Folds == 0 ? 0 : 1, _runs.Folds);
        int epochs = scope.Epochs(_runs.Epochs), whole = scope.Epochs(Of.Epochs);
        string row = Of.Name + (epochs == whole ? "" : string.Create(s_text, $", {epochs} of {whole} epochs"));
        foreach (var rule in ResultRule.ForwardOnly)
        {
            UpdateCell[] cells = [.. s_updates.Select(update => CellOf(With(rule, update.Word, update.Settings), update.Word))];
            var reached = cells.Where(cell => cell.Accuracy.Values.Count > 0);
            double best = reached.Select(cell => cell.Accuracy.Mean).DefaultIfEmpty(double.NaN).Max();
            var least = reached.Where(cell => cell.Accuracy.Mean >= best - Tolerance).OrderBy(cell => cell.StateBytes)
                .ThenByDescending(cell => cell.Accuracy.Mean).FirstOrDefault();
            document.Write($"| {row} | {rule.Word} | {string.Join(" | ", cells.Select(cell => cell.Text(cell == least)))} |\n");
            document.StatePoints.AddRange(reached.Select(cell
                => new MemoryPoint($"{Of.Name}, {rule.Word}", cell.Update, cell.StateBytes, cell.Accuracy.Mean)));
            string usual = s_updates.First(update => update.Settings == Of.UsualUpdate(rule.Kind!)).Word;
            var chosen = cells.First(cell => cell.Update == usual);
            document.Add(new ResultTarget(Name, $"{rule.Word}: the default update, {usual}, within half a point of the best",
                string.Create(s_text, $"{chosen.Percent}, best {100 * best:F2}"),
                chosen.Accuracy.Values.Count > 0 && chosen.Accuracy.Mean >= best - Tolerance));
        }

        UpdateCell CellOf(ResultRule rule, string update)
        {
            var plan = TrainingPlan.MemoryOf(_runs.SpecOf(rule, data), _runs.SettingsOf(rule, scope, 1));
            string[] jobs = [.. _runs.FoldNumbers.SelectMany(fold => Seeds(scope).Select(seed => TrainingRow.JobName(rule, fold, seed)))];
            return new UpdateCell(update, values.Over(jobs), plan.BytesOf(MemoryCategory.UpdateState));
        }
    }
}

/// <summary>One update under one rule on one network.</summary>
/// <param name="Update">its word</param>
/// <param name="Accuracy">over seeds or folds; none where every run diverged</param>
/// <param name="StateBytes">remembered between steps, local heads included</param>
sealed record UpdateCell(string Update, Spread Accuracy, long StateBytes)
{
    /// <summary>The accuracy as the document has it.</summary>
    public string Percent => Accuracy.Values.Count == 0 ? "diverged" : Accuracy.Percent;

    /// <summary>The cell of the table.</summary>
    /// <param name="isLeast">whether it has the least state of those near the best</param>
    public string Text(bool isLeast)
        => string.Create(CultureInfo.InvariantCulture, $"{(isLeast ? $"**{Percent}**" : Percent)} ({StateBytes:N0})");
}
