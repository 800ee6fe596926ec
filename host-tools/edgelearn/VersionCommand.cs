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
    public static Command Create()
    {
        var command = new ExampleCommand("version", "print the version of this program", "", "--json") { CommandOutput.JsonOption() };
        command.SetAction(parsed =>
        {
            var output = CommandOutput.Of(parsed);
            var result = new VersionResult(OwnVersion, RuntimeInformation.FrameworkDescription, RuntimeInformation.RuntimeIdentifier,
                Machine.Compiled);
            output.Write(result, FleetJson.Default.VersionResult, text
                => text.WriteLine($"edgelearn {result.Version} ({result.Platform}, {result.Runtime}, {result.Compiled})"));
        });
        return command;
    }

    static string OwnVersion
        => typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
