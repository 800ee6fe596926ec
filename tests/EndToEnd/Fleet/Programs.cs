namespace EdgeLearn.Tests;

/// <summary>
/// How to start the two programs: as the launcher has built them where <c>./test</c> says so ($EDGELEARN_DEVICE), otherwise as the solution
/// was built, by <c>dotnet</c>.
/// </summary>
static class Programs
{
    /// <summary>The host's command line.</summary>
    public static string[] Cli { get; } = Environment.GetEnvironmentVariable("EDGELEARN_DEVICE") is { } device
        ? [Path.Combine(Path.GetDirectoryName(device)!, "..", "cli", "edgelearn-cli")]
        : ["dotnet", Repository.PathOf("artifacts", "bin", "edgelearn-cli", "release", "edgelearn-cli.dll")];

    /// <summary>The agent.</summary>
    public static string[] Device { get; } = [Agent.Program, .. Agent.Arguments()];
}
