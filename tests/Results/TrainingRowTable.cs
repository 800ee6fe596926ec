using System.Globalization;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;

namespace EdgeLearn.Results;

/// <summary>The table of one <see cref="TrainingRow"/>, its targets, and its points in the picture of accuracy against memory.</summary>
sealed class TrainingRowTable
{
    /// <summary>The job that holds the times of steps.</summary>
    public const string TimingJob = "step times";

    // Gaps of less than a point are not divided by.
    const double LeastGap = 0.01;

    static readonly CultureInfo s_text = CultureInfo.InvariantCulture;

    readonly TrainingRow _row;
    readonly ResultScope _scope;
    readonly ResultValues _values;
    readonly Dictionary<ResultRule, Spread> _accuracy;

    /// <param name="row">what was run</param>
    /// <param name="scope">how much of it</param>
    /// <param name="values">what came of it</param>
    public TrainingRowTable(TrainingRow row, ResultScope scope, ResultValues values)
    {
        _row = row;
        _scope = scope;
        _values = values;
        _accuracy = row.Rules.ToDictionary(rule => rule, rule => values.Over(row.JobsOf(rule, scope)));
    }

    /// <summary>Writes it.</summary>
    public void Write(ResultDocument document)
    {
        var data = _scope.Data(_row.Data, _row.Folds == 0 ? 0 : 1, _row.Folds);
        int seeds = _scope.Seeds(_row.LeastSeeds).Length;
        document.Write(
            string.Create(s_text,
            $"\n### {_row.Name}\n\n`{_row.SpecOf(ResultRule.Backprop, data)}` on {_row.Data}: {_scope.Training(data).Count:N0} samples to "
            + $"learn from, {data.Test.Count:N0} to test "
            + $"with{(_row.Folds > 0 ? $" in each of {_row.Folds} folds" : "")}; {_scope.Epochs(_row.Epochs)} epochs of batches "
            + $"of {_row.Batch}, {Count(seeds, "seed")}.\n\n"));
        document.Write("| rule | update | rate | accuracy % | gap recovered | step | workspace bytes | with weights "
            + "|\n|---|---|---|---|---|---|---|---|\n");
        foreach (var rule in _row.Rules) WriteRule(document, rule, data);
        foreach (var rule in _row.Rules)
        {
            string[] failures = [.. _row.JobsOf(rule, _scope).Where(job => _values.Failure(job) is not null)];
            if (failures.Length > 0)
            {
                document.Write(
                    $"\n{failures[0]}: {_values.Failure(failures[0])}"
                + $"{(failures.Length > 1 ? $" (and {failures.Length - 1} more)" : "")}\n");
            }
        }

        AddTargets(document);
    }

    void WriteRule(ResultDocument document, ResultRule rule, DataSplit data)
    {
        var accuracy = _accuracy[rule];
        string update = "", rate = "", step = "", workspace = "", total = "";
        if (rule.Kind is not null)
        {
            var settings = _row.SettingsOf(rule, _scope, 1);
            var plan = TrainingPlan.MemoryOf(_row.SpecOf(rule, data), settings);
            update = settings.Update.ToString() is { Length: > 0 } changes ? $"{settings.Update.Word}, {changes}" : settings.Update.Word;
            rate = settings.WithRates(_row.SpecOf(rule, data)).LearningRate!.Value.ToString("G3", s_text);
            workspace = plan.WorkspaceBytes.ToString("N0", s_text);
            total = plan.TotalBytes.ToString("N0", s_text);
            double ratio = _values.Value(TimingJob, rule.Word) / _values.Value(TimingJob, ResultRule.Backprop.Word);
            step = double.IsFinite(ratio) ? ratio.ToString("F2", s_text) : "";
            if (accuracy.Values.Count > 0) document.Points.Add(new MemoryPoint(_row.Name, rule.Word, plan.TotalBytes, accuracy.Mean));
        }

        string gap = rule.IsForwardOnly && Gap(rule) is { } recovered ? recovered.ToString("F2", s_text) : "";
        document.Write($"| {rule.Word} | {update} | {rate} | {Percent(accuracy)} | {gap} | {step} | {workspace} | {total} |\n");
    }

