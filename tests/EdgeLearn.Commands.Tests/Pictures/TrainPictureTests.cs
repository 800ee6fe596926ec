using System.Globalization;
using System.Xml.Linq;
using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>What stands in the pictures of runs and tests.</summary>
public sealed class TrainPictureTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _data;
    readonly string _svg;

    public TrainPictureTests()
    {
        _data = ThreePlaces.Write(_folder);
        _svg = _folder["run.svg"];
    }

    public void Dispose() => _folder.Dispose();

    static string[] Texts(XElement svg) => [.. svg.Elements().Where(one => one.Name.LocalName == "text").Select(one => one.Value)];

    static XElement[] Named(XElement svg, string name) => [.. svg.Descendants().Where(one => one.Name.LocalName == name)];

    static double Of(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    [Fact]
    public void A_run_is_two_lines_named_at_their_ends_and_a_matrix()
    {
        string saved = _folder["m.safetensors"];
        var result = Invoked.Run("train", "--data", _data, "--svg", _svg, "--save", saved, "--json").Json();
        var svg = XElement.Load(_svg);
        var lines = Named(svg, "polyline");
        Assert.Equal(2, lines.Length);
        Assert.Equal(2, lines.Select(line => line.Attribute("stroke")!.Value).Distinct().Count());
        Assert.Equal(2, lines.Select(line => line.Attribute("stroke-dasharray")!.Value).Distinct().Count());
        Assert.Contains(Texts(svg), text => text.StartsWith("loss ", StringComparison.Ordinal));
        Assert.Contains(Texts(svg), text => text == $"accuracy {result.Number("test_accuracy"):G4}");
        var cells = Named(svg, "rect");
        Assert.Equal(9, cells.Length);
        var counts = result.GetProperty("figures").GetProperty("confusion").EnumerateArray()
            .SelectMany((row, i) => row.EnumerateArray().Select((count, j) => $"{i} taken for {j}: {count} of 30"));
        Assert.Equal(counts, cells.Select(cell => cell.Value));

        string test = _folder["test.svg"];
        Assert.Equal(0, Invoked.Run("evaluate", "--model", saved, "--data", _data, "--svg", test).ExitCode);
        Assert.Equal(cells.Select(cell => cell.Value), Named(XElement.Load(test), "rect").Select(cell => cell.Value));
        Assert.Empty(Named(XElement.Load(test), "polyline"));
    }

    // Three moments by hand: the loss runs from the top of its axis, 4, to a quarter of it, over the whole width.
    [Fact]
    public void A_line_goes_through_its_moments()
    {
        var svg = new Drawing();
        double bottom = CoursePicture.Draw(svg, 0,
            [new(1, 0.1, 4, 1, null, 1), new(50, 5, 2, 1, null, 2), new(100, 10, 1, 1, 0.5, 3)]);
        var picture = XElement.Parse(svg.Finish(CoursePicture.TotalWidth, bottom));
        double[][] points = [.. Named(picture, "polyline")[0].Attribute("points")!.Value.Split(' ')
            .Select(point => point.Split(',').Select(x => double.Parse(x, CultureInfo.InvariantCulture)).ToArray())];
        double[] levels = [.. Named(picture, "line").Where(line => line.Attribute("x1")!.Value != line.Attribute("x2")!.Value)
            .Select(line => Of(line, "y1")).Take(5)];
        Assert.Equal(["0", "1", "2", "3", "4"], Texts(picture).Skip(1).Take(5));
        Assert.Equal([levels[4], levels[2], levels[1]], points.Select(point => point[1]));
        double width = (points[2][0] - points[0][0]) / 0.99;
        Assert.Equal(points[0][0] + (0.49 * width), points[1][0], 0.2);
        Assert.Contains("loss 1", Texts(picture));
        Assert.Contains("accuracy 0.5", Texts(picture));
    }

    [Fact]
    public void Losses_of_many_sizes_have_a_logarithmic_axis_and_missing_ones_no_place()
    {
        var svg = new Drawing();
        double bottom = CoursePicture.Draw(svg, 0,
            [new(1, 1, 500, 1, null, 1), new(2, 2, null, 1, null, 2), new(3, 3, 5, 1, null, 3), new(4, 4, 0.5, 1, null, 4)]);
        var picture = XElement.Parse(svg.Finish(800, bottom));
        Assert.Equal(["loss, logarithmic", "0.1", "1", "10", "100", "1000"], Texts(picture).Take(6));
        Assert.Equal(3, Assert.Single(Named(picture, "polyline")).Attribute("points")!.Value.Split(' ').Length);
    }

    [Theory]
    [InlineData("constant")]
    [InlineData("nothing")]
    public void A_course_of_one_value_or_none_is_a_picture_too(string kind)
    {
        var svg = new Drawing();
        CoursePoint[] points = kind == "nothing" ? [] : [new(7, 1, 0, 1, 0, 1)];
        Assert.DoesNotContain("NaN", svg.Finish(800, CoursePicture.Draw(svg, 0, points)));
    }

    [Fact]
    public void Names_are_text_whatever_they_hold()
    {
        string bad = "<b>&'\"\u0001\ud83d";
        ClassFigure[] classes = [new(bad, 3, 2.0 / 3), new("a name that is rather long", 0, null)];
        var svg = new Drawing();
        var (right, bottom) = ConfusionPicture.Draw(svg, 0, classes, [[2, 1], [0, 0]]);
        var picture = XElement.Parse(svg.Finish(right, bottom));
        Assert.Contains("<b>&'\" \ufffd", Texts(picture));
        Assert.Contains("a name that…", Texts(picture));
        Assert.Contains("a name that is rather long taken for a name that is rather long: 0 of 0",
            Named(picture, "title").Select(title => title.Value));
        Assert.Contains("0.667", Texts(picture));
    }

    // By the formula of WCAG 2: the picture's own text on white and on black, and counts on each shade that a cell can have.
    [Fact]
    public void Text_is_readable_on_every_ground()
    {
        Assert.InRange(Contrast(Drawing.Ink, "#ffffff"), 4.5, 21);
        Assert.InRange(Contrast(Drawing.Ink, "#000000"), 4.5, 21);
        for (int right = 0; right <= 100; right++)
        {
            var svg = new Drawing();
            ConfusionPicture.Draw(svg, 0, [new("a", 100, null), new("b", 0, null)], [[right, 100 - right], [0, 0]]);
            var picture = XElement.Parse(svg.Finish(100, 100));
            string count = Named(picture, "text").First(text => text.Value == $"{right}").Attribute("fill")!.Value;
            Assert.InRange(Contrast(count, Named(picture, "rect")[0].Attribute("fill")!.Value), 4.2, 21);
        }
    }

    static double Contrast(string one, string other)
    {
        double a = Luminance(one), b = Luminance(other);
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    static double Luminance(string colour)
    {
        double Part(int at)
        {
            double value = int.Parse(colour.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
        }

        return (0.2126 * Part(1)) + (0.7152 * Part(3)) + (0.0722 * Part(5));
    }

    [Fact]
    public void A_regression_has_its_loss_and_evaluate_says_what_it_cannot_draw()
    {
        string path = _folder["line.csv"], saved = _folder["line.safetensors"];
        File.WriteAllLines(path, ["a,y", .. Enumerable.Range(0, 100).Select(i => $"{i},{50_000L * (i + 2)}")]);
        // Targets of millions: the test's loss, in their units, is no sign of a run that ran away.
        var run = Invoked.Run("train", "--data", path, "--loss", "mean-square", "--svg", _svg, "--save", saved, "--steps", "30");
        Assert.Equal((0, ""), (run.ExitCode, run.ExitCode == 0 ? "" : run.Error));
        Assert.Single(Named(XElement.Load(_svg), "polyline"));
        var test = Invoked.Run("evaluate", "--model", saved, "--data", path, "--svg", _folder["no.svg"]);
        Assert.Equal((1, "error: --svg draws which of 2 to 20 classes were taken for which, and this model has none: leave it out\n"),
            (test.ExitCode, test.Error[test.Error.IndexOf("error:", StringComparison.Ordinal)..]));
        Assert.False(File.Exists(_folder["no.svg"]));
    }
}
