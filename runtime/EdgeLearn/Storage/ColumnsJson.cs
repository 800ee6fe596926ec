using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeLearn;

/// <summary>The columns of a model as JSON, in the metadata of its file.</summary>
static class ColumnsJson
{
    /// <summary>Writes columns.</summary>
    public static string Write(InputColumns columns) => JsonSerializer.Serialize(columns, ColumnsContext.Default.InputColumns);

    /// <summary>Reads columns.</summary>
    /// <param name="text">of a file</param>
    /// <param name="inputLength">values of an input of the model</param>
    /// <param name="name">the file, for messages</param>
    /// <exception cref="EdgeLearnException">The text is broken, or describes other inputs.</exception>
    public static InputColumns Read(string text, int inputLength, string name)
    {
        try
        {
            if (JsonSerializer.Deserialize(text, ColumnsContext.Default.InputColumns) is { } columns && IsWhole(columns, inputLength))
                return columns;
        }
        catch (JsonException)
        {
        }

        throw new EdgeLearnException($"{name}: edgelearn.columns does not describe inputs of {inputLength} values");
    }

    static bool IsWhole(InputColumns columns, int inputLength)
    {
        if (columns.Inputs is null || columns.Labels is null || columns.LeftOut is null)
            return false;
        if (columns.Labels.Any(label => label is null) || columns.LeftOut.Any(column => column.Value is null)) return false;
        foreach (var column in columns.Inputs)
        {
            if (column?.Name is null || !Enum.IsDefined(column.Kind) || !double.IsFinite(column.Start)) return false;
            if (column.Kind == ColumnKind.Category && !(column.Values?.Count >= 1 && column.Values.All(value => value is not null)))
                return false;
            int values = column.Width - (column.HasIndicator ? 1 : 0);
            if (column.Fill is { } fill && (fill.Count != values || !fill.All(double.IsFinite))) return false;
        }

        bool isCut = columns is { Window: > 0, Hop: > 0 } && double.IsFinite(columns.Gap);
        if (!isCut && columns is not { Window: 0, Hop: 0 }) return false;
        return columns.Inputs.Sum(column => (long)column.Width) * Math.Max(1, columns.Window) == inputLength;
    }
}

/// <summary>JSON of columns without reflection; what is as usual is left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(InputColumns))]
sealed partial class ColumnsContext : JsonSerializerContext;
