using System.Globalization;
using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class StreamCommandTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Two values tell the class, and the other way round from the middle on.
    string Stream(int rows = 3000, string name = "s.csv")
    {
        var text = new StringBuilder("a,b,state\n");
        for (int i = 0; i < rows; i++)
        {
            double a = Noise.GaussianAt(1, 2 * i), b = Noise.GaussianAt(1, (2 * i) + 1);
            bool isHigh = a + b > 0 == i < rows / 2;
            text.Append(CultureInfo.InvariantCulture, $"{a:F4},{100 * b:F2},{(isHigh ? "high" : "low")}\n");
        }

        return _folder.Write(name, Encoding.UTF8.GetBytes(text.ToString()));
    }

    string Numbers(int rows)
    {
        var text = new StringBuilder("a,level\n");
        double level = 1000;
        for (int i = 0; i < rows; i++)
        {
            double change = Noise.GaussianAt(2, i);
            text.Append(CultureInfo.InvariantCulture, $"{change:F3},{level += change:F3}\n");
        }

        return _folder.Write("n.csv", Encoding.UTF8.GetBytes(text.ToString()));
    }

    [Fact]
    public void Classes_are_answered_before_they_are_learned_beside_what_needs_no_learning()
    {
        var result = Invoked.Run("stream", "--data", Stream(), "--controls", "--json").Json();
        Assert.Equal(3000, result.Number("examples"));
        Assert.InRange(result.Number("prequential_accuracy"), 0.85, 1);
        Assert.InRange(result.Number("kappa"), 0.7, 1);
        var baselines = result.GetProperty("baselines");
        Assert.InRange(baselines.Number("majority"), 0.45, 0.55);
        Assert.InRange(baselines.Number("last_class"), 0.45, 0.55);
        Assert.InRange(baselines.Number("logistic"), 0.85, 1);
        var controls = result.GetProperty("controls");
        Assert.InRange(controls.Number("backprop"), 0.85, 1);
        Assert.InRange(controls.Number("frozen"), 0.8, 1);
        Assert.InRange(controls.Number("stopped"), 0.4, 0.6); // half right, half the other way round
        Assert.Equal(0, result.Number("allocated_bytes_per_example"));
        var rate = result.GetProperty("rate");
        Assert.Equal(7, rate.GetProperty("candidates").GetArrayLength());
        Assert.Contains(rate.Number("chosen"), rate.GetProperty("candidates").EnumerateArray().Select(one => one.GetDouble()));
    }

    [Fact]
    public void Labels_that_come_late_are_known_late_by_everybody()
    {
        // The class stays for 50 rows at a time: who knows it 10 rows late is wrong for 11 rows of 50.
        string rows = string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i * 7919 % 101},{i / 50 % 2}\n"));
        string data = _folder.Write("s.csv", Encoding.UTF8.GetBytes("a,y\n" + rows));
        Assert.Equal(1 - (60 / 3000.0), Last(0), 1e-3);
        Assert.Equal(1 - (60 * 11 / 3000.0), Last(10), 5e-3);

        double Last(int delay) => Invoked.Run("stream", "--data", data, "--label-delay", $"{delay}", "--json").Json()
            .GetProperty("baselines").Number("last_class");
    }

    [Fact]
    public void Numbers_have_an_error_in_their_unit()
    {
        string data = Numbers(2500);
        var plain = Invoked.Run("stream", "--data", data, "--loss", "huber", "--lags", "1", "--json").Json();
        var baselines = plain.GetProperty("baselines");
        // E|x| of a normal number is 0.798; the first row, before any label, is 1000 off for everybody.
        const double First = 1000 / 2500.0;
        Assert.InRange(baselines.Number("last_value") - First, 0.75, 0.85);
        Assert.InRange(plain.Number("mean_absolute_error") - First, 0, 0.2);
        Assert.InRange(baselines.Number("linear") - First, 0, 0.2);
        Assert.True(baselines.Number("mean") > 2);
        Assert.Equal("null", plain.GetProperty("prequential_accuracy").GetRawText());
    }

    [Fact]
    public void The_best_network_is_saved_with_its_scale_and_classes()
    {
        string data = Stream(), model = _folder["m.safetensors"];
        Assert.Equal(0, Invoked.Run("stream", "--data", data, "--save", model).ExitCode);
        string[] lines = [.. File.ReadLines(data)];
        string late = _folder.Write("late.csv", Encoding.UTF8.GetBytes(string.Join('\n', [lines[0], .. lines[^500..]]) + "\n"));
        Assert.InRange(Invoked.Run("evaluate", "--model", model, "--data", late, "--json").Json().Number("test_accuracy"), 0.85, 1);
        // A missing value is the mean of the stream.
        var gap = Invoked.Run("predict", "--model", model, "--data",
            _folder.Write("gap.csv", "a,b\n2,\n-2,\n"u8.ToArray()));
        Assert.Equal(["low", "high"], gap.Output.Trim().Split('\n').Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public void Broken_rows_and_missing_values_are_counted()
    {
        string text = File.ReadAllText(Stream(400)), data = _folder.Write("t.csv", Encoding.UTF8.GetBytes(text + "1,2\n,5,low\n1,2,\n"));
        var run = Invoked.Run("stream", "--data", data, "--json");
        var result = run.Json();
        Assert.Equal((401, 1, 1, 1), (result.Number("examples"), result.Number("skipped"), result.Number("unlabelled"),
            result.Number("missing_values")));
        Assert.Contains("left out: t.csv, line 402", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_leaves_fewer_rates_and_a_rate_is_taken_alone()
    {
        string data = Stream(500);
        var limited = Invoked.Run("stream", "--data", data, "--memory-limit", "12kB", "--json").Json();
        Assert.Equal(3, limited.GetProperty("rate").GetProperty("candidates").GetArrayLength());
        Assert.InRange(limited.Number("planned_bytes"), 1, 12_000);
        var one = Invoked.Run("stream", "--data", data, "--lr", "0.1", "--rule", "tpsgd", "--replay-bytes", "4kB", "--json").Json();
        Assert.Equal((0.1, "tpsgd"), (Math.Round(one.GetProperty("rate").Number("chosen"), 4), one.Text("rule")));
        Assert.Contains("more than --memory-limit 1,000", Invoked.Run("stream", "--data", data, "--memory-limit", "1kB").Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("begin it with 2", "--network", "3-8-2")]
    [InlineData("begin it with 5", "--network", "2-8-2", "--lags", "3")]
    [InlineData("end it with 2", "--network", "2-8-5")]
    [InlineData("adwin, ddm, page-hinkley", "--drift", "eddm")]
    [InlineData("--label-delay -1", "--label-delay", "-1")]
    [InlineData("the labels before it", "--lags", "1", "--save", "m.safetensors")]
    [InlineData("has no column 'z'", "--label", "z")]
    [InlineData("is no number to predict", "--loss", "mean-square")]
    public void What_does_not_fit_is_one_line(string expected, params string[] options)
    {
        var run = Invoked.Run(["stream", "--data", Stream(50), .. options]);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void People_see_the_same()
    {
        string text = Invoked.Run("stream", "--data", Stream(400), "--label-delay", "5", "--controls").Output;
        foreach (string part in (string[])["local-heads, sgd, 2-64-2; labels 5 rows late", "400 answered before they were learned",
            "stopped after a tenth", "one layer", "most frequent", "was best lately", "planned bytes"])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }
}
