using Xunit;

namespace EdgeLearn.Tests;

public class LauncherTests
{
    static readonly string Launcher = Repository.PathOf("edgelearn");

    [Fact]
    public void A_run_with_nothing_to_build_adds_less_than_a_fifth_of_a_second()
    {
        Assert.Equal(0, Repository.Run(Launcher, null, "--build-only").ExitCode);
        // Other tests load the machine; the quickest of a few runs is what the launcher itself takes.
        var quickest = Enumerable.Range(0, 8).Min(_ => Repository.Run(Launcher, null, "--build-only").Elapsed);
        Assert.True(quickest < TimeSpan.FromSeconds(0.2), $"the launcher took {quickest.TotalMilliseconds:F0} ms");
    }

    [Fact]
    public void Both_programs_lie_where_build_only_says()
    {
        var run = Repository.Run(Launcher, null, "--build-only");
        var programs = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["edgelearn-device", "edgelearn-cli"], programs.Select(Path.GetFileName));
        Assert.All(programs, program => Assert.True(File.Exists(program), program));
    }

    [Fact]
    public void The_launcher_finds_its_checkout_through_a_link_and_without_a_home()
    {
        var link = Path.Combine(Path.GetTempPath(), $"edgelearn-{Guid.NewGuid():N}");
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
}
