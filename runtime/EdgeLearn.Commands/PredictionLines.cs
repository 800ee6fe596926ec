using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>Prints predictions: plain lines, a table, or JSON.</summary>
sealed class PredictionLines
{
    readonly Model _model;
    readonly TextWriter _output;
    readonly bool _json;
    readonly bool _csv;
    readonly IReadOnlyList<string>? _files;
    readonly string[] _names;
    double[] _answer = [];

    /// <summary>Prepares lines.</summary>
    /// <param name="model">that answers</param>
    /// <param name="output">where to</param>
    /// <param name="csv">a table with a header</param>
    /// <param name="json">an object a line</param>
    /// <param name="files">the file of each row, which then stands in its line; null = rows have none</param>
    public PredictionLines(Model model, TextWriter output, bool csv, bool json, IReadOnlyList<string>? files = null)
    {
        (_model, _output, _csv, _json, _files) = (model, output, csv, json, files);
        bool isClass = model.Network.Loss.IsClassification;
        int count = isClass ? 0 : model.Network.OutputLength;
        var labels = model.Columns?.Labels;
        string Name(int i) => labels is not null && i < labels.Count ? labels[i] : count == 1 ? "value" : $"value{i}";
        _names = [.. Enumerable.Range(0, count).Select(Name)];
        string file = files is null ? "" : ",file";
        if (csv) output.WriteLine(isClass ? $"row{file},class,probability" : $"row,{string.Join(',', _names.Select(Quoted))}");
    }

    /// <summary>Rows that the model could not answer.</summary>
    public int Unanswered { get; private set; }

    /// <summary>
    /// Answers the rows of a table as they come, or windows of them by their last row; each line is there before the next row is read.
    /// </summary>
    public void Run(TableRows rows, InputColumns columns, Stream content, Predictor predictor, string name, TextWriter error,
        CancellationToken stop)
    {
        long row = 0, answers = 0;
        var window = new WindowRing(columns);
        rows.ReadAll(content, (line, values, begins, complaint) =>
        {
            row++;
            if (begins || complaint is not null) window.Restart();
            if (complaint is not null)
            {
                Unanswered++;
                error.WriteLine($"{name}, line {line}, {complaint}");
                WriteNothing(row);
            }
            else if (window.Take(values))
            {
                answers++;
                Write(row, predictor, 0, predictor.Predict(window.Values));
            }
            else
            {
                return;
            }

            _output.Flush();
        }, stop);
        if (answers + Unanswered > 0 || columns.Window == 0) return;
        throw new EdgeLearnException($"{name} has {NumberText.Counted(row, "row")} and no {columns.Window} that follow each other, which "
            + $"the model takes together");
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
        string? file = _files?[(int)row - 1];
        string cell = file is null ? "" : $",{Quoted(file)}", end = file is null ? "" : $"  {NameText.Shown(file)}";
        if (_json) _output.WriteLine(Json(row, isClass ? name : null, prediction.Probability, file));
        else if (_csv) _output.WriteLine(isClass ? $"{row}{cell},{Quoted(name)},{probability}" : $"{row},{values}");
        else _output.WriteLine(isClass ? $"{name.ReplaceLineEndings(" ")}  {probability}{end}" : values);
    }

    void WriteNothing(long row)
    {
        bool isClass = _names.Length == 0;
        Array.Fill(_answer, double.NaN);
        if (_json) _output.WriteLine(Json(row, null, double.NaN));
        else if (_csv) _output.WriteLine($"{row},{string.Join(',', isClass ? ["", ""] : _names.Select(_ => ""))}");
        else _output.WriteLine("-");
    }

    string Json(long row, string? name, double probability, string? file = null)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("row", row);
            if (file is not null) json.WriteString("file", file);
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

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    static string Number(double value) => value.ToString("G7", CultureInfo.InvariantCulture);

    static string Quoted(string text)
        => text.AsSpan().IndexOfAny("\",;\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
