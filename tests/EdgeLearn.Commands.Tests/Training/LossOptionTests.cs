using System.Globalization;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class LossOptionTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _data;

    public LossOptionTests() => _data = ThreePlaces.Write(_folder);

    public void Dispose() => _folder.Dispose();

    static string LossOf(string model) => Invoked.Run("info", "--model", model, "--json").Json().GetProperty("model").Text("loss");

    string Csv(string name, Func<double, double, string> label)
    {
        var random = new Random(3);
        var rows = Enumerable.Range(0, 300).Select(_ => (A: random.NextDouble(), B: random.NextDouble()))
            .Select(x => string.Create(CultureInfo.InvariantCulture, $"{x.A},{x.B},{label(x.A, x.B)}"));
        string path = _folder[name];
        File.WriteAllLines(path, ["a,b,y", .. rows]);
        return path;
    }

    [Fact]
    public void Smoothing_and_weights_end_up_in_the_model_and_can_be_replaced_when_it_goes_on()
    {
        string model = _folder["m.safetensors"];
        string[] train = ["train", "--data", _data, "--save", model, "--json"];
        Assert.InRange(Invoked.Run([.. train, "--label-smoothing", "0.1", "--class-weights", "1,2,0.5"]).Json().Number("test_accuracy"),
            0.95, 1);
        Assert.Equal("cross-entropy:smooth0.1:weights1,2,0.5", LossOf(model));
        Invoked.Run([.. train, "--network", model, "--steps", "1"]).Json();
        Assert.Equal("cross-entropy:smooth0.1:weights1,2,0.5", LossOf(model));
        Invoked.Run([.. train, "--network", model, "--steps", "1", "--label-smoothing", "0"]).Json();
        Assert.Equal("cross-entropy:weights1,2,0.5", LossOf(model));
        Invoked.Run([.. train, "--network", model, "--steps", "1", "--loss", "cross-entropy"]).Json();
        Assert.Equal("cross-entropy", LossOf(model));
    }

    [Fact]
    public void Balanced_weights_come_from_the_training_labels()
    {
        string model = _folder["m.safetensors"], data = Csv("rare.csv", (a, b) => a > 0.9 ? "1" : "0");
        Invoked.Run("train", "--data", data, "--class-weights", "balanced", "--save", model, "--json").Json();
        using var read = ModelFile.Load(model);
        var weights = ((CrossEntropyLoss)read.Network.Loss).ClassWeights;
        Assert.Equal(2, weights.Length);
        Assert.InRange(weights[0], 0.5, 0.6);
        Assert.InRange(weights[1], 3, 10);
        Assert.Equal(2, 1 / weights[0] + 1 / weights[1], 1e-5); // both classes have half of the sum
    }

    [Fact]
    public void Two_classes_can_be_told_apart_with_one_output()
    {
        string model = _folder["m.safetensors"], data = Csv("two.csv", (a, b) => a > b ? "more" : "less");
        var result = Invoked.Run("train", "--data", data, "--loss", "binary-cross-entropy", "--save", model, "--json").Json();
        Assert.Equal("2-256-1", result.Text("network"));
        Assert.InRange(result.Number("test_accuracy"), 0.93, 1);
        Assert.Equal(result.Number("test_accuracy"),
            Invoked.Run("evaluate", "--data", data, "--model", model, "--json").Json().Number("test_accuracy"));
    }

    [Fact]
    public void Several_labels_at_once_are_targets_of_0_and_1()
    {
        string folder = Directory.CreateDirectory(_folder["labels"]).FullName;
        var random = new Random(5);
        double[] inputs = [.. Enumerable.Range(0, 400 * 3).Select(_ => random.NextDouble() - 0.5)],
            labels = [.. Enumerable.Range(0, 400)
            .SelectMany(i => (double[])[inputs[3 * i] > 0 ? 1 : 0, inputs[3 * i + 1] > inputs[3 * i + 2] ? 1 : 0])];
        File.WriteAllBytes(Path.Combine(folder, "train-features.npy"), ArrayBytes.Npy("<f8", "(400, 3)", inputs));
        File.WriteAllBytes(Path.Combine(folder, "train-labels.npy"), ArrayBytes.Npy("<f8", "(400, 2)", labels));
        var result =
            Invoked.Run("train", "--data", folder, "--loss", "binary-cross-entropy:multilabel", "--rule", "backprop", "--epochs", "60",
            "--json").Json();
        Assert.Equal("3-256-2", result.Text("network"));
        Assert.InRange(result.Number("test_accuracy"), 0.85, 1);
    }

    [Fact]
    public void Huber_is_not_led_astray_by_a_few_wild_targets()
    {
        int row = 0;
        string data = Csv("line.csv", (a, b) => (row++ % 20 == 7 ? 1000 : 2 * a - b).ToString(CultureInfo.InvariantCulture));
        string model = _folder["m.safetensors"];
        Invoked.Run("train", "--data", data, "--loss", "huber:0.1", "--rule", "backprop", "--network", "2-16-1", "--epochs", "200",
            "--save", model, "--json").Json();
        Assert.Equal("huber:0.1", LossOf(model));
        string clean = Csv("clean.csv", (a, b) => (2 * a - b).ToString(CultureInfo.InvariantCulture));
        Assert.InRange(Invoked.Run("evaluate", "--data", clean, "--model", model, "--json").Json().Number("test_loss"), 0, 0.01);
    }

    [Theory]
    [InlineData("--label-smoothing 1", "label smoothing 1: expected a number from 0 to below 1")]
    [InlineData("--class-weights 1,2", "the loss has 2 class weights, the network has 3 outputs")]
    [InlineData("--class-weights heavy", "'heavy' is no number")]
    [InlineData("--loss binary-cross-entropy", "has 3 classes, binary-cross-entropy takes 2: use cross-entropy")]
    [InlineData("--loss binary-cross-entropy --network 64-3", "end it with 1")]
    [InlineData("--loss mean-square --label-smoothing 0.1", "--label-smoothing belongs to cross-entropy, the loss is mean-square")]
    [InlineData("--loss huber:-1", "huber:-1: expected a number above 0")]
    [InlineData("--loss binary-cross-entropy:multilabel", "is 2, binary-cross-entropy takes 0 to 1")]
    public void One_line_says_what_does_not_fit(string options, string expected)
    {
        var run = Invoked.Run(["train", "--data", _data, .. options.Split(' ')]);
        Assert.Equal(1, run.ExitCode);
        string line =
            Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => !line.StartsWith("memory planned", StringComparison.Ordinal));
        Assert.StartsWith("error: ", line);
        Assert.Contains(expected, line, StringComparison.Ordinal);
    }
}
