using Xunit;

namespace EdgeLearn.Tests;

public class LauncherTests
{
    static readonly string Launcher = Repository.PathOf("edgelearn");

    // What the launcher itself may start. There is no compiler among it, and no dotnet.
    static readonly string[] s_tools = ["env", "bash", "readlink", "uname", "find", "sort", "cksum"];

    [Fact]
    public void A_run_with_nothing_to_build_starts_a_few_small_tools_and_builds_nothing()
    {
        var built = Repository.Run(Launcher, null, "--build-only");
        Assert.True(built.ExitCode == 0, built.Error);
        var written = WhenWritten(built);
        string folder = Directory.CreateTempSubdirectory("edgelearn-tools-").FullName;
        try
        {
            foreach (string tool in s_tools)
            {
                string path = Repository.Run("bash", null, "-c", $"command -v {tool}").Output.TrimEnd('\n');
                File.CreateSymbolicLink(Path.Combine(folder, tool), path);
            }

            var run = Repository.Run(Launcher, new Dictionary<string, string?> { ["PATH"] = folder }, "--build-only");
            Assert.Equal((0, built.Output, ""), (run.ExitCode, run.Output, run.Error));
            Assert.Equal(written, WhenWritten(run));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("./edgelearn help")]
    [InlineData("./edgelearn info", "help")]
    [InlineData("./edgelearn info", "train", "--help")]
    [InlineData("./edgelearn info", "round", "run", "--rounds", "3", "-h")]
    [InlineData("./edgelearn bench", "bench", "--help")]
    [InlineData("./edgelearn bench", "help", "bench")]
    [InlineData("--build-only [TARGET...]", "--build-only", "--help")]
    [InlineData("0.1.0", "--version")]
    public void What_only_asks_builds_nothing(string expected, params string[] arguments)
    {
        string clone = NewClone();
        try
        {
            var run = Repository.Run(Path.Combine(clone, "edgelearn"), null, arguments);
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            Assert.Contains(expected, run.Output, StringComparison.Ordinal);
            Assert.False(Directory.Exists(Path.Combine(clone, "artifacts")));
        }
        finally
        {
            Directory.Delete(clone, recursive: true);
        }
    }

    [Fact]
    public void What_only_asks_is_answered_by_a_program_that_is_out_of_date()
    {
        string clone = NewClone();
        try
        {
            string program = Path.Combine(clone, "artifacts", "jit", "cli", "edgelearn-cli");
            Directory.CreateDirectory(Path.GetDirectoryName(program)!);
            File.CreateSymbolicLink(program, "/bin/echo");
            var run = Repository.Run(Path.Combine(clone, "edgelearn"), null, "train", "--help");
            Assert.Equal((0, "train --help\n", ""), (run.ExitCode, run.Output, run.Error));
            Assert.Equal([program], Directory.GetFiles(Path.Combine(clone, "artifacts"), "*", SearchOption.AllDirectories));
        }
        finally
        {
            Directory.Delete(clone, recursive: true);
        }
    }

    [Fact]
    public void Programs_are_looked_up_in_one_table()
    {
        const string LookUp = ". \"$0\"; for p in device cli bench workload; do look_up $p; echo $project; done; look_up nothing";
        var run = Repository.Run("bash", null, "-c", LookUp, Repository.PathOf("build", "toolchain.sh"));
        Assert.Equal((1, "error: no program is called nothing\n"), (run.ExitCode, run.Error));
        string[] projects = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, projects.Length);
        Assert.All(projects, project => Assert.True(File.Exists(Repository.PathOf(project)), project));
    }

    // The native linker would take a path with a blank for two.
    [Fact]
    public void Packages_behind_a_blank_get_a_name_without_one()
    {
        string home = Directory.CreateTempSubdirectory("edgelearn a home ").FullName;
        const string Prepare = ". \"$0\"; prepare_dotnet; echo \"$NUGET_PACKAGES\"; readlink \"$NUGET_PACKAGES\"";
        var environment = new Dictionary<string, string?> { ["HOME"] = home, ["NUGET_PACKAGES"] = null };
        try
        {
            var run = Repository.Run("bash", environment, "-c", Prepare, Repository.PathOf("build", "toolchain.sh"));
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            string[] lines = run.Output.Split('\n');
            Assert.DoesNotContain(' ', lines[0]);
            Assert.Equal(Path.Combine(home, ".nuget", "packages"), lines[1]);
            File.Delete(lines[0]);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Fact]
    public void Both_programs_lie_where_build_only_says()
    {
        var run = Repository.Run(Launcher, null, "--build-only");
        string[] programs = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["edgelearn-device", "edgelearn-cli"], programs.Select(Path.GetFileName));
        Assert.All(programs, program => Assert.True(File.Exists(program), program));
    }

    [Fact]
    public void The_launcher_finds_its_checkout_through_a_link_and_without_a_home()
    {
        string link = Path.Combine(Path.GetTempPath(), $"edgelearn-{Guid.NewGuid():N}");
        File.CreateSymbolicLink(link, Launcher);
        try
        {
            var run = Repository.Run(link, new Dictionary<string, string?> { ["HOME"] = null }, "--build-only");
            Assert.Equal(0, run.ExitCode);
            Assert.StartsWith(Repository.PathOf("artifacts"), run.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(link);
        }
    }

    [Fact]
    public void An_unknown_target_is_one_line_that_names_the_known_ones()
    {
        var run = Repository.Run(Launcher, null, "--build-only", "linux-arm65");
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("error: unknown target 'linux-arm65': expected linux-x64-v2, linux-x64-v3, linux-x64-v4 or linux-arm64\n", run.Error);
    }

    // What the launcher needs of a clone, in a path with blanks. Copied by a program: a file that this process writes may be held open by
    // the start of another process, and does not run then.
    static string NewClone()
    {
        string folder = Directory.CreateTempSubdirectory("edgelearn clone ").FullName;
        string[] parts = ["edgelearn", "build", "Directory.Build.props", "global.json"];
        Assert.Equal(0, Repository.Run("cp", null, ["-r", .. parts.Select(part => Repository.PathOf(part)), folder]).ExitCode);
        return folder;
    }

    static DateTime[] WhenWritten(Run run) =>
        [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(File.GetLastWriteTimeUtc)];
}
