using System.Text.Json;

namespace EdgeLearn;

/// <summary>The columns of a model as JSON, in the metadata of its file; what is as usual is left out.</summary>
static class ColumnsJson
{
    /// <summary>Writes columns.</summary>
    public static string Write(InputColumns columns) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("inputs");
        foreach (var column in columns.Inputs) Write(json, column);
        json.WriteEndArray();
        json.WritePropertyName("labels");
        JsonText.Write(json, columns.Labels);
        json.WriteStartObject("left_out");
        foreach (var (name, why) in columns.LeftOut) json.WriteString(name, why);
        json.WriteEndObject();
        if (columns.Group is { } group) json.WriteString("group", group);
        if (columns.DropsMissing) json.WriteBoolean("drops_missing", true);
        if (columns.TimeColumn is { } time) json.WriteString("time_column", time);
        if (columns.Window > 0) json.WriteNumber("window", columns.Window);
        if (columns.Hop > 0) json.WriteNumber("hop", columns.Hop);
        if (columns.Gap > 0) json.WriteNumber("gap", columns.Gap);
        if (columns.EndsAtLabels) json.WriteBoolean("ends_at_labels", true);
        json.WriteEndObject();
    });

    static void Write(Utf8JsonWriter json, InputColumn column)
    {
        json.WriteStartObject();
        json.WriteString("name", column.Name);
        if (column.Kind != ColumnKind.Number) json.WriteString("kind", column.Kind.ToString());
        if (column.Values is { } values)
        {
            json.WritePropertyName("values");
            JsonText.Write(json, values);
        }
        if (column.HasHours) json.WriteBoolean("has_hours", true);
        if (column.Start != 0) json.WriteNumber("start", column.Start);
        if (column.Fill is { } fill)
        {
            json.WriteStartArray("fill");
            foreach (double value in fill) json.WriteNumberValue(value);
            json.WriteEndArray();
        }
        if (column.HasIndicator) json.WriteBoolean("has_indicator", true);
        json.WriteEndObject();
    }

    /// <summary>Reads columns.</summary>
    /// <param name="text">of a file</param>
    /// <param name="inputLength">values of an input of the model</param>
    /// <param name="name">the file, for messages</param>
    /// <exception cref="EdgeLearnException">The text is broken, or describes other inputs.</exception>
    public static InputColumns Read(string text, int inputLength, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var columns = Read(document.RootElement);
            if (IsWhole(columns, inputLength)) return columns;
        }
        catch (Exception e) when (JsonText.IsBroken(e))
        {
        }

        throw new EdgeLearnException($"{name}: edgelearn.columns does not describe inputs of {inputLength} values");
    }

    static InputColumns Read(JsonElement json)
    {
        var inputs = new List<InputColumn>();
        foreach (var input in json.GetProperty("inputs").EnumerateArray()) inputs.Add(ReadColumn(input));
        var leftOut = new Dictionary<string, string>();
        if (json.TryGetProperty("left_out", out var reasons))
        {
            foreach (var reason in reasons.EnumerateObject()) leftOut[reason.Name] = JsonText.Text(reason.Value);
        }

        return new InputColumns(inputs, JsonText.Texts(json.GetProperty("labels")))
        {
            LeftOut = leftOut,
            Group = json.TryGetProperty("group", out var group) ? group.GetString() : null,
            DropsMissing = json.TryGetProperty("drops_missing", out var drops) && drops.GetBoolean(),
            TimeColumn = json.TryGetProperty("time_column", out var time) ? time.GetString() : null,
            Window = json.TryGetProperty("window", out var window) ? window.GetInt32() : 0,
            Hop = json.TryGetProperty("hop", out var hop) ? hop.GetInt32() : 0,
            Gap = json.TryGetProperty("gap", out var gap) ? gap.GetDouble() : 0,
            EndsAtLabels = json.TryGetProperty("ends_at_labels", out var ends) && ends.GetBoolean(),
        };
    }

    static InputColumn ReadColumn(JsonElement json)
    {
        var kind = ColumnKind.Number;
        if (json.TryGetProperty("kind", out var word) && !Enum.TryParse(word.GetString(), out kind)) throw new JsonException("no kind");
        return new InputColumn(JsonText.Text(json.GetProperty("name")), kind)
        {
            Values = json.TryGetProperty("values", out var values) ? JsonText.Texts(values) : null,
            HasHours = json.TryGetProperty("has_hours", out var hours) && hours.GetBoolean(),
            Start = json.TryGetProperty("start", out var start) ? start.GetDouble() : 0,
            Fill = json.TryGetProperty("fill", out var fill) ? Numbers(fill) : null,
            HasIndicator = json.TryGetProperty("has_indicator", out var has) && has.GetBoolean(),
        };
    }

    static double[] Numbers(JsonElement json)
    {
        double[] numbers = new double[json.GetArrayLength()];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = json[i].GetDouble();
        return numbers;
    }

    static bool IsWhole(InputColumns columns, int inputLength)
    {
        long width = 0;
        foreach (var column in columns.Inputs)
        {
            if (!Enum.IsDefined(column.Kind) || !double.IsFinite(column.Start)) return false;
            if (column.Kind == ColumnKind.Category && !(column.Values?.Count >= 1)) return false;
            int values = column.Width - (column.HasIndicator ? 1 : 0);
            if (column.Fill is { } fill && (fill.Count != values || !fill.All(double.IsFinite))) return false;
            width += column.Width;
        }

        bool isCut = columns is { Window: > 0, Hop: > 0 } && double.IsFinite(columns.Gap);
        return (isCut || columns is { Window: 0, Hop: 0 }) && width * Math.Max(1, columns.Window) == inputLength;
    }
}
