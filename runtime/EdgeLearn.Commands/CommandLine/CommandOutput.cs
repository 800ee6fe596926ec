using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace EdgeLearn.Commands;

/// <summary>Where a command writes: results to standard output, everything else to standard error.</summary>
/// <param name="Output">results: text, or one JSON object</param>
/// <param name="Error">progress and notes</param>
/// <param name="Json">whether results are JSON</param>
/// <param name="IsTerminal">whether a person watches standard error, so that a line may be drawn over</param>
public sealed record CommandOutput(TextWriter Output, TextWriter Error, bool Json, bool IsTerminal)
{
    const string JsonName = "--json";

    /// <summary>Columns of the window that standard error is drawn in, as it is now.</summary>
    internal Func<int> Columns { get; init; } = () => Terminal.ColumnsOf(Error) ?? Terminal.UsualColumns;

    /// <summary>What time it is.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The option that every command has.</summary>
    public static Option<bool> JsonOption() => OptionText.Flag(JsonName, "print one JSON object on standard output and nothing else there");

    /// <summary>Where this invocation of a command with <see cref="JsonOption"/> writes.</summary>
    public static CommandOutput Of(ParseResult parsed)
    {
        var error = parsed.InvocationConfiguration.Error;
        return new(parsed.InvocationConfiguration.Output, error, parsed.GetValue<bool>(JsonName),
            Terminal.ColumnsOf(error) is not null);
    }

    /// <summary>Prints a result: as its one line of JSON, or for people.</summary>
    public void Write<T>(T result, JsonTypeInfo<T> type, Action<TextWriter> forPeople)
    {
        if (Json) Output.WriteLine(JsonSerializer.Serialize(result, type));
        else forPeople(Output);
    }
}

/// <summary>The JSON of all results, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(TrainResult))]
[JsonSerializable(typeof(CrossValidationResult))]
[JsonSerializable(typeof(RunLogLine))]
[JsonSerializable(typeof(CoursePoint))]
[JsonSerializable(typeof(EvaluateResult))]
[JsonSerializable(typeof(FewShotResult))]
[JsonSerializable(typeof(DataSummary))]
[JsonSerializable(typeof(PlanResult))]
[JsonSerializable(typeof(AboutResult))]
[JsonSerializable(typeof(ModelResult))]
[JsonSerializable(typeof(StreamResult))]
[JsonSerializable(typeof(SelfTestResult))]
[JsonSerializable(typeof(StepBenchResult))]
sealed partial class ResultJson : JsonSerializerContext;
