using System.Globalization;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>A loss that runs away ends the run in one line, and takes nothing that was good.</summary>
public sealed class RunawayTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _data;

    public RunawayTests() => _data = ThreePlaces.Write(_folder);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("backprop", "adam", "layers.1 is the first layer whose outputs are not finite")]
    [InlineData("tpsgd", "adam", ".weight is the first tensor with a value that is not finite")]
    [InlineData("tpsgd", "signsgd", "is the first layer whose outputs are not finite")]
    [InlineData("zo", "sgd", "is the first")]
    [InlineData("frozen", "adam", "no value is infinite yet")]
    public void The_line_names_step_cause_and_a_lower_rate_and_the_saved_model_stays(string rule, string update, string cause)
    {
        string saved = _folder["model.safetensors"], run = _folder["run"];
        string[] network = ["--data", _data, "--network", "8x8-32:relu-32:relu-3", "--checkpoint", run, "--checkpoint-interval", "0",
            "--save", saved];
        File.WriteAllText(saved, "an earlier model");
        var runaway = Invoked.Run(["train", .. network, "--rule", rule, "--update", update, "--lr", "1e30"]);
        Assert.Equal(1, runaway.ExitCode);
        string line = Assert.Single(runaway.Error.Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.StartsWith($"error: {rule}: the loss was ", line);
        Assert.Contains(" at step 2 of ", line);
        Assert.Contains(cause, line);
        Assert.Contains("try a lower rate than --lr 1E+30, such as --lr ", line);
        Assert.Contains($"{run} keeps the state after step 0: --network {run} goes on from its weights", line);
        Assert.Equal("an earlier model", File.ReadAllText(saved));

        // The state that was kept is the start, though the one after step 1 had been saved: its loss showed what it was worth.
        double LossOf(params string[] from)
            => Invoked.Run(["train", "--data", _data, "--rule", "frozen", "--lr", "1e-12", "--steps", "1", "--json", .. from]).Json()
                .Number("test_loss");
        Assert.Equal(LossOf("--network", "8x8-32:relu-32:relu-3"), LossOf("--network", run), 1e-6);
    }

    [Fact]
    public void The_newest_state_with_a_good_loss_is_kept_when_a_run_turns_bad_late()
    {
        // Each step multiplies the weights by 1 - rate * decay = -49: the loss is a thousand times the first after a few steps, a million
        // times after a few more.
        string run = _folder["run"];
        var runaway =
            Invoked.Run("train", "--data", _data, "--rule", "frozen", "--lr", "1e-3", "--weight-decay", "5e4", "--schedule", "constant",
            "--checkpoint", run, "--checkpoint-interval", "0");
        Assert.Contains("keeps the state after step ", runaway.Error);
        int kept = int.Parse(runaway.Error.Split("keeps the state after step ")[1].Split(':')[0], CultureInfo.InvariantCulture),
            step = int.Parse(runaway.Error.Split("at step ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.InRange(kept, 0, step - 2);
        double loss = Invoked.Run("train", "--data", _data, "--network", run, "--rule", "frozen", "--lr", "1e-12", "--steps", "1", "--json")
            .Json().Number("test_loss");
        Assert.InRange(loss, 0, 1e4);
    }

    [Fact]
    public void Inputs_that_are_too_large_are_blamed_where_no_weight_was_changed_yet()
    {
        string path = _folder["large.csv"];
        File.WriteAllLines(path,
            ["a,b,y", .. Enumerable.Range(0, 40)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"{(i % 2 == 0 ? "3e38" : "-3e38")},3e38,{i % 2}"))]);
        var run = Invoked.Run("train", "--data", path, "--preparation", "none", "--network", "2-8:relu-2", "--rule", "backprop");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("at step 1 of ", run.Error);
        Assert.Contains("inputs reach 3E+38; prepare the inputs with --preparation standardise", run.Error);
        Assert.DoesNotContain("--lr", run.Error);
    }
}
