using System.Text.Json.Serialization;

namespace EdgeLearn.Commands;

/// <summary>What <c>train --cross-validate</c> prints: a run a fold, and the mean and spread of their figures.</summary>
/// <param name="Folds">each run's own result</param>
/// <param name="Accuracy">share of test samples that are classified right; absent for a regression</param>
/// <param name="BalancedAccuracy">mean recall of the classes; absent for a regression</param>
/// <param name="R2">share of the targets' variance that is explained; absent where there are classes</param>
/// <param name="MeanAbsoluteError">in the target's unit; absent where there are classes</param>
/// <param name="Loss">on the test samples</param>
/// <param name="Backprop">accuracy of the control, or its loss for a regression; absent unless asked for</param>
/// <param name="Frozen">the same of the other control</param>
public sealed record CrossValidationResult(IReadOnlyList<TrainResult> Folds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MeanFigure? Accuracy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MeanFigure? BalancedAccuracy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MeanFigure? R2,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MeanFigure? MeanAbsoluteError, MeanFigure? Loss,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MeanFigure? Backprop,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MeanFigure? Frozen)
{
    /// <summary>Of the runs.</summary>
    internal static CrossValidationResult Of(IReadOnlyList<TrainResult> folds)
    {
        bool isClass = folds[0].TestAccuracy is not null;
        MeanFigure? Mean(Func<TrainResult, double?> of) => MeanFigure.Of([.. folds.Select(of)]);
        return new CrossValidationResult(folds, Mean(fold => fold.TestAccuracy), Mean(fold => fold.Figures?.BalancedAccuracy),
            Mean(fold => fold.Figures?.R2), Mean(fold => fold.Figures?.MeanAbsoluteError), Mean(fold => fold.TestLoss),
            Mean(fold => isClass ? fold.Controls?.Backprop.TestAccuracy : fold.Controls?.Backprop.TestLoss),
            Mean(fold => isClass ? fold.Controls?.Frozen.TestAccuracy : fold.Controls?.Frozen.TestLoss));
    }

    internal void Write(TextWriter output)
    {
        var first = Folds[0];
        var facts = new FactList();
        facts.Add("network", first.Network);
        facts.Add("run", $"{first.Rule} with {first.Update}, {NumberText.Counted(first.Epochs, "epoch")}, batch {first.Batch:N0}, "
            + $"seed {first.Seed}, {Folds.Count} folds");
        facts.Write(output);
        output.WriteLine();
        bool isClass = Accuracy is not null;
        string[] heads = isClass ? ["accuracy", "balanced", "loss"] : ["R2", "mean error", "loss"];
        bool hasControls = Backprop is not null || Frozen is not null;
        string what = isClass ? "accuracy" : "loss";
        var table = new TextTable(["fold", "to learn from", "to test with", .. heads,
            .. hasControls ? [$"backprop {what}", $"frozen {what}"] : Array.Empty<string>()]);
        for (int i = 0; i < Folds.Count; i++)
        {
            var fold = Folds[i];
            Add(table, $"{i + 1}", $"{fold.TrainExamples:N0}", $"{fold.TestExamples:N0}", isClass, hasControls,
                isClass ? fold.TestAccuracy : fold.Figures?.R2,
                isClass ? fold.Figures?.BalancedAccuracy : fold.Figures?.MeanAbsoluteError, fold.TestLoss,
                isClass ? fold.Controls?.Backprop.TestAccuracy : fold.Controls?.Backprop.TestLoss,
                isClass ? fold.Controls?.Frozen.TestAccuracy : fold.Controls?.Frozen.TestLoss);
        }

        foreach (var (name, of) in new (string, Func<MeanFigure?, double?>)[] { ("mean", figure => figure?.Mean),
            ("deviation", figure => figure?.Deviation) })
        {
            Add(table, name, "", "", isClass, hasControls, of(isClass ? Accuracy : R2),
                of(isClass ? BalancedAccuracy : MeanAbsoluteError), of(Loss), of(Backprop), of(Frozen));
        }

        table.Write(output);
    }

    static void Add(TextTable table, string fold, string train, string test, bool isClass, bool hasControls, params double?[] figures)
        => table.Add([fold, train, test, NumberText.Fraction(figures[0]), Figure(figures[1], isClass), Figure(figures[2], isClass),
            .. hasControls ? [Figure(figures[3], isClass), Figure(figures[4], isClass)] : Array.Empty<string>()]);

    // Errors of a regression have the unit of its targets.
    static string Figure(double? value, bool isClass)
        => isClass ? NumberText.Fraction(value) : value is { } number ? $"{number:G4}" : NumberText.None;
}

/// <summary>One figure over the folds.</summary>
/// <param name="Mean">over those that have it</param>
/// <param name="Deviation">standard deviation of a fold, with n - 1; null for one fold</param>
public sealed record MeanFigure(double Mean, double? Deviation)
{
    /// <summary>Of values; null where one has none or is no number.</summary>
    internal static MeanFigure? Of(IReadOnlyList<double?> values)
    {
        if (values.Any(value => value is not { } number || !double.IsFinite(number))) return null;
        double mean = values.Average()!.Value;
        return new MeanFigure(mean, values.Count < 2
            ? null
            : Math.Sqrt(values.Sum(value => Math.Pow(value!.Value - mean, 2)) / (values.Count - 1)));
    }
}
