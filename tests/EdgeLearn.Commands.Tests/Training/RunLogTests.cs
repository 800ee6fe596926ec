using System.Globalization;
using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>The course of a run in a file, whatever becomes of the run.</summary>
public sealed class RunLogTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _data;
    readonly string _log;

    public RunLogTests()
    {
        _data = ThreePlaces.Write(_folder);
        _log = _folder["run.jsonl"];
    }

    public void Dispose() => _folder.Dispose();

    Invoked Train(params string[] arguments)
        => Invoked.Run(["train", "--data", _data, "--network", "8x8-3", "--log", _log, "--json", .. arguments]);

    JsonElement[] Lines() => [.. File.ReadLines(_log).Select(line => JsonDocument.Parse(line).RootElement)];

    static long[] StepsOf(IEnumerable<JsonElement> lines) => [.. lines.Select(line => line.GetProperty("step").GetInt64())];

    [Fact]
    public void A_short_run_has_a_line_for_each_step_between_settings_and_result()
    {
        var result = Train("--epochs", "4", "--lr", "0.5", "--update", "sgd", "--schedule", "linear").Json();
        var lines = Lines();
        var run = lines[0].GetProperty("run");
        Assert.Equal(("tpsgd", "sgd", "8x8-3", 64, 20, 5, 300, 90), (run.Text("rule"), run.Text("update"), run.Text("network"),
            (int)run.Number("batch"), (int)run.Number("steps"), (int)run.Number("steps_per_epoch"), (int)run.Number("train_examples"),
            (int)run.Number("test_examples")));
        Assert.Equal("0.5", run.GetProperty("settings").Text("lr"));
        Assert.Equal(result.ToString(), lines[^1].GetProperty("result").ToString());
        var points = lines[1..^1];
        Assert.Equal(Enumerable.Range(1, 20).Select(step => (long)step), StepsOf(points));
        // 300 samples are 5 batches of 64; the rate falls from 0.5 by a 20th a step.
        Assert.Equal((0.2, 4.0), (points[0].Number("epoch"), points[^1].Number("epoch")));
        Assert.Equal((0.5, 0.475, 0.025), (points[0].Number("rate"), Math.Round(points[1].Number("rate"), 6),
            Math.Round(points[^1].Number("rate"), 6)));
        Assert.All(points, point => Assert.InRange(point.Number("loss"), 0, 10));
        // The 90 test samples are all in the sample, so the last accuracy is that of the result.
        Assert.Equal(result.Number("test_accuracy"), points[^1].Number("accuracy"));
        Assert.Equal(points.Select(point => point.Number("seconds")).Order(), points.Select(point => point.Number("seconds")));
    }

    [Fact]
    public void A_long_run_has_about_two_thousand_lines_evenly_spread()
    {
        Assert.Equal(0, Train("--steps", "5000", "--batch", "1").ExitCode);
        var points = Lines()[1..^1];
        long[] steps = StepsOf(points);
        // Every third step, and the accuracies after each 250.
        Assert.InRange(steps.Length, 1666, 1690);
        Assert.Equal((3, 4998, 5000), (steps[0], steps[^2], steps[^1]));
        Assert.Equal(Enumerable.Range(1, 20).Select(i => 250L * i),
            StepsOf(points.Where(point => point.TryGetProperty("accuracy", out _))));
    }

    [Fact]
    public void A_run_that_diverges_leaves_its_lines_and_the_reason_and_no_NaN()
    {
        var run = Invoked.Run("train", "--data", _data, "--network", "8x8-32:relu-32:relu-3", "--rule", "backprop", "--update", "sgd",
            "--lr", "1e30", "--log", _log);
        Assert.Equal(1, run.ExitCode);
        var lines = Lines(); // a bare NaN would be no JSON
        Assert.Equal(1, StepsOf(lines[1..^1])[0]);
        Assert.StartsWith("backprop: the loss was ", lines[^1].Text("error"));
    }

    [Fact]
    public async Task A_run_that_is_resumed_goes_on_in_its_log()
    {
        string[] arguments = ["--steps", "200000", "--batch", "1", "--checkpoint", _folder["run"], "--resume"];
        using var stop = new CancellationTokenSource();
        var first = Task.Run(() => Invoked.Run(stop.Token, ["train", "--data", _data, "--network", "8x8-3", "--log", _log, .. arguments]));
        while (!File.Exists(_log) || File.ReadAllLines(_log).Length < 4) await Task.Delay(5, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        Assert.Equal(130, (await first).ExitCode);
        var before = Lines();
        long stopped = before[^1].GetProperty("result").GetProperty("stopped").GetProperty("step").GetInt64();
        Assert.Equal(stopped, StepsOf(before[1..^1])[^1]);

        // As a killed process leaves it: lines behind the checkpoint, and half a line.
        File.AppendAllText(_log, $$"""
            {"step":{{(stopped + 1).ToString(CultureInfo.InvariantCulture)}},"epoch":1,"loss":1,"rate":1,"seconds":1}
            {"step":
            """);
        Assert.Equal(0, Train(arguments).ExitCode);
        var lines = Lines();
        Assert.Equal(before[..^1].Select(line => line.ToString()), lines[..(before.Length - 1)].Select(line => line.ToString()));
        long[] steps = StepsOf(lines[1..^1]);
        Assert.Equal(steps.Distinct().Order(), steps);
        Assert.Equal(200_000, steps[^1]);
        Assert.InRange(steps.Length, 2000, 2025);
        Assert.Equal(200_000, lines[0].GetProperty("run").Number("steps"));
    }

    [Fact]
    public void A_log_never_takes_the_place_of_something_else()
    {
        File.WriteAllText(_log, "notes of mine");
        var run = Train();
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"error: --log {_log}: there is a file of another kind", run.Error);
        Assert.Equal("notes of mine", File.ReadAllText(_log));
        File.Delete(_log);
        Assert.Contains("name the same file", Train("--svg", _log).Error);
        Assert.Contains("name the same file", Train("--save", _log).Error);
    }
}
