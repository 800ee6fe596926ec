using EdgeLearn.Results;
using Xunit;

namespace EdgeLearn.Tests;

public class UpdateRowTests
{
    static readonly UpdateRow s_row = new(new TrainingRow("digits", "digits", "8x8-20@4x4-20-10", Epochs: 4) { UpdateEpochs = 2 });

    // Accuracies in the order of UpdateRow.Words; not a number = the run diverged.
    static ResultDocument Render(params double[] accuracies)
    {
        using var scope = new ResultScope(1, isQuick: false);
        var entries = new Dictionary<string, ResultEntry>();
        foreach (string rule in (string[])["local-heads", "tpsgd"])
        {
            foreach (var (i, update) in UpdateRow.Words.Index())
            {
                string job = $"{rule} {update} seed 1";
                bool failed = double.IsNaN(accuracies[i]);
                entries[job] = new ResultEntry(s_row.Name, job, "", 1,
                    failed ? new Dictionary<string, double>() : new() { ["accuracy"] = accuracies[i] }, failed ? "it ran away" : null);
            }
        }

        var document = new ResultDocument("results");
        document.Begin(s_row);
        s_row.Render(scope, new ResultValues(entries), document);
        return document;
    }

    static string[] Cells(ResultDocument document, string rule)
    {
        string head = $"| digits, 2 of 4 epochs | {rule} |";
        string line = document.ToString("").Split('\n').Single(line => line.StartsWith(head, StringComparison.Ordinal));
        return line.Split('|')[3..^1];
    }

    [Fact]
    public void Bold_is_the_least_state_within_half_a_point_of_the_best()
    {
        foreach (string rule in (string[])["local-heads", "tpsgd"])
        {
            Assert.Equal(3, Bold(rule, 0.94, 0.9449, 0.92, 0.95, 0.93, 0.93, 0.93, 0.94));
            Assert.Equal(1, Bold(rule, 0.946, 0.95, 0.947, 0.95, 0.93, 0.93, 0.93, 0.94));
            Assert.Equal(0, Bold(rule, 0.946, 0.9459, 0.9, 0.95, 0.93, 0.93, 0.93, 0.94));
            Assert.Equal(6, Bold(rule, double.NaN, 0.9, 0.9, 0.9, 0.9, 0.9, 0.946, 0.95));
            Assert.Equal(7, Bold(rule, double.NaN, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.95));
        }

        static int Bold(string rule, params double[] accuracies)
            => Cells(Render(accuracies), rule).Index().Single(cell => cell.Item.Contains("**", StringComparison.Ordinal)).Index;
    }

    [Fact]
    public void State_grows_from_none_to_two_floats_a_weight_and_heads_count()
    {
        var document = Render(0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9);
        long[] Bytes(string rule)
            => [.. document.StatePoints.Where(point => point.Row == $"digits, {rule}").Select(point => point.Bytes)];
        long[] own = Bytes("local-heads"), fixedHeads = Bytes("tpsgd");
        Assert.Equal(own.Order(), own);
        Assert.Equal((own[0], own[0]), (own[1], own[2]));
        // Local heads are kept and have state of their own; Adam remembers twice what Signum does.
        Assert.All(own.Zip(fixedHeads), pair => Assert.True(pair.First > pair.Second));
        Assert.Equal(own[5], own[6]);
        Assert.Equal(2 * (own[5] - own[0]), own[7] - own[0]);
    }

    [Fact]
    public void A_run_that_diverged_has_no_point_and_the_default_is_judged()
    {
        var document = Render(double.NaN, 0.946, 0.9, 0.9, 0.9, 0.9, 0.9, 0.95);
        Assert.StartsWith(" diverged (", Cells(document, "tpsgd")[0]);
        Assert.Equal(2 * (UpdateRow.Words.Count - 1), document.StatePoints.Count);
        Assert.Equal([true, true], document.Targets.Select(target => target.IsMet)); // signsgd, on a dense network
        Assert.Equal([false, false], Render(0.9, 0.944, 0.9, 0.9, 0.9, 0.9, 0.9, 0.95).Targets.Select(target => target.IsMet));
    }

    [Fact]
    public void Every_update_is_a_job_and_folds_have_one_seed_each()
    {
        using var scope = new ResultScope(3, isQuick: false);
        Assert.Equal(2 * UpdateRow.Words.Count * 3, s_row.Jobs(scope).Select(ResultRun.Key).Distinct().Count());
        var folds = new UpdateRow(new TrainingRow("digits", "digits", "8x8-20@4x4-20-10", Epochs: 4) { Folds = 2 });
        Assert.Equal(2 * UpdateRow.Words.Count * 2, folds.Jobs(scope).Count());
    }
}
