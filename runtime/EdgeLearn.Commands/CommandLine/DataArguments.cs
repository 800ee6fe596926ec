using System.CommandLine;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>The options that say what to read, shared by the commands that read data.</summary>
sealed class DataArguments
{
    readonly Option<string?> _data = OptionText.Text("--data", "DATA",
        "a folder, a file (IDX, npy, csv; gzip or not), text:FILE (its bytes as tokens) or a known name: "
        + string.Join(", ", DataCatalog.KnownNames));
    readonly Option<string?> _label = OptionText.Text("--label", "NAME", "csv: the label's column (default: the last)");
    readonly Option<string?> _group = OptionText.Text("--group-column", "NAME",
        "what says which samples belong together, such as a person: a column of a csv, which is no input then, or a word in the name of a "
        + "folder's file; 'run --part' and 'train --validation' keep its groups whole");
    readonly Option<double?> _testFraction =
        OptionText.Number("--test-fraction", "part to test with where there is no test file, the same for every --seed (default 0.2)");
    readonly Option<(int, int)?> _fold = OptionText.Part("--fold",
        "test with part I of N equal parts where there is no test file, in place of --test-fraction", "two numbers such as 1/5");
    readonly Option<Shape?> _inputShape = OptionText.ShapeOf("--input-shape", "shape of a sample where the file does not tell it");

    /// <summary>Gives the options to a command.</summary>
    /// <param name="command">the command</param>
    /// <param name="required">whether it cannot do without data</param>
    public void AddTo(ExampleCommand command, bool required)
    {
        _data.Required = required;
        command.Add("", _data);
        command.Add("data", _label, _group, _testFraction, _fold, _inputShape);
    }

    /// <summary>The shape that the command line gives.</summary>
    public Shape? InputShape(ParseResult parsed) => parsed.GetValue(_inputShape);

    /// <summary>Opens the data that the command line names; null when it names none. The caller disposes of it.</summary>
    /// <param name="parsed">the command line</param>
    /// <param name="loss">decides whether labels are classes or numbers</param>
    /// <param name="output">told of progress and of what the user should know</param>
    public DataSplit? Open(ParseResult parsed, Loss loss, CommandOutput output)
    {
        if (parsed.GetValue(_data) is not { } data) return null;
        using var progress = new ProgressLine(output);
        var split = DataCatalog.Open(data, new DataOptions
        {
            LabelColumn = parsed.GetValue(_label),
            GroupColumn = parsed.GetValue(_group),
            TestFraction = parsed.GetValue(_testFraction) ?? new DataOptions().TestFraction,
            Fold = parsed.GetValue(_fold),
            InputShape = parsed.GetValue(_inputShape),
            Regression = !loss.IsClassification,
            Progress = progress.Show,
        });
        progress.Clear();
        if (split.Notice is { } notice) output.Error.WriteLine(notice);
        return split;
    }
}
