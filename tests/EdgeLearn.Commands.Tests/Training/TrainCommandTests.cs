using System.Globalization;
using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class TrainCommandTests : IDisposable
{
    static readonly string[] s_fields =
    [
        "rule", "update", "update_settings", "network", "seed", "epochs", "batch", "learning_rate", "train_examples", "test_examples",
            "test_accuracy", "test_loss", "step_ms_median", "step_ms_p99",
        "seconds", "peak_rss_bytes", "workspace_bytes", "parameter_bytes", "optimizer_state_bytes", "allocated_bytes_per_step", "model",
            "figures", "data",
    ];

    readonly TemporaryFolder _folder = new();
    readonly string _data;

    public TrainCommandTests() => _data = ThreePlaces.Write(_folder);

    public void Dispose() => _folder.Dispose();

    JsonElement Train(params string[] arguments) => Invoked.Run(["train", "--data", _data, "--json", .. arguments]).Json();

    [Fact]
    public void Json_has_the_promised_fields_and_the_defaults()
    {
        var result = Train();
        Assert.Equal(s_fields, result.EnumerateObject().Select(field => field.Name));
        Assert.Equal("tpsgd signum, weight-decay = 0.3: 8x8-conv3x3x16:same:relu-conv3x3x32:same:relu-pool2-128:relu-3",
            $"{result.Text("rule")} {result.Text("update")}, {result.Text("update_settings")}: {result.Text("network")}");
        Assert.Equal((1, 60, 64), (result.Number("seed"), result.Number("epochs"), result.Number("batch")));
        Assert.Equal((ThreePlaces.TrainCount, ThreePlaces.TestCount), (result.Number("train_examples"), result.Number("test_examples")));
        Assert.Equal((result.Number("parameter_bytes"), 0),
            (result.Number("optimizer_state_bytes"), result.Number("allocated_bytes_per_step")));
        Assert.InRange(result.Number("test_accuracy"), 0.95, 1);
        Assert.InRange(result.Number("test_loss"), 0, 0.3);
        Assert.InRange(result.Number("step_ms_p99"), result.Number("step_ms_median"), double.MaxValue);
        Assert.True(result.Number("peak_rss_bytes") > result.Number("workspace_bytes"));
        // Kernels of 9 and of 16 x 9 weights, 128 units of 32 maps of 4 x 4, 3 of 128, and biases, all of 4 bytes.
        Assert.Equal(4 * ((16 * 10) + (32 * 145) + (128 * 513) + (3 * 129)), result.Number("parameter_bytes"));
        Assert.Equal(JsonValueKind.Null, result.GetProperty("model").ValueKind);
    }

    [Fact]
    public void Short_windows_of_recurrent_layers_are_warned_of()
    {
        string Errors(string network) => Invoked.Run("train", "--data", _data, "--network", network, "--steps", "1").Error;
        Assert.Contains("warning: layers.0 (gru4:truncate3) takes gradients through 3 of 8 steps at most; short windows hurt",
            Errors("8x8-gru4:truncate3-3"));
        Assert.Contains("warning: layers.0 (gru4:truncate3)", Errors("8x8-lora2(gru4:truncate3)-3"));
        foreach (string network in new[] { "8x8-gru4-3", "8x8-gru4:truncate8-3" }) Assert.DoesNotContain("warning", Errors(network));
    }

    [Fact]
    public void Controls_spend_the_same_budget_at_rates_of_their_own()
    {
        JsonElement result = Train("--controls", "--lr", "0.25"), besideSgd = Train("--controls", "--update", "sgd", "--steps", "20");
        Assert.Equal(0.25, result.Number("learning_rate"));
        foreach (string name in new[] { "backprop", "frozen" })
        {
            var control = result.GetProperty("controls").GetProperty(name);
            Assert.InRange(control.Number("test_accuracy"), 0.95, 1);
            Assert.Equal("adam", control.Text("update"));
            Assert.Equal("sgd", besideSgd.GetProperty("controls").GetProperty(name).Text("update"));
            var alone = Train("--rule", name);
            foreach (string field in new[] { "test_accuracy", "test_loss", "learning_rate", "workspace_bytes", "optimizer_state_bytes" })
                Assert.Equal(alone.Number(field), control.Number(field));
        }
    }

    // Signum and signSGD are what suits here; their settings go to whichever a network takes by itself.
    [Fact]
    public void What_is_said_of_the_update_alone_is_said_of_the_usual_one()
    {
        Assert.Equal("weight-decay = 0.1", Train("--weight-decay", "0.1", "--steps", "2").Text("update_settings"));
        Assert.Equal("weight-decay = 0.3, momentum = 0.5", Train("--momentum", "0.5", "--steps", "2").Text("update_settings"));
        Assert.False(Train("--update", "signum", "--steps", "2").TryGetProperty("update_settings", out _));
        Assert.Contains("--rho belongs to frugal, this run has tpsgd with signum: leave it out",
            Invoked.Run("train", "--data", _data, "--rho", "0.5").Error);
        Assert.Contains("--momentum belongs to sgd, signum, this run has tpsgd with signsgd: leave it out",
            Invoked.Run("train", "--data", _data, "--network", "8x8-20-3", "--momentum", "0.5").Error);
        Assert.Contains("--weight-decay", Invoked.Run("train", "--data", _data, "--weight-decay", "-1").Error);
    }

    [Theory]
    [InlineData("sgd", 0)]
    [InlineData("signsgd", 0)]
    [InlineData("signum", 1)]
    [InlineData("adam", 2)]
    public void State_is_as_many_floats_a_weight_as_the_update_keeps(string update, int floats)
        => Assert.Equal(floats * 4 * ((64 * 3) + 3),
            Train("--network", "64-3", "--update", update, "--steps", "2").Number("optimizer_state_bytes"));

    [Fact]
    public void Options_reach_the_settings()
    {
        var result =
            Train("--rule", "elastic-zo", "--update", "frugal", "--rho", "0", "--network", "64-20:relu-3", "--batch", "30", "--steps", "15",
            "--seed", "9", "--lr", "0.002", "--directions", "2", "--noise", "gaussian", "--schedule", "cosine", "--warmup", "3");
        Assert.Equal("elastic-zo frugal 8x8-20:relu-3", $"{result.Text("rule")} {result.Text("update")} {result.Text("network")}");
        Assert.Equal((1.5, 30, 9, 0),
            (result.Number("epochs"), result.Number("batch"), result.Number("seed"), result.Number("optimizer_state_bytes")));
        Assert.Equal(0.002f, (float)result.Number("learning_rate"));
    }

    [Fact]
    public void A_saved_model_evaluates_as_it_was_tested()
    {
        string model = _folder["model.safetensors"];
        var trained = Train("--save", model);
        Assert.Equal(model, trained.Text("model"));
        var evaluated = Invoked.Run("evaluate", "--model", model, "--data", _data, "--batch", "7", "--json").Json();
        Assert.Equal(
            ["model", "network", "test_examples", "test_accuracy", "test_loss", "seconds", "parameter_bytes", "workspace_bytes",
            "peak_rss_bytes", "figures"], evaluated.EnumerateObject().Select(field => field.Name));
        Assert.Equal(trained.Number("test_accuracy"), evaluated.Number("test_accuracy"));
        Assert.Equal(trained.Number("test_loss"), evaluated.Number("test_loss"), 1e-6);
    }

    [Fact]
    public void Going_on_from_a_model_keeps_its_weights_and_preparation()
    {
        string first = _folder["first.safetensors"], second = _folder["second.safetensors"];
        var trained = Train("--save", first, "--preparation", "scale");
        // With a rate of next to nothing the model stays what it was, so a lost weight or preparation would show.
        var result = Train("--network", first, "--lr", "1e-12", "--steps", "1", "--save", second, "--seed", "5");
        Assert.Equal(trained.Number("test_loss"), result.Number("test_loss"), 1e-5);
        using Model a = ModelFile.Load(first), b = ModelFile.Load(second);
        Assert.Equal(a.Preparation.Scale, b.Preparation.Scale);
        // The largest of the pixels 0..199 that the generator can draw.
        Assert.InRange(1 / a.Preparation.Scale[0], 190, 199);
    }

    [Fact]
    public void A_network_may_be_a_json_file()
    {
        string path = _folder["network.json"];
        File.WriteAllText(path,
            """{"version":1,"input":[8,8],"loss":"cross-entropy","layers":[{"units":5,"window":[3,3],"activation":"relu"},{"units":3}]}""");
        Assert.Equal("8x8-5@3x3:relu-3", Train("--network", path, "--steps", "1").Text("network"));
    }

    [Fact]
    public void A_regression_has_a_loss_and_no_accuracy()
    {
        string path = _folder["line.csv"];
        var random = new Random(3);
        var rows = Enumerable.Range(0, 200).Select(_ => (A: random.NextDouble(), B: random.NextDouble()))
            .Select(x => string.Create(CultureInfo.InvariantCulture, $"{x.A},{x.B},{(2 * x.A) - x.B}"));
        File.WriteAllLines(path, ["a,b,y", .. rows]);
        var result = Invoked.Run("train", "--data", path, "--loss", "mean-square", "--epochs", "100", "--controls", "--json").Json();
        Assert.Equal("2-256-1", result.Text("network"));
        Assert.Equal(JsonValueKind.Null, result.GetProperty("test_accuracy").ValueKind);
        Assert.Equal(160, result.Number("train_examples"));
        // A constant would reach half the variance of 2a - b, 5/24.
        foreach (var run in new[] { result, result.GetProperty("controls").GetProperty("backprop"),
            result.GetProperty("controls").GetProperty("frozen") })
        {
            Assert.InRange(run.Number("test_loss"), 0, 0.02);
        }
    }

    [Fact]
    public void A_control_that_diverges_takes_nothing_from_the_rule()
    {
        // Each step multiplies the weights by 1 - rate * decay: harmless at the rule's rate, an explosion at the controls' own.
        var run = Invoked.Run("train", "--data", _data, "--lr", "1e-9", "--weight-decay", "1e6", "--controls", "--json");
        Assert.InRange(run.Json().Number("test_loss"), 0, 10);
        foreach (string name in new[] { "backprop", "frozen" })
        {
            Assert.Contains($"control {name}: the loss was ", run.Error);
            var control = run.Json().GetProperty("controls").GetProperty(name);
            Assert.Equal((JsonValueKind.Null, JsonValueKind.Null),
                (control.GetProperty("test_loss").ValueKind, control.GetProperty("test_accuracy").ValueKind));
        }
    }

    [Fact]
    public void People_see_both_controls_beside_the_rule()
    {
        var run = Invoked.Run("train", "--data", _data, "--controls", "--save", _folder["m"]);
        Assert.Equal(0, run.ExitCode);
        string[] table = [.. run.Output.Split('\n')
            .Where(line => line.StartsWith("tpsgd", StringComparison.Ordinal) || line.StartsWith("backprop", StringComparison.Ordinal)
            || line.StartsWith("frozen", StringComparison.Ordinal))];
        Assert.Equal(["tpsgd", "backprop", "frozen"], table.Select(line => line.Split(' ')[0]));
        Assert.Contains($"saved {_folder["m"]}", run.Output);
        Assert.StartsWith("memory planned: ", run.Error);
        Assert.DoesNotContain('\r', run.Error);
    }

    [Fact]
    public void Verbose_prints_a_line_each_epoch_where_no_terminal_is()
    {
        var run = Invoked.Run("train", "--data", _data, "--epochs", "3", "--verbose");
        string[] lines = [.. run.Error.Split('\n').Where(line => line.StartsWith("tpsgd  step", StringComparison.Ordinal))];
        Assert.Equal(["tpsgd  step 5 of 15", "tpsgd  step 10 of 15", "tpsgd  step 15 of 15"],
            lines.Select(line => line[..line.IndexOf("  loss", StringComparison.Ordinal)]));
        Assert.All(lines, line => Assert.Matches(@"loss \d\.\d{4}  accuracy [01]\.\d{3}  \d+ s left  [\d,]+ samples/s$", line));
    }

    [Theory]
    [InlineData("tpsgd", "adam")]
    [InlineData("zo", "sgd")]
    public void A_run_that_is_stopped_and_resumed_ends_as_one_that_was_not(string rule, string update)
    {
        string[] arguments = ["train", "--data", _data, "--network", "8x8-200@4x4-3", "--rule", rule, "--update", update, "--epochs", "40",
            "--batch", "7", "--save"];
        Assert.Equal(0, Invoked.Run([.. arguments, _folder["whole"]]).ExitCode);
        string[] broken = [.. arguments, _folder["broken"], "--checkpoint", _folder["run"], "--resume"];
        int stops = 0;
        Invoked run;
        do
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(60 + (20 * stops)));
            run = Invoked.Run(stop.Token, broken);
            if (run.ExitCode == 0) break;
            Assert.Equal(130, run.ExitCode);
            Assert.Contains($"go on with --checkpoint {_folder["run"]} --resume", run.Error);
            Assert.Equal(run.Output.Length > 0, run.Error.Contains($"; saved {_folder["broken"]}; go on"));
            stops++;
        }
        while (stops < 200);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(File.ReadAllBytes(_folder["whole"]), File.ReadAllBytes(_folder["broken"]));
    }

    [Fact]
    public void A_run_that_had_ended_is_resumed_at_its_end()
    {
        string[] arguments = ["--checkpoint", _folder["run"], "--epochs", "2"];
        var first = Train(arguments);
        var again = Train([.. arguments, "--resume"]);
        Assert.Equal(first.Number("test_loss"), again.Number("test_loss"));
        Assert.Equal(0, again.Number("step_ms_median"));
        var anew = Invoked.Run(["train", "--data", _data, .. arguments]);
        Assert.Equal(1, anew.ExitCode);
        Assert.Contains("--resume", anew.Error);
    }
}
