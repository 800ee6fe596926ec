using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>A run that is asked to stop keeps what it has learned.</summary>
public sealed class StopTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _data;

    public StopTests() => _data = ThreePlaces.Write(_folder);

    public void Dispose() => _folder.Dispose();

    // Stops a run once its log has so many lines.
    async Task<Invoked> StopAsync(int lines, params string[] arguments)
    {
        string log = _folder["stop.jsonl"];
        using var stop = new CancellationTokenSource();
        string[] all = ["train", "--data", _data, "--network", "8x8-20:relu-3", "--log", log, .. arguments];
        var run = Task.Run(() => Invoked.Run(stop.Token, all));
        while (!run.IsCompleted && (!File.Exists(log) || File.ReadAllLines(log).Length < lines))
            await Task.Delay(2, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        return await run;
    }

    static int StepOf(Invoked run)
        => int.Parse(run.Error.Split("stopped after step ")[1].Split(' ')[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    [Fact]
    public async Task It_saves_its_model_and_says_so_in_one_line()
    {
        string saved = _folder["m.safetensors"];
        var run = await StopAsync(5, "--steps", "1000000", "--save", saved);
        Assert.Equal(130, run.ExitCode);
        Assert.Matches(@"\nstopped after step [\d,]+ of 1,000,000; saved \S+m.safetensors\n$", run.Error);
        Assert.Matches(@"stopped  after step [\d,]+ of 1,000,000, before its test\n", run.Output);
        Assert.EndsWith($"saved {saved}\n", run.Output);
        // What the samples show after a few hundred steps; one that nothing was learned by would be right at a third of them.
        Assert.InRange(Invoked.Run("evaluate", "--model", saved, "--data", _data, "--json").Json().Number("test_accuracy"), 0.9, 1);
    }

    [Fact]
    public async Task Its_json_has_the_steps_done_and_no_test()
    {
        var run = await StopAsync(5, "--steps", "1000000", "--json");
        Assert.Equal(130, run.ExitCode);
        var result = (run with { ExitCode = 0 }).Json();
        Assert.Equal(StepOf(run), (int)result.GetProperty("stopped").Number("step"));
        Assert.Equal(1_000_000, result.GetProperty("stopped").Number("of"));
        foreach (string none in new[] { "test_accuracy", "test_loss", "model", "figures" })
            Assert.Equal(JsonValueKind.Null, result.GetProperty(none).ValueKind);
        Assert.Contains("nothing was saved (--save FILE or --checkpoint DIR would)\n", run.Error);
    }

    // After the first step, with a rate like this, the weights are finite and the next loss would not be.
    [Theory]
    [InlineData("1e30", false)]
    [InlineData("1e-3", true)]
    public async Task Weights_that_run_away_take_the_place_of_no_good_model(string rate, bool isGood)
    {
        string saved = _folder["m.safetensors"], run = _folder["run"];
        File.WriteAllText(saved, "an earlier model");
        using var stop = new CancellationTokenSource();
        using var error = new StoppingWriter(" step 1 of ", stop);
        RootCommand root = [TrainCommand.Create()];
        string[] arguments = ["train", "--data", _data, "--network", "8x8-32:relu-3", "--rule", "backprop", "--update", "sgd", "--lr", rate,
            "--batch", "300", "--steps", "4", "--verbose", "--save", saved, "--checkpoint", run];
        int code = await CommandProgram.RunAsync(root, "program", arguments, TextWriter.Null, error, stop.Token);
        Assert.Equal(130, code);
        string line = error.ToString().Split('\n')[^2];
        if (isGood)
        {
            Assert.StartsWith($"stopped after step 1 of 4; saved {saved}; go on with", line);
            using var model = ModelFile.Load(saved);
            return;
        }
        Assert.Matches("^stopped after step 1 of 4; the loss is .*: nothing was saved; go on with", line);
        Assert.Equal("an earlier model", File.ReadAllText(saved));
        // The checkpoint has the run's first moment: the same weights as a run that takes no step to speak of.
        double LossOf(params string[] from)
            => Invoked.Run(["train", "--data", _data, "--rule", "frozen", "--lr", "1e-12", "--steps", "1", "--json", .. from]).Json()
                .Number("test_loss");
        Assert.Equal(LossOf("--network", "8x8-32:relu-3"), LossOf("--network", run), 1e-6);
    }

    [Fact]
    public async Task It_saves_what_is_kept_of_the_past_and_goes_on_to_the_same_bits()
    {
        string[] Arguments(string name) =>
        [
            "--steps", "60000", "--replay-bytes", "4kB", "--ewc", "10", "--average", "ema", "--past", _folder[name + ".past"], "--save",
            _folder[name], "--checkpoint", _folder[name + ".run"], "--resume",
        ];
        var whole = await StopAsync(int.MaxValue, Arguments("whole"));
        Assert.Equal((0, ""), (whole.ExitCode, whole.Error.Contains("stopped") ? whole.Error : ""));
        File.Delete(_folder["stop.jsonl"]);
        var first = await StopAsync(10, Arguments("broken"));
        Assert.Equal(130, first.ExitCode);
        Assert.InRange(StepOf(first), 100, 59_999);
        Assert.Contains($"saved {_folder["broken"]}, {_folder["broken.past"]}; go on with --checkpoint {_folder["broken.run"]} --resume",
            first.Error);
        Assert.True(File.Exists(_folder["broken"]) && File.Exists(_folder["broken.past"]));
        var second = await StopAsync(int.MaxValue, Arguments("broken"));
        Assert.Equal((0, ""), (second.ExitCode, second.ExitCode == 0 ? "" : second.Error));
        Assert.Equal(File.ReadAllBytes(_folder["whole"]), File.ReadAllBytes(_folder["broken"]));
        Assert.Equal(File.ReadAllBytes(_folder["whole.past"]), File.ReadAllBytes(_folder["broken.past"]));
    }

    [Fact]
    public void Before_its_first_step_there_is_nothing_to_keep()
    {
        string saved = _folder["m.safetensors"];
        File.WriteAllText(saved, "an earlier model");
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var run = Invoked.Run(stop.Token, "train", "--data", _data, "--save", saved);
        Assert.Equal((130, ""), (run.ExitCode, run.Output));
        Assert.EndsWith("stopped before the first step; nothing was saved\n", run.Error);
        Assert.Equal("an earlier model", File.ReadAllText(saved));
    }

    // Asks to stop as soon as a line with some text is written.
    sealed class StoppingWriter(string text, CancellationTokenSource stop) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true) stop.Cancel();
        }
    }
}
