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

    /// <summary>Bytes that are asserted of the native program alone: the runtime of a JIT takes what it takes.</summary>
    public static long AtMost(long bytes) => s_native is null ? long.MaxValue : bytes;

    /// <summary>Runs it to its end in a folder, and watches its memory.</summary>
    public static (Run Run, PeakMemory Memory) Watch(string folder, params string[] arguments)
    {
        using var agent = RunningProgram.Start([Program, .. Arguments()], folder, arguments);
        return agent.Watch();
    }

    /// <summary>Runs it to its end.</summary>
    public static Run Run(params string[] arguments) => Repository.Run(Program, null, Arguments(arguments));
}
