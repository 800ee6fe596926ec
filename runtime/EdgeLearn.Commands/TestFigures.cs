using System.Text.Json.Serialization;

namespace EdgeLearn.Commands;

/// <summary>What a test says beside accuracy and loss.</summary>
/// <param name="BalancedAccuracy">mean recall of the classes; absent for a regression</param>
/// <param name="MacroF1">mean F1 of the classes; absent for a regression</param>
/// <param name="Classes">each class by name, of at most 20 classes</param>
/// <param name="Confusion">labels of a class, by row, that were taken for another, by column; of at most 20 classes</param>
/// <param name="R2">share of the targets' variance that is explained; 0 = what always says the mean; absent where there are classes</param>
/// <param name="MeanAbsoluteError">in the target's unit, mean over the targets</param>
/// <param name="Targets">each target by name, where there are several</param>
public sealed record TestFigures(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? BalancedAccuracy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? MacroF1,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ClassFigure>? Classes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<IReadOnlyList<long>>? Confusion,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? R2,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? MeanAbsoluteError,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<TargetFigure>? Targets)
{
    /// <summary>So many classes fit a table and a picture.</summary>
    internal const int MostClasses = 20;

    /// <summary>Of an evaluation; null where it has nothing beside accuracy and loss.</summary>
    /// <param name="evaluation">of a test</param>
    /// <param name="classNames">of the classes; null = their numbers</param>
    /// <param name="targetNames">of the targets; null = their numbers</param>
    internal static TestFigures? Of(in Evaluation evaluation, IReadOnlyList<string>? classNames, IReadOnlyList<string>? targetNames)
    {
        if (evaluation.Classes is { } classes)
        {
            bool few = classes.ClassCount <= MostClasses;
            var recall = classes.Recall;
            return new TestFigures(JsonNumber.Finite(classes.BalancedAccuracy), JsonNumber.Finite(classes.MacroF1),
                few ? [.. recall.Select((share, i) => new ClassFigure(classNames?[i] ?? $"{i}", classes.Labels[i], share))] : null,
                few ? classes.Confusion : null, null, null, null);
        }

        if (evaluation.Targets is not { } targets) return null;
        var errors = targets.MeanAbsoluteErrors;
        string Name(int i) => targetNames is not null && i < targetNames.Count ? targetNames[i] : $"{i}";
        return new TestFigures(null, null, null, null, JsonNumber.Finite(targets.R2),
            JsonNumber.Finite(targets.MeanAbsoluteError),
            errors.Count < 2 ? null : [.. errors.Select((error, i) => new TargetFigure(Name(i), JsonNumber.Finite(error)))]);
    }

    /// <summary>Of counts that were told; null where nothing was.</summary>
    /// <param name="confusion">[classes x classes]; empty = they are not known</param>
    /// <param name="classNames">of the classes; empty = their numbers</param>
    /// <param name="figures">balanced accuracy, F1, R2 and mean absolute error, where they are known</param>
    public static TestFigures OfCounts(IReadOnlyList<ulong> confusion, IReadOnlyList<string> classNames,
        (double? BalancedAccuracy, double? MacroF1, double? R2, double? MeanAbsoluteError) figures)
    {
        int count = (int)Math.Sqrt(confusion.Count);
        long[][] rows = [.. Enumerable.Range(0, count).Select(i => confusion.Skip(i * count).Take(count).Select(n => (long)n).ToArray())];
        ClassFigure Class(int i) => new(i < classNames.Count ? classNames[i] : $"{i}", rows[i].Sum(),
            rows[i].Sum() == 0 ? null : rows[i][i] / (double)rows[i].Sum());
        return new TestFigures(figures.BalancedAccuracy, figures.MacroF1, count == 0 ? null : [.. Enumerable.Range(0, count).Select(Class)],
            count == 0 ? null : rows, figures.R2, figures.MeanAbsoluteError, null);
    }

    /// <summary>Prints them for people.</summary>
    public void Write(TextWriter output)
    {
        if (BalancedAccuracy is { } balanced) output.WriteLine($"balanced accuracy {balanced:F4}, macro F1 {MacroF1:F4}");
        if (MeanAbsoluteError is { } error)
        {
            Terminal.WriteWords(output, $"R2 {(R2 is { } share ? $"{share:F4}" : "-")} (0: what always says the mean), mean absolute error "
                + $"{error:G4} in the target's unit");
        }
        foreach (var target in Targets ?? []) output.WriteLine($"  {target.Name}: mean absolute error {target.MeanAbsoluteError:G4}");
        if (Classes is null || Confusion is null) return;
        output.WriteLine();
        string[] heads = [.. Classes.Select(one => Short(one.Name))];
        // In a narrow window the recall says more than the last columns.
        var table = new TextTable(["", "recall", .. heads]) { Texts = heads, LeastText = 4 };
        for (int i = 0; i < heads.Length; i++)
        {
            table.Add([heads[i], Classes[i].Recall is { } recall ? $"{recall:F3}" : NumberText.None,
                .. Confusion[i].Select(count => $"{count:N0}")]);
        }
        output.WriteLine("rows: what it is; columns: what was found");
        table.Write(output);
    }

    // Twenty classes fit beside each other.
    static string Short(string name) => Terminal.Cut(name.ReplaceLineEndings(" "), 12);
}

/// <summary>One class in a test.</summary>
/// <param name="Name">its name, or its number</param>
/// <param name="Examples">labels of it</param>
/// <param name="Recall">share that was found; null where there is none</param>
public sealed record ClassFigure(string Name, long Examples, double? Recall);

/// <summary>One target in a test.</summary>
/// <param name="Name">its column, or its number</param>
/// <param name="MeanAbsoluteError">in its unit; null where it is no number</param>
public sealed record TargetFigure(string Name, double? MeanAbsoluteError);
