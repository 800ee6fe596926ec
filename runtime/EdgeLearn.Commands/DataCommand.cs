using System.CommandLine;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary><c>data</c>: looks at data as <c>train</c> would, and says what it would make of them.</summary>
public sealed class DataCommand
{
    readonly DataArguments _data;
    readonly LossOptions _loss = new();
    readonly Option<string?> _model = OptionText.Text("--model", "FILE", "read the data by the columns and classes of this model");
    readonly Option<double?> _validation = OptionText.Number("--validation", "part of the training samples that train would hold back");

    DataCommand(ExampleCommand command, IImageDecoder? images)
    {
        _data = new DataArguments(images);
        _data.AddTo(command, required: true);
        command.Add("", _model);
        command.Add("data", _validation);
        _loss.AddTo(command);
        command.Add("", CommandOutput.JsonOption());
    }

    /// <summary>The command.</summary>
    /// <param name="images">reads images; null = the program reads none</param>
    public static Command Create(IImageDecoder? images = null)
    {
        var command = new ExampleCommand("data", "Look at data as train would: samples, columns and what becomes of them, classes, parts, "
            + "and what is odd.", "--data readings.csv", "--data readings.csv --label state --group-column person",
            "--data new.csv --model m.safetensors", "--data house.csv --loss mean-square --json");
        command.SetAction(new DataCommand(command, images).Run);
        return command;
    }

    int Run(ParseResult parsed)
    {
        var output = CommandOutput.Of(parsed);
        using var model = parsed.GetValue(_model) is { } path ? ModelFile.Load(path) : null;
        var loss = _loss.Read(parsed, NetworkSource.Read(parsed.GetValue(_model)));
        using var whole = _data.Open(parsed, loss, output with { Error = TextWriter.Null }, model is null ? null : ModelMeaning.Of(model))!;
        var data = parsed.GetValue(_validation) is { } fraction and not 0 ? whole.HoldOut(fraction, seed: 0) : whole;
        var summary = DataSummary.Of(data, whole, model);
        output.Write(summary, ResultJson.Default.DataSummary, text => summary.Write(text));
        return 0;
    }
}
