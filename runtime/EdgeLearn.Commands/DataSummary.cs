using System.Text.Json.Serialization;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>What <c>data</c> prints.</summary>
/// <param name="Name">what the user calls the data</param>
/// <param name="Shape">of an input</param>
/// <param name="TrainExamples">samples to learn from</param>
/// <param name="ValidationExamples">samples held back of those; absent unless asked for</param>
/// <param name="TestExamples">samples to test with</param>
/// <param name="Groups">groups among the samples to learn from; absent where none are known</param>
/// <param name="Columns">of a table, in the order of the file; absent where the data are none</param>
/// <param name="Classes">with their counts; absent for a regression</param>
/// <param name="Targets">real targets of a sample; 0 where there are classes</param>
/// <param name="Notes">what is odd, a line each</param>
public sealed record DataSummary(string Name, string Shape, int TrainExamples,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? ValidationExamples, int TestExamples,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Groups,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ColumnSummary>? Columns,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ClassSummary>? Classes, int Targets,
    IReadOnlyList<string> Notes)
{
    const int MostRows = 20;

    /// <summary>Looks at opened data.</summary>
    /// <param name="data">with what is held back, where that was asked for</param>
    /// <param name="whole">before anything was held back</param>
    /// <param name="model">by which they were read; null = none</param>
    internal static DataSummary Of(DataSplit data, DataSplit whole, Model? model)
    {
        var preparation = model is null && data.Columns is not null ? Preparation.Standardise(data.Train,
            data.IsSequence ? data.InputShape.Width : data.InputShape.Length) : null;
        var doubts = DataDoubts.Of(data, data.ClassNames, preparation, isNew: model is null);
        return new DataSummary(data.Name, data.InputShape.ToString(), data.Train.Count, data.Validation?.Count,
            data.HasTest ? data.Test.Count : 0, data.TrainGroups?.Distinct().Count(), ColumnsOf(whole), ClassesOf(data), data.TargetLength,
            [.. data.Notes, .. doubts]);
    }

    internal void Write(TextWriter output)
    {
        string validation = ValidationExamples is { } held ? $", {held:N0} held back" : "";
        output.WriteLine($"{Name}: {TrainExamples:N0} samples to learn from{validation}, {TestExamples:N0} to test with; inputs of {Shape}"
            + (Groups is { } groups ? $"; {groups:N0} groups" : ""));
        if (Columns is not null) WriteColumns(Columns, output);
        if (Classes is not null) WriteClasses(Classes, output);
        else output.WriteLine($"targets: {Targets}");
        if (Notes.Count == 0) return;
        output.WriteLine();
        foreach (string note in Notes) output.WriteLine(note);
    }

    static void WriteColumns(IReadOnlyList<ColumnSummary> columns, TextWriter output)
    {
        output.WriteLine();
        var table = new TextTable("column", "becomes", "missing", "least", "greatest");
        foreach (var column in columns.Take(MostRows))
        {
            table.Add(CellText.Shorten(column.Name), column.Becomes, $"{column.Missing:N0}", column.Least is { } least ? $"{least:G6}" : "",
                column.Greatest is { } greatest ? $"{greatest:G6}" : "");
        }

        table.Write(output);
        if (columns.Count > MostRows) output.WriteLine($"and {columns.Count - MostRows} more columns");
    }

    static void WriteClasses(IReadOnlyList<ClassSummary> classes, TextWriter output)
    {
        output.WriteLine();
        var table = new TextTable("class", "to learn from", "to test with");
        foreach (var one in classes.Take(MostRows)) table.Add(CellText.Shorten(one.Name), $"{one.Train:N0}", $"{one.Test:N0}");
        table.Write(output);
        if (classes.Count > MostRows) output.WriteLine($"and {classes.Count - MostRows} more classes");
    }

    static List<ColumnSummary>? ColumnsOf(DataSplit data)
    {
        if (data.Scan is not { } scan || data.Columns is not { } columns) return null;
        var summaries = new List<ColumnSummary>();
        foreach (var column in scan.Columns)
        {
            string becomes = columns.Inputs.FirstOrDefault(input => input.Name == column.Name) is { } input ? DataResult.Kind(input)
                : columns.Labels.Contains(column.Name) ? data.ClassCount > 0 ? "the label" : "a target"
                : column.Name == columns.Group ? "the group"
                : column.Name == columns.TimeColumn ? "the time"
                : columns.LeftOut.TryGetValue(column.Name, out string? why) ? $"left out: {why}" : "left out: the model does not know it";
            bool hasRange = column.Numbers > 0 && column.Numbers >= column.Texts;
            summaries.Add(new ColumnSummary(column.Name, becomes, column.Missing, hasRange ? column.Least : null,
                hasRange ? column.Most : null));
        }

        return summaries;
    }

    static List<ClassSummary>? ClassesOf(DataSplit data)
    {
        if (data.ClassCount == 0 || data.Train.LabelLength != 1) return null;
        int[] train = DataDoubts.Counts(data.Train, data.ClassCount);
        int[] test = data.HasTest ? DataDoubts.Counts(data.Test, data.ClassCount) : new int[train.Length];
        return [.. train.Select((count, i) => new ClassSummary(data.ClassNames?[i] ?? $"{i}", count, test[i]))];
    }
}

/// <summary>One column of a table.</summary>
/// <param name="Name">in the header</param>
/// <param name="Becomes">what is made of it</param>
/// <param name="Missing">cells without a value</param>
/// <param name="Least">the smallest number; null where there is none</param>
/// <param name="Greatest">the greatest</param>
public sealed record ColumnSummary(string Name, string Becomes, int Missing, double? Least, double? Greatest);

/// <summary>One class.</summary>
/// <param name="Name">its name, or its number</param>
/// <param name="Train">samples to learn from</param>
/// <param name="Test">samples to test with</param>
public sealed record ClassSummary(string Name, int Train, int Test);
