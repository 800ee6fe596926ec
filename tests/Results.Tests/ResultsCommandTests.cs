using System.CommandLine;
using System.Xml.Linq;
using EdgeLearn.Commands;
using EdgeLearn.Results;
using Xunit;

namespace EdgeLearn.Tests;

public class ResultsCommandTests
{
    [Fact]
    public async Task The_document_and_its_pictures_are_written()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal((0, ""), await Run("--only", "depth", "--output", folder["out.md"], "--store", folder["store.jsonl"]));
        string text = File.ReadAllText(folder["out.md"]);
        Assert.Contains("| backprop | ", text);
        Assert.Contains("](out/depth.svg)", text);
        var svg = XDocument.Load(folder["out/depth.svg"]);
        Assert.Equal("svg", svg.Root!.Name.LocalName);
        Assert.True(svg.Descendants().Count(element => element.Name.LocalName == "polyline") >= 3);
    }

    [Theory]
    [InlineData("--only nothing", "no row has that in its name; the rows are mnist")]
    [InlineData("--seeds 0", "expected 1 to 100")]
    [InlineData("--only depth --output /proc/nowhere/x.md", "cannot write /proc/nowhere/x.md")]
    public async Task What_cannot_be_done_is_one_clear_line(string arguments, string expected)
    {
        using var folder = new TemporaryFolder();
        var (code, error) = await Run([.. arguments.Split(' '), "--store", folder["store.jsonl"]]);
        Assert.Equal(1, code);
        Assert.StartsWith("error: ", error);
        Assert.Contains(expected, error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void Rows_have_names_of_their_own_and_stand_under_one_heading()
    {
        Assert.Equal(ResultRows.All.Count, ResultRows.All.Select(row => row.Name).Distinct().Count());
        string[] sections = [.. ResultRows.All.Select(row => row.Section)];
        int changes = Enumerable.Range(1, sections.Length - 1).Count(i => sections[i] != sections[i - 1]);
        Assert.Equal(sections.Distinct().Count() - 1, changes);
    }

    [Fact]
    public void A_chart_is_well_formed_whatever_its_names_and_numbers()
    {
        foreach (bool isLogarithmic in (bool[])[true, false])
        {
            var chart = new SvgChart("a < b & \"c\"", "x", "y") { IsLogarithmic = isLogarithmic };
            chart.AddPoints("one & only", (5, 7));
            XDocument.Parse(chart.Draw());
            chart.AddLine("line", [(1, 0.001), (1e6, 1e9)]);
            Assert.Equal(5, XDocument.Parse(chart.Draw()).Descendants().Count(element => element.Name.LocalName == "circle"));
        }

        Assert.DoesNotContain("NaN", new SvgChart("empty", "x", "y").Draw());
    }

    static async Task<(int, string)> Run(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int code = await CommandProgram.RunAsync(new RootCommand { ResultsCommand.Create() }, "edgelearn", ["results", .. arguments],
            output, error, CancellationToken.None);
        return (code, code == 0 ? "" : error.ToString());
    }
}
