using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>The demonstration as a user starts it, on the bundled digits.</summary>
public sealed class DemoTests
{
    // The agent as the launcher built it, or as the solution was built.
    static readonly Dictionary<string, string?> s_environment = new()
    {
        ["EDGELEARN_ROOT"] = Repository.Root,
        ["EDGELEARN_DEVICE"] = Environment.GetEnvironmentVariable("EDGELEARN_DEVICE")
            ?? Repository.PathOf("artifacts", "bin", "edgelearn-device", "release", "edgelearn-device"),
    };

    static Run Demo(params string[] arguments) => DemoIn(Path.GetTempPath(), arguments);

    static Run DemoIn(string temporary, params string[] arguments)
    {
        var environment = new Dictionary<string, string?>(s_environment) { ["TMPDIR"] = temporary };
        return Repository.Run(Programs.Cli[0], environment, [.. Programs.Cli[1..], "demo", "--data", "digits", .. arguments]);
    }

    [Fact]
    public void Ten_rounds_on_the_digits_reach_what_the_issue_promises()
    {
        var run = Demo("--json");
        Assert.True(run.ExitCode == 0, run.Error);
        using var json = JsonDocument.Parse(run.Output);
        var root = json.RootElement;
        Assert.Equal(10, root.GetProperty("rounds").GetArrayLength());
        Assert.All(root.GetProperty("rounds").EnumerateArray(), round =>
        {
            Assert.Equal(4, round.GetProperty("reported").GetInt32());
            // four boards, all weights as float32
            Assert.True(round.GetProperty("bytes_up").GetInt64() > 4 * (200 * 17 + 10 * 201) * sizeof(float));
        });
        double final = root.GetProperty("final_accuracy").GetDouble();
        Assert.InRange(final, 0.93, 1);
        Assert.Equal(final, root.GetProperty("rounds")[9].GetProperty("accuracy").GetDouble());
        var controls = root.GetProperty("controls");
        foreach (string control in new[] { "alone", "central", "frozen", "backprop" })
            Assert.InRange(controls.GetProperty(control).GetDouble(), 0.5, 1);
        Assert.All(root.GetProperty("device_peak_rss_bytes").EnumerateArray(), bytes => Assert.True(bytes.GetInt64() > 1_000_000));
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task Two_at_once_do_not_clash_and_leave_nothing_behind()
    {
        // Others run demonstrations on this machine, too.
        string temporary = Directory.CreateTempSubdirectory("edgelearn-demos-").FullName;
        Task<Run> RunAsync() => Task.Run(() => DemoIn(temporary, "--rounds", "2", "--no-controls", "--json"));
        var runs = await Task.WhenAll(RunAsync(), RunAsync());
        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.Error));
        string[] accuracies = [
            .. runs.Select(run => JsonDocument.Parse(run.Output).RootElement.GetProperty("final_accuracy").GetRawText())];
        Assert.Equal(accuracies[0], accuracies[1]); // the same seed, the same rounds: the same bits
        Assert.Empty(Directory.GetDirectories(temporary, "edgelearn-demo-*"));
        Directory.Delete(temporary, recursive: true);
    }

    [Theory]
    [InlineData("--devices", "0")]
    [InlineData("--rounds", "0")]
    [InlineData("--alpha", "nan")]
    public void A_number_that_makes_no_sense_is_refused_in_one_line(string option, string value)
    {
        var run = Demo(option, value);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.Empty(run.Output);
    }
}
