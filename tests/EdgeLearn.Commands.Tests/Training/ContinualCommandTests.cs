using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class ContinualCommandTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _data;

    public ContinualCommandTests() => _data = ThreePlaces.Write(_folder);

    public void Dispose() => _folder.Dispose();

    JsonElement Train(params string[] arguments)
        => Invoked.Run(["train", "--data", _data, "--json", "--network", "8x8-20-3", .. arguments]).Json();

    [Fact]
    public void A_file_of_the_past_goes_from_run_to_run()
    {
        string path = _folder["board.past"];
        string[] keep = ["--replay-bytes", "4kB", "--replay", "balanced", "--ewc", "10", "--past", path, "--steps", "40"];
        var first = Train(keep).GetProperty("past");
        Assert.Equal((1, JsonValueKind.Null), (first.Number("consolidated_tasks"), first.GetProperty("averaged_steps").ValueKind));
        var second = Train(keep).GetProperty("past");
        Assert.Equal(2, second.Number("consolidated_tasks"));
        Assert.Equal(2 * first.Number("replay_seen"), second.Number("replay_seen"));
        // Pixels are bytes: 64 of them and a label; the buffer's own 256 and 39 bytes count as well.
        Assert.Equal((64 + 4, (4000 - 256 - 39) / 68), (second.Number("replay_sample_bytes"), second.Number("replay_samples")));
    }

    [Fact]
    public void Local_heads_alone_are_worth_a_file_of_the_past()
    {
        string path = _folder["heads.past"];
        Train("--rule", "local-heads", "--past", path, "--steps", "20");
        byte[] once = File.ReadAllBytes(path);
        Train("--rule", "local-heads", "--past", path, "--steps", "20");
        Assert.Equal(once.Length, File.ReadAllBytes(path).Length);
        Assert.NotEqual(once, File.ReadAllBytes(path));
    }

    [Fact]
    public void The_saved_model_is_the_averaged_one()
    {
        string path = _folder["m.safetensors"];
        var trained = Train("--average", "ema:0.9", "--steps", "60", "--save", path);
        Assert.Equal(60, trained.GetProperty("past").Number("averaged_steps"));
        var evaluated = Invoked.Run("evaluate", "--model", path, "--data", _data, "--json").Json();
        Assert.Equal(trained.Number("test_loss"), evaluated.Number("test_loss"), 1e-6);
        Assert.NotEqual(trained.Number("test_loss"), Train("--steps", "60").Number("test_loss"), 1e-6);
    }

    [Fact]
    public void A_resumed_run_takes_its_past_from_the_checkpoint()
    {
        string path = _folder["board.past"];
        string[] keep = ["--replay-bytes", "4kB", "--ewc", "10", "--past", path, "--steps", "40", "--checkpoint", _folder["run"],
            "--resume"];
        Train(keep);
        byte[] once = File.ReadAllBytes(path);
        Assert.Equal(1, Train(keep).GetProperty("past").Number("consolidated_tasks")); // the run is at its end already
        Assert.Equal(once, File.ReadAllBytes(path));
    }

    [Fact]
    public void A_plan_counts_what_is_kept()
    {
        var plan = Invoked.Run("plan", "--network", "8x8-20-3", "--replay-bytes", "4kB", "--ewc", "1", "--average", "swa", "--json").Json();
        Assert.Equal(4000 + 3 * 4 * (65 * 20 + 21 * 3), plan.Number("past_bytes"));
        Assert.True(plan.Number("total_bytes") > plan.Number("past_bytes") + plan.Number("parameter_bytes"));
    }

    [Theory]
    [InlineData("--replay-bytes 20", "one sample takes 68 bytes")]
    [InlineData("--replay-bytes lots", "expected a number of bytes above 0")]
    [InlineData("--replay balanced", "--replay needs --replay-bytes BYTES")]
    [InlineData("--replay-fraction 0.5", "--replay-fraction needs --replay-bytes BYTES")]
    [InlineData("--replay-bytes 9kB --replay-fraction 1.5", "--replay-fraction 1.5: expected a number above 0 and below 1")]
    [InlineData("--ewc-decay 0.5", "--ewc-decay needs --ewc LAMBDA")]
    [InlineData("--ewc -3", "--ewc -3: expected a number of 0 or more")]
    [InlineData("--average mean", "--average mean: expected ema, ema:0.999, swa or swa:0.75")]
    [InlineData("--average ema:2", "--average ema:2: expected a decay or a part of the run from 0 to below 1")]
    [InlineData("--past p", "--past keeps nothing by itself: add --replay-bytes BYTES or --ewc LAMBDA")]
    [InlineData("--ewc 1 --past /nowhere/p", "--past /nowhere/p: there is no folder /nowhere")]
    public void Options_that_make_no_sense_are_refused_in_one_line(string options, string expected)
    {
        var run = Invoked.Run(["train", "--data", _data, "--network", "8x8-20-3", "--steps", "1", .. options.Split(' ')]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(expected, Assert.Single(run.Error.Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal)));
    }
}
