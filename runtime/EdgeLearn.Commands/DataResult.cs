using System.Text.Json.Serialization;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>How data were read.</summary>
/// <param name="Inputs">columns of a table that are learned from, with what they are; absent where the data are no table</param>
/// <param name="Labels">columns of the label or the targets</param>
/// <param name="LeftOut">columns that are not, each with the reason</param>
/// <param name="Notes">what the user should know, a line each</param>
public sealed record DataResult(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Inputs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Labels,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? LeftOut,
    IReadOnlyList<string> Notes)
{
    /// <summary>Of opened data.</summary>
    /// <param name="data">the data</param>
    /// <param name="doubts">lines beside those of the data</param>
    internal static DataResult Of(DataSplit data, IEnumerable<string> doubts) => Of(data.Columns, [.. data.Notes, .. doubts]);

    /// <summary>Of columns, null where the data are no table.</summary>
    internal static DataResult Of(InputColumns? columns, IReadOnlyList<string> notes)
        => new(columns?.Inputs.ToDictionary(column => column.Name, Kind), columns?.Labels, columns?.LeftOut, notes);

    /// <summary>What a column is, in a word or two.</summary>
    internal static string Kind(InputColumn column) => column.Kind switch
    {
        ColumnKind.Category => $"category of {column.Values!.Count}",
        ColumnKind.Time => column.HasHours ? "hour and weekday" : "weekday",
        ColumnKind.Elapsed => "days elapsed",
        _ => "number",
    };

    /// <summary>One line: columns, those left out, the label.</summary>
    internal static string Line(InputColumns columns)
    {
        string[] inputs = [.. columns.Inputs.Select(column => column.Kind == ColumnKind.Number
            ? column.Name
            : $"{column.Name} ({Kind(column)})")];
        string leftOut = columns.LeftOut.Count == 0
            ? ""
            : $"; left out: {Listed([.. columns.LeftOut.Select(column => $"{column.Key} ({column.Value})")])}";
        string label = columns.Labels.Count == 0 ? "" : $" -> {string.Join(", ", columns.Labels)}";
        string windows = columns.Window > 0 ? $", {columns.Window} rows together" : "";
        return $"{Listed(inputs)}{windows}{label}{leftOut}";
    }

    static string Listed(string[] names) => NameText.First(names, most: 8);
}
