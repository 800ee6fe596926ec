using System.CommandLine;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary><c>predict</c>: what a model says of each sample.</summary>
public sealed class PredictCommand
{
    const string StandardInput = "-";

    readonly Option<string?> _model = OptionText.Text("--model", "FILE", "a model file");
    readonly Option<string?> _data = OptionText.Text("--data", "DATA",
        "a table whose columns have the names that the model was trained with, - for standard input, or what else --data of train reads");
    readonly Option<HeaderChoice?> _header = OptionText.Words("--header",
        "table: whether the first line has the names; without them cells stand in the order of the model's columns (default auto)",
        ("auto", HeaderChoice.Auto), ("yes", HeaderChoice.Yes), ("no", HeaderChoice.No));
    readonly Option<bool> _csv = OptionText.Flag("--csv", "print a table with a header line in place of plain lines");
    readonly Option<bool> _json = OptionText.Flag("--json", "print a JSON object a line");
    readonly Option<int?> _threads = OptionText.Threads();

    readonly IImageDecoder? _images;

    PredictCommand(ExampleCommand command, IImageDecoder? images)
    {
        _images = images;
        _model.Required = true;
        _data.Required = true;
        command.Add("", _model, _data, _header, _csv, _json, _threads);
    }

    /// <summary>The command.</summary>
    /// <param name="images">reads images; null = the program reads none</param>
    public static Command Create(IImageDecoder? images = null)
    {
        var command = new ExampleCommand("predict",
            "Say what a model takes each sample for: a line with class and probability, or with the value in its unit.",
            "--model m.safetensors --data new.csv", "--model m.safetensors --data new.csv --csv > answers.csv",
            "--model m.safetensors --data - < readings.csv", "--model words.safetensors --data ./recordings --csv",
            "--model digits.safetensors --data digits --json");
        var options = new PredictCommand(command, images);
        command.SetAction((parsed, stop) => Task.FromResult(options.Run(parsed, stop)));
        return command;
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var output = CommandOutput.Of(parsed);
        ThreadTeam.Use(parsed.GetValue(_threads) ?? 1);
        string path = parsed.GetRequiredValue(_data)!;
        if (parsed.GetValue(_csv) && parsed.GetValue(_json)) throw new EdgeLearnException("--csv and --json: give one of them");
        using var model = ModelFile.Load(parsed.GetRequiredValue(_model)!);
        bool isCsv = parsed.GetValue(_csv), isJson = parsed.GetValue(_json);
        var header = parsed.GetValue(_header) ?? HeaderChoice.Auto;
        if (model.Columns is { } columns && (path == StandardInput || DataCatalog.IsTable(path)))
        {
            using var predictor = model.CreatePredictor();
            string name = path == StandardInput ? "standard input" : Path.GetFileName(path);
            var content = path == StandardInput ? Console.OpenStandardInput() : GzipFile.OpenContent(path);
            // A read that waits for a pipe cannot be ended in another way; every line that was answered is written.
            using var end = path == StandardInput ? stop.Register(() => Environment.Exit(CommandProgram.Interrupted)) : default;
            var lines = new PredictionLines(model, output.Output, isCsv, isJson);
            lines.Run(new TableRows(columns, header, name, output.Error.WriteLine), columns, content, predictor, name, output.Error, stop);
            output.Output.Flush();
            return lines.Unanswered == 0 ? 0 : 1;
        }
        if (path == StandardInput)
        {
            throw new EdgeLearnException("the model was not trained on a table, whose columns have names: give a file or folder with "
                + "--data");
        }
        PredictSamples(model, path, header, output, isCsv, isJson, stop);
        output.Output.Flush();
        return 0;
    }

    void PredictSamples(Model model, string path, HeaderChoice header, CommandOutput output, bool isCsv, bool isJson,
        CancellationToken stop)
    {
        const int Batch = 64;
        var options = new DataOptions { TakesWhole = true, NeedsLabels = false, Header = header, Images = _images };
        using var data = DataCatalog.Open(path, options.By(model));
        var lines = new PredictionLines(model, output.Output, isCsv, isJson, data.TestFiles);
        var samples = data.Test;
        if (samples.InputLength != model.Network.InputLength)
        {
            throw new EdgeLearnException($"{data.Name} has samples of {samples.InputLength} values, the model takes "
                + $"{model.Network.InputLength}");
        }
        using var predictor = model.CreatePredictor(Math.Min(Batch, samples.Count));
        var answers = new Prediction[Math.Min(Batch, samples.Count)];
        for (int first = 0; first < samples.Count; first += Batch)
        {
            stop.ThrowIfCancellationRequested();
            var part = answers.AsSpan(0, Math.Min(Batch, samples.Count - first));
            predictor.Predict(samples, first, part);
            for (int i = 0; i < part.Length; i++) lines.Write(first + i + 1, predictor, i, part[i]);
        }
    }
}
