namespace EdgeLearn.Tests;

/// <summary>
/// The agent as a process: the launcher's native program where the tests are told of it, otherwise the one that was built beside the tests,
/// on the JIT.
/// </summary>
static class Agent
{
    static readonly string? s_native = Environment.GetEnvironmentVariable("EDGELEARN_DEVICE");

    /// <summary>What to start.</summary>
    public static string Program => s_native ?? "dotnet";

    /// <summary>What to give it.</summary>
    public static string[] Arguments(params string[] arguments)
        => s_native is not null
            ? arguments
            : [Repository.PathOf("artifacts", "bin", "edgelearn-device", "release", "edgelearn-device.dll"), .. arguments];

    /// <summary>Runs it to its end.</summary>
    public static Run Run(params string[] arguments) => Repository.Run(Program, null, Arguments(arguments));
}
