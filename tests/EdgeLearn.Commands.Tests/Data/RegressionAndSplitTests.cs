using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Figures do not depend on the unit of a target, and a test part is as honest as the data allow.</summary>
public sealed class RegressionAndSplitTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    JsonElement Train(string text, params string[] more)
    {
        string path = _folder.Write("data.csv", Encoding.UTF8.GetBytes(text));
        return Invoked.Run(["train", "--data", path, "--json", .. more]).Json();
    }

    static string Line(Func<double, double> unit)
    {
        var random = new Random(5);
        var text = new StringBuilder("a,b,y\n");
        for (int i = 0; i < 120; i++)
        {
            double a = Math.Round(random.NextDouble(), 3), b = Math.Round(random.NextDouble(), 3);
            text.Append(CultureInfo.InvariantCulture, $"{a},{b},{unit((2 * a) - b)}\n");
        }

        return text.ToString();
    }

    [Theory]
    [InlineData(1 << 13, 1 << 20)]
    [InlineData(1.0 / (1 << 20), 0)]
    public void The_loss_of_targets_in_another_unit_is_their_square(double factor, double offset)
    {
        string[] run = ["--loss", "mean-square", "--steps", "100"];
        var plain = Train(Line(y => y), run);
        var other = Train(Line(y => (y * factor) + offset), run);
        double expected = plain.Number("test_loss") * factor * factor;
        Assert.Equal(expected, other.Number("test_loss"), expected * 0.02);
        Assert.Equal(Figure(plain, "r2"), Figure(other, "r2"), 1e-3);
        Assert.InRange(Figure(plain, "r2"), 0.9, 1);
        Assert.Equal(Figure(plain, "mean_absolute_error") * factor, Figure(other, "mean_absolute_error"),
            Figure(plain, "mean_absolute_error") * factor * 0.02);
    }

    [Fact]
    public void Inputs_in_another_unit_give_the_same_model()
    {
        // Powers of two change no bit of a quotient; the offset needs more than a float.
        static string Scaled(string text) => $"{decimal.Parse(text, CultureInfo.InvariantCulture) * 1024}";
        var plain = Train(new PlainTable().ToString(), "--steps", "30");
        var scaled = Train(new PlainTable { Number = Scaled }.ToString(), "--steps", "30");
        Assert.Equal(plain.Number("test_loss"), scaled.Number("test_loss"), 1e-5);
        static string Far(string text) => $"{decimal.Parse(text, CultureInfo.InvariantCulture) + 1_700_000_000}";
        var far = Train(new PlainTable { Number = Far }.ToString(), "--steps", "30");
        Assert.Equal(plain.Number("test_loss"), far.Number("test_loss"), 1e-3);
    }

    [Fact]
    public void Several_label_columns_are_several_outputs()
    {
        string rows = string.Concat(Enumerable.Range(0, 40).Select(i => $"{i % 7},{i % 5},{i % 7}.5,{i % 5}.25\n"));
        var result = Train("a,b,y1,y2\n" + rows, "--loss", "mean-square", "--label", "y1,y2", "--steps", "20");
        Assert.Equal("2-256-2", result.Text("network"));
        Assert.Equal(["y1", "y2"], result.GetProperty("figures").GetProperty("targets").EnumerateArray().Select(t => t.Text("name")));
    }

    [Fact]
    public void Fractions_name_the_loss_that_takes_them()
    {
        string path = _folder.Write("data.csv", Encoding.UTF8.GetBytes(Line(y => y)));
        Assert.Contains("--loss mean-square", Invoked.Run("train", "--data", path).Error);
    }

    [Theory]
    [InlineData("--test-fraction", "0.2")]
    [InlineData("--fold", "2/5")]
    public void Groups_stay_whole_in_a_test_part(string option, string value)
    {
        var text = new StringBuilder("x,person,label\n");
        for (int i = 0; i < 240; i++) text.Append(CultureInfo.InvariantCulture, $"{i * 7 % 11},p{i / 20},{i % 2}\n");
        var result = Train(text.ToString(), "--group-column", "person", "--steps", "2", option, value);
        Assert.Equal(0, result.Number("test_examples") % 20);
        Assert.InRange(result.Number("test_examples"), 40, 60);
    }

    [Fact]
    public void A_rare_class_has_a_sample_to_learn_from()
    {
        for (int n = 0; n < 20; n++)
        {
            // The two rows of the rare class stand somewhere else each time.
            string Label(int i) => i == n || i == n + 20 ? "rare" : "often";
            string rows = string.Concat(Enumerable.Range(0, 40).Select(i => $"{i},{i * i % 7},{Label(i)}\n"));
            string path = _folder.Write("data.csv", Encoding.UTF8.GetBytes("a,b,label\n" + rows));
            Assert.DoesNotContain("no training sample", Invoked.Run("train", "--data", path, "--steps", "1").Error);
        }
    }

    [Fact]
    public void The_last_rows_are_the_test_part_of_a_split_by_time()
    {
        var text = new StringBuilder("x,when,label\n");
        string[] others = ["a", "b"];
        for (int i = 0; i < 100; i++)
            text.Append(CultureInfo.InvariantCulture, $"{i * 3 % 5},{99 - i},{(i < 20 ? "late" : others[i % 2])}\n");
        string path = _folder.Write("data.csv", Encoding.UTF8.GetBytes(text.ToString()));
        var run = Invoked.Run("train", "--data", path, "--time", "when", "--split", "time", "--steps", "1");
        Assert.Contains("no training sample, so that these test samples cannot be right: late (20)", run.Error);
    }

    [Fact]
    public void One_class_alone_is_nothing_to_learn()
        => Assert.Contains("has only one class, cold", Invoked.Run("train", "--data",
            _folder.Write("one.csv", Encoding.UTF8.GetBytes(new PlainTable { Classes = ["cold", "cold", "cold"] }.ToString()))).Error);

    static double Figure(JsonElement result, string name) => result.GetProperty("figures").Number(name);
}
