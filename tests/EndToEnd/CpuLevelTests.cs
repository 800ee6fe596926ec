using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>The launcher (bash) and <c>info</c> (.NET) read the level of a CPU from the same two sources and say the same.</summary>
public sealed class CpuLevelTests : IDisposable
{
    const string NoAbm = "avx f16c fma movbe bmi1 avx2 bmi2", Version3 = NoAbm + " abm";
    const string Version4 = Version3 + " avx512f avx512dq avx512cd avx512bw avx512vl";
    const string Lists4 = "x86-64-v4 (supported, searched)|" + Lists3, Lists3 = "x86-64-v3 (supported, searched)|" + Lists2;
    const string Lists2 = "x86-64-v2 (supported, searched)";

    readonly string _folder = Directory.CreateTempSubdirectory("edgelearn-cpu-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    // The loader knows better than a kernel that lists no abm.
    [InlineData("x86-64-v4", Lists4, NoAbm)]
    [InlineData("x86-64-v3", "x86-64-v4|" + Lists3, Version4)]
    [InlineData("x86-64-v2", "x86-64-v4|x86-64-v3|" + Lists2, Version4)]
    // glibc before 2.33, musl, a stub.
    [InlineData("x86-64-v4", "Usage: ld.so [OPTION]... EXECUTABLE-FILE", Version4)]
    [InlineData("x86-64-v3", "musl libc (x86_64)", Version3)]
    [InlineData("x86-64-v2", "", NoAbm)]
    // No loader.
    [InlineData("x86-64-v4", null, Version4)]
    [InlineData("x86-64-v3", null, Version3 + " avx512f")]
    [InlineData("x86-64-v2", null, "sse4_2 popcnt")]
    public void The_loader_is_believed_before_the_kernel(string expected, string? help, string flags)
    {
        Assert.SkipWhen(RuntimeInformation.ProcessArchitecture == Architecture.Arm64, "levels are x86-64's");
        string loader = Path.Combine(_folder, "loader"), cpuInfo = Path.Combine(_folder, "cpuinfo");
        File.WriteAllText(cpuInfo, $"model name\t: a CPU\nflags\t\t: fpu sse2 {flags}\nbugs\t\t:\n\nprocessor\t: 1\nflags\t\t: fpu\n");
        // Written by the shell: a file that this process writes may be held open by the start of another process, and does not run then.
        const string Write = "printf '#!/bin/sh\\necho \"  %s\"\\nexit 1\\n' \"$2\" >\"$1\"; chmod +x \"$1\"";
        if (help is not null) Bash(Write, loader, help.Replace("|", "\n  ", StringComparison.Ordinal));
        Assert.Equal(expected, CpuLevel.Read(loader, cpuInfo));
        Assert.Equal(expected, "x86-64-v" + Bash("cpu_level \"$1\" \"$2\"", loader, cpuInfo));
    }

    [Fact]
    public void Where_nobody_says_the_launcher_builds_what_runs_everywhere()
    {
        string nothing = Path.Combine(_folder, "nothing");
        Assert.Null(CpuLevel.Read(nothing, nothing));
        Assert.Equal("2", Bash("cpu_level \"$1\" \"$2\"", nothing, nothing));
    }

    [Fact]
    public void The_launcher_builds_for_the_level_that_info_names()
    {
        var run = Agent.Run("info", "--json");
        Assert.True(run.ExitCode == 0, run.Error);
        using var result = JsonDocument.Parse(run.Output);
        var program = result.RootElement.GetProperty("program");
        string cpu = program.GetProperty("cpu_instruction_set").GetString()!;
        bool arm = cpu.StartsWith("arm64", StringComparison.Ordinal);
        Assert.Equal(arm ? "linux-arm64" : cpu.Replace("x86-64-", "linux-x64-", StringComparison.Ordinal), Bash("machine_target"));
        // The program that was built for this machine uses what the CPU has.
        Assert.Equal(cpu, program.GetProperty("instruction_set").GetString());
    }

    static string Bash(string command, params string[] arguments)
    {
        string library = Repository.PathOf("build", "toolchain.sh");
        var run = Repository.Run("bash", null, ["-euo", "pipefail", "-c", $". \"$0\"; {command}", library, .. arguments]);
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Output.TrimEnd('\n');
    }
}
