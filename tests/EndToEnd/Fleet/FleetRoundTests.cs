using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>A hub and two boards that have enrolled, shared by the tests of a class.</summary>
public sealed class TwoBoards : IDisposable
{
    public TwoBoards()
    {
        Fleet = new FleetOfProcesses("--test-data", "digits");
        foreach (string name in (string[])["board-1", "board-2"]) Fleet.StartBoard(name, "--token", Fleet.Token()).WaitForError("enrolled");
    }

    internal FleetOfProcesses Fleet { get; }

    public void Dispose() => Fleet.Dispose();
}

public class FleetRoundTests(TwoBoards boards, ITestOutputHelper output) : IClassFixture<TwoBoards>
{
    // 100 x 16 + 100 + 10 x 100 + 10
    const int ParameterCount = 2710;

    FleetOfProcesses Fleet => boards.Fleet;

    [Theory]
    [InlineData("float32", 0.70, 4.0 * ParameterCount, 1.1)]
    [InlineData("sign", 0.15, ParameterCount / 8.0, 1.5)]
    [InlineData("records", 0.0, 20 * 12.0, 2.0)]
    public void Two_boards_make_a_better_model_with_every_codec(string codec, double leastAccuracy, double updateBytes, double slack)
    {
        ulong before = Fleet.Ask("push", Fleet.Model()).GetProperty("version").GetUInt64();
        string[] options = codec == "records" ? ["--steps", "20"] : ["--batch", "16"];
        var result = Fleet.Ask(["round", "run", "--codec", codec, .. options]);
        var round = Assert.Single(result.GetProperty("rounds").EnumerateArray());
        output.WriteLine(round.ToString());
        Assert.Equal("committed", Text(round, "state"));
        Assert.Equal(codec, Text(round, "codec"));
        Assert.Equal(2, Number(round, "expected"));
        Assert.Equal(2, Number(round, "reported"));
        Assert.Equal(before + 1, Number(round, "model_version"));
        Assert.NotEqual(Text(round, "base_digest"), Text(round, "model_digest"));
        Assert.Equal(Number(round, "accuracy"), result.GetProperty("final_accuracy").GetDouble());
        Assert.InRange(Number(round, "accuracy"), leastAccuracy, 1);
        Assert.InRange(Number(round, "update_bytes_up"), 2 * updateBytes, 2 * updateBytes * slack);
        Assert.InRange(Number(round, "bytes_up"), Number(round, "update_bytes_up"), Number(round, "update_bytes_up") + 20_000);
        Assert.True(Number(round, "bytes_down") > 0);
        Assert.Equal(Number(round, "round"), Number(Fleet.Ask("round", "watch"), "round"));
        Assert.Contains(Fleet.Ask("round", "list").GetProperty("rounds").EnumerateArray(),
            listed => Text(listed, "model_digest") == Text(round, "model_digest"));
    }

    [Fact]
    public void Boards_report_how_a_round_went_and_what_it_took()
    {
        Fleet.Ask("push", Fleet.Model());
        var round = Fleet.Ask("round", "run").GetProperty("rounds")[0];
        string number = $"{Number(round, "round")}";
        var rows = Fleet.Ask("telemetry", "--round", number).GetProperty("telemetry").EnumerateArray().ToArray();
        Assert.Equal(["board-1", "board-2"], rows.Select(row => Text(row, "name")).Order());
        Assert.All(rows, row =>
        {
            Assert.True(Number(row, "loss") > 0);
            Assert.True(Number(row, "step_ms") > 0);
            Assert.InRange(Number(row, "rss_bytes"), 1e6, 1e9);
            Assert.InRange(Number(row, "examples"), 1500, 2000);
        });
        Assert.Equal("board-2",
            Text(Assert.Single(Fleet.Ask("telemetry", "--round", number, "--device", "board-2").GetProperty("telemetry").EnumerateArray()),
            "name"));
        string table = Fleet.Cli("telemetry", "--round", number).Output;
        Assert.Contains("board-1", table, StringComparison.Ordinal);
        Assert.Contains("accuracy", table.Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public void The_rate_runs_to_zero_over_the_rounds()
    {
        Fleet.Ask("push", Fleet.Model());
        var run = Fleet.Cli("round", "run", "--rounds", "3", "--lr", "0.6", "--batch", "16", "--json");
        Assert.Equal(0, run.ExitCode);
        double[] rates = JsonDocument.Parse(run.Output).RootElement.GetProperty("rounds").EnumerateArray()
            .Select(round => Number(round, "learning_rate")).ToArray();
        Assert.Equal([0.6, 0.4, 0.2], rates.Select(rate => Math.Round(rate, 6)));
        Assert.Equal(3, run.Error.Split('\n').Count(line => line.Contains("committed", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_board_is_listed_and_shown_with_what_it_did()
    {
        Fleet.Ask("push", Fleet.Model());
        Fleet.Ask("round", "run");
        var devices = Fleet.Ask("device", "list").GetProperty("devices").EnumerateArray().ToArray();
        Assert.Equal(["board-1", "board-2"], devices.Select(device => Text(device, "name")));
        var shown = Fleet.Ask("device", "show", "board-1");
        Assert.Equal(Text(devices[0], "device_id"), Text(shown, "device_id"));
        Assert.Equal("default", Text(shown, "group"));
        Assert.False(shown.GetProperty("revoked").GetBoolean());
        Assert.True(Number(shown, "accepted_reports") >= 1);
        string text = Fleet.Cli("device", "show", Text(shown, "device_id")).Output;
        Assert.Contains("board-1", text, StringComparison.Ordinal);
        Assert.Contains("active", text, StringComparison.Ordinal);
    }

    static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();
}
