using System.CommandLine;
using System.Globalization;
using System.Text.Json;
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

    PredictCommand(ExampleCommand command)
    {
        _model.Required = true;
        _data.Required = true;
        command.Add("", _model, _data, _header, _csv, _json, _threads);
    }

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new ExampleCommand("predict",
            "Say what a model takes each sample for: a line with class and probability, or with the value in its unit.",
            "--model m.safetensors --data new.csv", "--model m.safetensors --data new.csv --csv > answers.csv",
            "--model m.safetensors --data - < readings.csv", "--model digits.safetensors --data digits --json");
        var options = new PredictCommand(command);
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
        var lines = new PredictionLines(model, output.Output, parsed.GetValue(_csv), parsed.GetValue(_json));
        var header = parsed.GetValue(_header) ?? HeaderChoice.Auto;
        if (model.Columns is { Window: 0 } columns && (path == StandardInput || IsTable(path)))
        {
            using var predictor = model.CreatePredictor();
            string name = path == StandardInput ? "standard input" : Path.GetFileName(path);
            var content = path == StandardInput ? Console.OpenStandardInput() : GzipFile.OpenContent(path);
            lines.Run(new TableRows(columns, header, name), content, predictor, name, output.Error, stop);
        }
        else if (path == StandardInput)
        {
            throw new EdgeLearnException("the model was not trained on a table, whose columns have names: give a file or folder with "
                + "--data");
        }
        else
        {
            PredictSamples(model, path, header, lines, stop);
        }

        output.Output.Flush();
        return lines.Unanswered == 0 ? 0 : 1;
    }

    static bool IsTable(string path)
    {
        if (!File.Exists(path)) return false;
        byte[] start = GzipFile.ReadStart(path);
        return !NpyFile.HasMagic(start) && !IdxFile.HasMagic(start);
    }

    static void PredictSamples(Model model, string path, HeaderChoice header, PredictionLines lines, CancellationToken stop)
    {
        const int Batch = 64;
        var meaning = ModelMeaning.Of(model);
        using var data = DataCatalog.Open(path, new DataOptions
        {
            TakesWhole = true,
            NeedsLabels = false,
            Header = header,
            Columns = meaning.Columns,
            ModelClassCount = meaning.ClassCount,
            ModelClassNames = meaning.ClassNames,
            Regression = !model.Network.Loss.IsClassification,
        });
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

/// <summary>Prints predictions: plain lines, a table, or JSON.</summary>
sealed class PredictionLines
{
    readonly Model _model;
    readonly TextWriter _output;
    readonly bool _json;
    readonly bool _csv;
    readonly string[] _names;
    double[] _answer = [];

    public PredictionLines(Model model, TextWriter output, bool csv, bool json)
    {
        (_model, _output, _csv, _json) = (model, output, csv, json);
        bool isClass = model.Network.Loss.IsClassification;
        int count = isClass ? 0 : model.Network.OutputLength;
        var labels = model.Columns?.Labels;
        string Name(int i) => labels is not null && i < labels.Count ? labels[i] : count == 1 ? "value" : $"value{i}";
        _names = [.. Enumerable.Range(0, count).Select(Name)];
        if (csv) output.WriteLine(isClass ? "row,class,probability" : $"row,{string.Join(',', _names.Select(Quoted))}");
    }

    /// <summary>Rows that the model could not answer.</summary>
    public int Unanswered { get; private set; }

    /// <summary>Answers the rows of a table as they come; each line is there before the next row is read.</summary>
    public void Run(TableRows rows, Stream content, Predictor predictor, string name, TextWriter error, CancellationToken stop)
    {
        long row = 0;
        rows.ReadAll(content, (line, values, complaint) =>
        {
            row++;
            if (complaint is null)
            {
                Write(row, predictor, 0, predictor.Predict(values));
            }
            else
            {
                Unanswered++;
                error.WriteLine($"{name}, line {line}, {complaint}");
                WriteNothing(row);
            }

            _output.Flush();
        }, stop);
    }

    /// <summary>Prints one answer.</summary>
    public void Write(long row, Predictor predictor, int place, in Prediction prediction)
    {
        bool isClass = prediction.Label >= 0;
        string name = prediction.Name ?? prediction.Label.ToString(CultureInfo.InvariantCulture);
        if (!isClass)
        {
            if (_answer.Length == 0) _answer = new double[predictor.AnswerLength];
            predictor.ReadAnswer(place, _answer);
        }

        string probability = prediction.Probability.ToString("F4", CultureInfo.InvariantCulture);
        string values = string.Join(_csv ? "," : "  ", _answer.Select(Number));
        if (_json) _output.WriteLine(Json(row, isClass ? name : null, prediction.Probability));
        else if (_csv) _output.WriteLine(isClass ? $"{row},{Quoted(name)},{probability}" : $"{row},{values}");
        else _output.WriteLine(isClass ? $"{name.ReplaceLineEndings(" ")}  {probability}" : values);
    }

    void WriteNothing(long row)
    {
        bool isClass = _names.Length == 0;
        Array.Fill(_answer, double.NaN);
        if (_json) _output.WriteLine(Json(row, null, double.NaN));
        else if (_csv) _output.WriteLine($"{row},{string.Join(',', isClass ? ["", ""] : _names.Select(_ => ""))}");
        else _output.WriteLine("-");
    }

    string Json(long row, string? name, double probability)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("row", row);
            if (_names.Length == 0)
            {
                json.WriteString("class", name);
                if (double.IsFinite(probability)) json.WriteNumber("probability", Math.Round(probability, 6));
                else json.WriteNull("probability");
            }

            for (int i = 0; i < _names.Length; i++)
            {
                if (i < _answer.Length && double.IsFinite(_answer[i])) json.WriteNumber(_names[i], _answer[i]);
                else json.WriteNull(_names[i]);
            }

            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    static string Number(double value) => value.ToString("G7", CultureInfo.InvariantCulture);

    static string Quoted(string text)
        => text.AsSpan().IndexOfAny("\",;\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
