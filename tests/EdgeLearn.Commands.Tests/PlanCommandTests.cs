using System.Xml.Linq;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class PlanCommandTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_plan_is_what_training_takes()
    {
        string data = ThreePlaces.Write(_folder);
        string[] options = ["--data", data, "--batch", "20", "--update", "adam", "--rule", "backprop", "--json"];
        var plan = Invoked.Run(["plan", .. options]).Json();
        var run = Invoked.Run(["train", .. options, "--steps", "1"]).Json();
        Assert.Equal(run.Number("workspace_bytes"), plan.Number("workspace_bytes"));
        Assert.Equal(run.Number("parameter_bytes"), plan.Number("parameter_bytes"));
        Assert.Equal(run.Number("optimizer_state_bytes"), plan.Number("update_state_bytes"));
        Assert.Equal(run.Number("parameter_bytes") + run.Number("workspace_bytes"), plan.Number("total_bytes"));
        Assert.Equal(run.Text("network"), plan.Text("network"));
    }

    [Theory]
    [InlineData("--network 8x8-20:relu-3 --rule local-heads --head-units 40")]
    [InlineData("--network 8x8-gru6:sequence:truncate2-gru6:truncate2-3 --rule local-heads --train lora:2,head")]
    [InlineData("--network 8x8-20-3 --class-weights balanced --label-smoothing 0.1")]
    [InlineData("--network 64-20:relu-1 --loss huber:0.5 --rule local-heads")]
    public void Losses_heads_and_adaptors_are_counted_as_in_training(string options)
    {
        string data = ThreePlaces.Write(_folder);
        string[] all = ["--data", data, "--json", .. options.Split(' ')];
        if (options.Contains("huber", StringComparison.Ordinal))
        {
            string table = _folder["table.csv"];
            File.WriteAllLines(table,
                [string.Join(',', Enumerable.Range(0, 65).Select(k => $"c{k}")),
                .. Enumerable.Range(0, 40).Select(i => string.Join(',', Enumerable.Range(0, 65).Select(k => (i * k) % 7)))]);
            all[1] = table;
        }

        var plan = Invoked.Run(["plan", .. all]).Json();
        var run = Invoked.Run(["train", .. all, "--steps", "1"]).Json();
        Assert.Equal((run.Number("workspace_bytes"), run.Number("parameter_bytes")),
            (plan.Number("workspace_bytes"), plan.Number("parameter_bytes")));
    }

    [Fact]
    public void A_usual_network_has_the_outputs_of_its_loss()
        => Assert.EndsWith("-1",
            Invoked.Run("plan", "--input-shape", "16", "--classes", "2", "--loss", "binary-cross-entropy", "--json").Json().Text("network"),
            StringComparison.Ordinal);

    [Fact]
    public void A_loss_that_needs_all_scores_of_a_vocabulary_is_planned_with_them()
    {
        double Bytes(params string[] options)
            => Invoked.Run(["plan", "--network", "32-embed16-tokens256", "--rule", "backprop", "--batch", "8", "--json", .. options]).Json()
                .Number("workspace_bytes");
        Assert.True(Bytes("--label-smoothing", "0.1") > Bytes() + (8 * 32 * 256 * sizeof(float)));
    }

    [Fact]
    public void Weights_by_labels_need_labels()
        => Assert.Contains("--class-weights balanced counts the labels of the training data: add --data",
            Invoked.Run("plan", "--network", "8-3", "--class-weights", "balanced").Error);

    [Fact]
    public void Every_rule_is_set_beside_inference()
    {
        var plan = Invoked.Run("plan", "--network", "28x28-1000@10x10-10", "--update", "sgd", "--local-loss", "l2", "--json").Json();
        var rules = plan.GetProperty("rules").EnumerateArray().ToDictionary(rule => rule.Text("rule"), rule => rule.Number("total_bytes"));
        Assert.Equal(["tpsgd", "zo", "elastic-zo", "backprop", "frozen", "local-heads"], rules.Keys);
        Assert.Equal(plan.Number("total_bytes"), rules["tpsgd"]);
        double inference = plan.Number("inference_bytes");
        // 1000 units of 100 weights and 10 of 1000, biases, windows; inference holds a batch of images twice (as read, transposed), 1000
        // activations and two outputs a sample.
        Assert.Equal(4 * ((1000 * 101) + (10 * 1001) + 2000), plan.Number("parameter_bytes"));
        Assert.InRange(inference - plan.Number("parameter_bytes"), 64 * 4 * (784 + 1000 + 10), 64 * 4 * ((2 * 784) + 1000 + 20 + 16));
        Assert.True(rules["zo"] < rules["backprop"] && rules["tpsgd"] < rules["backprop"]);
        Assert.InRange(rules["zo"] / inference, 1, 1.1);
    }

    [Fact]
    public void A_picture_has_a_rectangle_for_each_buffer_and_none_lies_over_another()
    {
        string file = Path.Combine(_folder.Path, "plan.svg");
        var plan = Invoked.Run("plan", "--network", "28x28-conv5x5x4:relu-pool2-20:relu-10", "--svg", file, "--buffers", "--json").Json();
        XNamespace svg = "http://www.w3.org/2000/svg";
        var rectangles = XDocument.Load(file).Root!.Elements(svg + "rect").Where(each => each.Element(svg + "title")!.Value.Contains(':'))
            .Select(each => (X: Number(each, "x"), Y: Number(each, "y"), Width: Number(each, "width"), Height: Number(each, "height")))
            .ToList();
        Assert.Equal(plan.GetProperty("buffers").EnumerateArray().Count(buffer => buffer.Number("bytes") > 0), rectangles.Count);
        for (int i = 0; i < rectangles.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                var (a, b) = (rectangles[i], rectangles[j]);
                double across = Math.Min(a.X + a.Width, b.X + b.Width) - Math.Max(a.X, b.X);
                double up = Math.Min(a.Y + a.Height, b.Y + b.Height) - Math.Max(a.Y, b.Y);
                Assert.True(across <= 0.2 || up <= 0.2, $"{a} and {b}");
            }
        }

        static double Number(XElement element, string name)
            => double.Parse(element.Attribute(name)!.Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void A_rule_that_does_not_fit_the_network_says_why()
    {
        var plan = Invoked.Run("plan", "--network", "10-3", "--json").Json();
        var elastic = plan.GetProperty("rules").EnumerateArray().Single(rule => rule.Text("rule") == "elastic-zo");
        Assert.Equal(System.Text.Json.JsonValueKind.Null, elastic.GetProperty("total_bytes").ValueKind);
        Assert.Contains("use backprop or zo instead", elastic.Text("reason"));
        Assert.Matches("elastic-zo +- +-", Invoked.Run("plan", "--network", "10-3").Output);
    }

    [Fact]
    public void Every_rule_has_the_update_that_suits_it_or_the_one_that_was_said()
    {
        Assert.Equal(["signum", "sgd", "sgd", "adam", "adam", "signum"], Updates());
        Assert.Equal(Enumerable.Repeat("frugal", 6), Updates("--update", "frugal"));

        IEnumerable<string> Updates(params string[] options)
            => Invoked.Run(["plan", "--network", "9x9-conv3x3x4:relu-12:relu-3", "--json", .. options]).Json().GetProperty("rules")
                .EnumerateArray().Select(rule => rule.Text("update"));
    }

    [Fact]
    public void A_shape_alone_plans_the_default_network()
    {
        var run = Invoked.Run("plan", "--input-shape", "8x8", "--classes", "4");
        Assert.Equal(0, run.ExitCode);
        Assert.StartsWith("8x8-conv3x3x16:same:relu-conv3x3x32:same:relu-pool2-128:relu-4: tpsgd with signum, batch 64\n", run.Output);
        foreach (string row in new[] { "parameters", "activations", "panels", "update state", "batch", "total", "inference", "frozen" })
            Assert.Contains($"\n{row} ", run.Output);
    }
}