    void AddTargets(ResultDocument document)
    {
        var targets = _row.Targets;
        ResultRule[] forward = [.. _row.Rules.Where(rule => rule.IsForwardOnly && _accuracy[rule].Values.Count > 0)];
        if (forward.Length == 0 || Missing(ResultRule.Backprop) || Missing(ResultRule.Frozen))
        {
            document.Add(new ResultTarget(_row.Name, "every rule and control learns", "runs diverged, see below", false));
            return;
        }

        var best = forward.MaxBy(rule => _accuracy[rule].Mean)!;
        Spread reached = _accuracy[best], ceiling = _accuracy[ResultRule.Backprop], floor = _accuracy[ResultRule.Frozen];
        void Add(string target, string outcome, bool? isMet) => document.Add(new ResultTarget(_row.Name, target, outcome, isMet));
        bool hasTpsgd = !Missing(ResultRule.TargetProjection);
        if (targets.LeastAccuracy is { } least && hasTpsgd)
        {
            Add(string.Create(s_text, $"tpsgd at {least:0.#} % or more"), $"{Percent(_accuracy[ResultRule.TargetProjection])} %",
                100 * _accuracy[ResultRule.TargetProjection].Mean >= least);
        }
        if (targets.WithinPoints is { } points)
        {
            Add(string.Create(s_text, $"best forward-only rule within {points:0.#} points of backprop"),
                string.Create(s_text,
                $"{best.Word} {Percent(reached)}, backprop {Percent(ceiling)}: {100 * (ceiling.Mean - reached.Mean):F2} points"),
                100 * (ceiling.Mean - reached.Mean) <= points);
        }
        if (targets.ClearlyAboveFrozen)
        {
            Add("clearly above frozen", string.Create(s_text, $"{best.Word} {Percent(reached)}, frozen {Percent(floor)}"),
                reached.Mean - floor.Mean > 2 * (reached.Deviation + floor.Deviation));
        }
        if (targets.PointsAboveFrozen is { } above && hasTpsgd)
        {
            Add(string.Create(s_text, $"tpsgd {above:0.#} point or more above frozen"),
                string.Create(s_text, $"{100 * (_accuracy[ResultRule.TargetProjection].Mean - floor.Mean):F2} points"),
                100 * (_accuracy[ResultRule.TargetProjection].Mean - floor.Mean) >= above);
        }
        if (targets.Gap is { } gap)
        {
            Add(string.Create(s_text, $"gap recovered {gap:0.0#} or more by the best forward-only rule"),
                Gap(best) is { } recovered ? string.Create(s_text, $"{best.Word} {recovered:F2}") : "no gap",
                Gap(best) is { } part ? part >= gap : null);
        }
        if (targets.TargetProjectionGap is { } own && hasTpsgd)
        {
            Add(string.Create(s_text, $"gap recovered {own:0.0#} or more by tpsgd"),
                Gap(ResultRule.TargetProjection) is { } recovered ? recovered.ToString("F2", s_text) : "no gap",
                Gap(ResultRule.TargetProjection) is { } part ? part >= own : null);
        }
    }

    bool Missing(ResultRule rule) => !_accuracy.TryGetValue(rule, out var spread) || spread.Values.Count == 0;

    double? Gap(ResultRule rule)
    {
        if (Missing(rule) || Missing(ResultRule.Backprop) || Missing(ResultRule.Frozen)) return null;
        double gap = _accuracy[ResultRule.Backprop].Mean - _accuracy[ResultRule.Frozen].Mean;
        return gap >= LeastGap ? (_accuracy[rule].Mean - _accuracy[ResultRule.Frozen].Mean) / gap : null;
    }

    static string Percent(Spread spread) => spread.Values.Count == 0 ? "diverged" : spread.Percent;

    static string Count(int count, string what) => count == 1 ? $"one {what}" : $"{count} {what}s";
}
