using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary>What <c>version --json</c> prints.</summary>
/// <param name="Version">of the program, as <c>--version</c> prints it</param>
/// <param name="Runtime">the runtime that is compiled in, or that runs it</param>
/// <param name="Platform">such as linux-x64</param>
/// <param name="Compiled">NativeAOT or JIT</param>
sealed record VersionResult(string Version, string Runtime, string Platform, string Compiled);

/// <summary><c>edgelearn version</c>.</summary>
static class VersionCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var json = CommandOutput.JsonOption();
        var command = new ExampleCommand("version", "print the version of this program", "", "--json") { json };
        command.SetAction(parsed =>
        {
            var output = CommandOutput.Of(parsed, json);
            var result = new VersionResult(OwnVersion, RuntimeInformation.FrameworkDescription, RuntimeInformation.RuntimeIdentifier,
                Machine.Compiled);
            if (output.Json) output.WriteJson(result, FleetJson.Default.VersionResult);
            else output.Output.WriteLine($"edgelearn {result.Version} ({result.Platform}, {result.Runtime}, {result.Compiled})");
        });
        return command;
    }

    static string OwnVersion
        => typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
