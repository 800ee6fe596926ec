using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace EdgeLearn.Commands;

/// <summary>Where a command writes: results to standard output, everything else to standard error.</summary>
/// <param name="Output">results: text, or one JSON object</param>
/// <param name="Error">progress and notes</param>
/// <param name="Json">whether results are JSON</param>
/// <param name="IsTerminal">whether a person watches standard error, so that a line may be drawn over</param>
public sealed record CommandOutput(TextWriter Output, TextWriter Error, bool Json, bool IsTerminal)
{
    /// <summary>The option that every command has.</summary>
    public static Option<bool> JsonOption() => OptionText.Flag("--json", "print one JSON object on standard output and nothing else there");

    /// <summary>Where this invocation writes.</summary>
    /// <param name="parsed">the command line</param>
    /// <param name="json">the command's own <see cref="JsonOption"/></param>
    public static CommandOutput Of(ParseResult parsed, Option<bool> json)
    {
        var error = parsed.InvocationConfiguration.Error;
        return new(parsed.InvocationConfiguration.Output, error, parsed.GetValue(json),
            ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected);
    }

    /// <summary>Prints a result as its one line of JSON.</summary>
    public void WriteJson<T>(T result, JsonTypeInfo<T> type) => Output.WriteLine(JsonSerializer.Serialize(result, type));
}
