using EdgeLearn.Results;
using Xunit;

namespace EdgeLearn.Tests;

public class TrainingRowTests
{
    static readonly TrainingRow s_row = new("digits", "digits", "8x8-20@4x4-20-10", Epochs: 2)
    {
        Rules = [ResultRule.TargetProjection, ResultRule.Backprop, ResultRule.Frozen, ResultRule.LastLayer, ResultRule.Majority],
        Targets = new() { LeastAccuracy = 90, WithinPoints = 2, PointsAboveFrozen = 1, ClearlyAboveFrozen = true },
    };

    static ResultDocument Render(ResultScope scope, double tpsgd, double backprop, double frozen, string? failure = null)
    {
        var entries = new Dictionary<string, ResultEntry>();
        void Add(string job, params (string, double)[] values)
            => entries[job] = new ResultEntry("digits", job, "", 1, values.ToDictionary(value => value.Item1, value => value.Item2), null);
        foreach (var (rule, mean) in ((ResultRule, double)[])[(ResultRule.TargetProjection, tpsgd), (ResultRule.Backprop, backprop),
            (ResultRule.Frozen, frozen), (ResultRule.LastLayer, 0.8), (ResultRule.Majority, 0.1)])
        {
            // One standard deviation of 0.01 around the mean.
            double offset = -0.01;
            foreach (string job in s_row.JobsOf(rule, scope))
                Add(job, ("accuracy", mean + (rule.Kind is null ? 0 : (offset += 0.01) - 0.01)));
        }

        Add(TrainingRowTable.TimingJob, ("tpsgd", 3), ("backprop", 4), ("frozen", 1));
        if (failure is not null)
            entries["tpsgd seed 2"] = new ResultEntry("digits", "tpsgd seed 2", "", 1, new Dictionary<string, double>(), failure);
        var document = new ResultDocument("results");
        document.Begin(s_row);
        s_row.Render(scope, new ResultValues(entries), document);
        return document;
    }

    [Fact]
    public void The_gap_is_the_part_of_the_way_from_frozen_to_backprop()
    {
        using var scope = new ResultScope(3, isQuick: false);
        var document = Render(scope, 0.93, 0.95, 0.9);
        string text = document.ToString("# Results\n");
        Assert.Matches(@"\| tpsgd \| [a-z]+ \| [0-9.]+ \| 93\.00 ± 1\.00 \| 0\.60 \| 0\.75 \|", text);
        Assert.Contains("| majority class |  |  | 10.00 |", text);
        Assert.Equal(
            [("tpsgd at 90 % or more", true), ("best forward-only rule within 2 points of backprop", true), ("clearly above frozen", false),
            ("tpsgd 1 point or more above frozen", true), ("gap recovered 0.8 or more by the best forward-only rule", false),
                ("gap recovered 0.5 or more by tpsgd", true)],
            document.Targets.Select(target => (target.Target, target.IsMet!.Value)));
        Assert.Equal(["tpsgd", "backprop", "frozen", "last layer only"], document.Points.Select(point => point.Rule));
        var spec = NetworkSpec.Parse(s_row.Network, null, Loss.SoftmaxCrossEntropy);
        Assert.Equal(
            TrainingPlan.MemoryOf(spec, new TrainingSettings { Rule = new BackpropSettings(), Update = new AdamSettings() }).TotalBytes,
            document.Points[1].Bytes);
    }

    [Fact]
    public void A_gap_below_one_point_is_not_divided_by()
    {
        using var scope = new ResultScope(3, isQuick: false);
        var document = Render(scope, 0.93, 0.909, 0.9);
        Assert.Equal(2, document.Targets.Count(target => target.Reached == "no gap" && target.IsMet is null));
    }

    [Fact]
    public void A_run_that_diverged_is_named_and_the_others_still_count()
    {
        using var scope = new ResultScope(3, isQuick: false);
        string text = Render(scope, 0.93, 0.95, 0.9, "tpsgd diverged at step 7").ToString("");
        Assert.Contains("tpsgd seed 2: tpsgd diverged at step 7", text);
        Assert.Matches(@"\| tpsgd \| [a-z]+ \| [0-9.]+ \| 93\.00 ± 1\.41 \|", text);
    }

    [Fact]
    public void Jobs_run_the_row_and_know_their_settings()
    {
        using var scope = new ResultScope(1, isQuick: true);
        ResultJob[] jobs = [.. s_row.Jobs(scope)];
        Assert.Equal(["tpsgd seed 1", "backprop seed 1", "frozen seed 1", "last layer only seed 1", "majority class seed 1", "step times"],
            jobs.Select(job => job.Name));
        Assert.Equal(jobs.Length, jobs.Select(ResultRun.Key).Distinct().Count());
        Assert.All(jobs.Where(job => job.Name.StartsWith("tpsgd", StringComparison.Ordinal)),
            job => Assert.InRange(job.Run(TestContext.Current.CancellationToken)["accuracy"], 0.3, 1));
        // The most frequent class of the 3,000 samples that a quick run takes, among 1,797 tests.
        Assert.InRange(jobs[4].Run(TestContext.Current.CancellationToken)["accuracy"], 0.09, 0.11);
        Assert.Equal(3, jobs[5].Run(TestContext.Current.CancellationToken).Count(value => value.Value > 0));
        using var whole = new ResultScope(1, isQuick: false);
        Assert.Empty(s_row.Jobs(whole).Select(ResultRun.Key).Intersect(jobs.Select(ResultRun.Key)));
    }

    [Fact]
    public void Folds_are_jobs_of_their_own()
    {
        using var scope = new ResultScope(2, isQuick: false);
        var row = s_row with { Folds = 3 };
        Assert.Equal(
            ["tpsgd fold 1 seed 1", "tpsgd fold 1 seed 2", "tpsgd fold 2 seed 1", "tpsgd fold 2 seed 2", "tpsgd fold 3 seed 1",
            "tpsgd fold 3 seed 2"], row.JobsOf(ResultRule.TargetProjection, scope));
    }
}
