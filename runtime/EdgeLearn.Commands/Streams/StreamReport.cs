using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>The result of <c>stream</c> for people.</summary>
static class StreamReport
{
    /// <summary>Prints it.</summary>
    public static void Write(StreamResult result, TextWriter text)
    {
        bool isClass = result.PrequentialAccuracy is not null;
        var run = new FactList();
        run.Add("run", $"{result.Rule}, {result.Update}, {result.Network}; "
            + (result.LabelDelay == 0 ? "labels at once" : $"labels {result.LabelDelay:N0} rows late")
            + (result.Lags == 0 ? "" : $", the last {result.Lags:N0} are inputs"));
        run.Add("examples", $"{result.Examples:N0} answered before they were learned"
            + (result.Unlabelled == 0 ? "" : $", {NameText.Counted(result.Unlabelled, "row")} without a label")
            + (result.Skipped == 0 ? "" : $", {NameText.Counted(result.Skipped, "row")} left out")
            + (result.MissingValues == 0 ? "" : $", {NameText.Counted(result.MissingValues, "missing value")} filled in"));
        run.Write(text);
        var table = new TextTable(isClass ? "prequential accuracy" : "mean absolute error", "");
        table.Add(result.Rule, isClass ? NumberText.Fraction(result.PrequentialAccuracy) : Short(result.MeanAbsoluteError!.Value));
        foreach (var (name, value) in Others(result))
        {
            if (value is { } figure) table.Add(name, isClass ? NumberText.Fraction(figure) : Short(figure));
        }

        table.Write(text);
        var facts = new FactList();
        facts.Add("rate", $"{Short(result.Rate.Chosen)} was best lately, of {string.Join(", ",
            result.Rate.Candidates.Select(rate => Short(rate)))}");
        if (isClass) facts.Add("kappa", $"{NumberText.Fraction(result.Kappa)} (0 = chance, 1 = all right)");
        facts.Add("drifts", $"{result.Drifts:N0}");
        facts.Add("time", $"{Short(result.UsPerExampleP50)} us a row (median), {Short(result.UsPerExampleP99)} us for 99 %");
        facts.Add("memory", $"{result.PlannedBytes:N0} planned bytes ({result.ParameterBytes:N0} of weights, "
            + $"{result.OptimizerStateBytes:N0} of update state), {result.AllocatedBytesPerExample:0.#} managed bytes a row; peak RSS "
            + NumberText.Bytes((ulong)result.PeakRssBytes));
        if (result.Model is { } path) facts.Add("saved", path);
        facts.Write(text);
    }

    static string Short(double value) => value.ToString(Math.Abs(value) >= 1000 ? "N0" : "G3", CultureInfo.InvariantCulture);

    static IEnumerable<(string Name, double? Value)> Others(StreamResult result) =>
    [
        ("backprop", result.Controls?.Backprop), ("frozen", result.Controls?.Frozen), ("stopped after a tenth", result.Controls?.Stopped),
        ("one layer", result.Baselines.Logistic ?? result.Baselines.Linear), ("last label", result.Baselines.LastClass),
        ("last value", result.Baselines.LastValue), ("most frequent", result.Baselines.Majority), ("mean", result.Baselines.Mean),
    ];
}
