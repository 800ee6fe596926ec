using System.Text.Json;
using System.Xml.Linq;
using EdgeLearn.Benchmarks;
using Xunit;

namespace EdgeLearn.Tests;

public class ReportTests
{
    static readonly Dictionary<string, string> s_reasons = new() { ["W3 step / hand-written C"] = "The test says so." };

    [Fact]
    public void The_json_has_the_names_that_others_read()
    {
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(FixedReport.Read(), ReportJson.OneLine.BenchReport));
        Assert.Equal("Test CPU, 2 cores, 8 GB", json.RootElement.GetProperty("machine").GetString());
        Assert.Equal("x86-64-v3", json.RootElement.GetProperty("instruction_set").GetString());
        var row = json.RootElement.GetProperty("rows")[1];
        Assert.Equal(("W1 step", "PyTorch autograd, optim.SGD"),
            (row.GetProperty("name").GetString(), row.GetProperty("peer").GetString()));
        string[] numbers = ["ours_us", "peer_us", "ratio", "ours_peak_rss_bytes", "peer_peak_rss_bytes", "allocated_bytes"];
        Assert.Equal([400, 800, 2, 6e6, 2.5e8, 0], numbers.Select(name => row.GetProperty(name).GetDouble()));
        Assert.False(row.GetProperty("met").GetBoolean());
        Assert.DoesNotContain('\n', json.RootElement.GetRawText());
    }

    [Fact]
    public void A_report_survives_a_file()
    {
        string once = JsonSerializer.Serialize(FixedReport.Read(), ReportJson.Lines.BenchReport);
        var read = JsonSerializer.Deserialize(once, ReportJson.OneLine.BenchReport)!;
        Assert.Equal(once, JsonSerializer.Serialize(read, ReportJson.Lines.BenchReport));
    }

    [Fact]
    public void A_target_is_met_by_the_ratio_or_as_the_job_says()
    {
        var rows = FixedReport.Read().Rows;
        Assert.Equal([true, false, null, true, true], rows.Select(row => row.Met));
    }

    [Fact]
    public void The_document_shows_every_row_and_explains_those_that_are_lost()
    {
        var report = FixedReport.Read();
        string text = new ReportDocument(report, "results/x.json", "performance.svg", s_reasons).Write();
        foreach (var row in report.Rows) Assert.Contains($"| {row.Name} |", text);
        Assert.Contains("| square 100x100x100 | 25.0 | OpenBLAS | 30.0 | **1.20** [1.10-1.30] | >= 1.15, met | 1.50 | 80.0 (80 %) |", text);
        Assert.Contains("6 MB / 250 MB", text);
        Assert.Contains("![Roofline](performance.svg)", text);
        Assert.Contains("Note: no oneDNN", text);
        string losses = text[text.IndexOf("## Rows that we lose", StringComparison.Ordinal)..];
        Assert.Equal(2, losses.Split("\n- ").Length - 1);
        Assert.Contains("**W1 step** against PyTorch autograd, optim.SGD: ratio 2.00, target 3.50; the target lies above the ceiling: at "
            + "the multiply-add peak of the same rounds the ratio would be 2.50; ours attains 80 % of that limit.", losses);
        Assert.Contains("**W3 step** against hand-written C: ratio 0.75. The test says so.", losses);
    }

    [Fact]
    public void The_limit_of_a_kernel_is_the_lower_of_peak_and_bandwidth()
    {
        var points = Roofline.Points(FixedReport.Read());
        Assert.Equal(["square 100x100x100", "sgd, 12 B a weight, 192 MiB"], points.Select(point => point.Name));
        // 2e6 operations in 25 us; 16.7 operations a byte at 20 GB/s would allow 333.
        Assert.Equal((80.0, 100.0), (points[0].Gflops, points[0].LimitGflops));
        // A sixth of an operation a byte in place at 40 GB/s.
        Assert.Equal(40.0 / 6, points[1].LimitGflops, 6);
        Assert.Equal(603979776 / 20000e3, points[1].Gbs, 6);
    }

    [Fact]
    public void The_picture_is_an_svg_with_a_dot_for_every_kernel()
    {
        var svg = XDocument.Parse(RooflinePicture.Draw(FixedReport.Read()));
        XNamespace space = "http://www.w3.org/2000/svg";
        Assert.Equal(space + "svg", svg.Root!.Name);
        Assert.Equal(2 * 2, svg.Descendants(space + "circle").Count()); // and one in the legend
        Assert.All(svg.Descendants(space + "circle"), circle => Assert.InRange((double)circle.Attribute("cy")!, 0, 450));
    }

    [Fact]
    public void The_text_of_a_roofline_names_limits_and_kernels()
    {
        using var text = new StringWriter();
        Roofline.Write(FixedReport.Read(), text);
        Assert.Contains("multiply-add peak, 256 bits: 100.0 GFLOP/s", text.ToString());
        Assert.Matches(@"square 100x100x100 +16\.67 +80\.0 +4\.8 +100\.0 +80 %  #{20}\.{5}", text.ToString());
    }

    [Fact]
    public void A_report_without_limits_has_no_roofline()
    {
        var report = FixedReport.Read() with { Limits = null };
        Assert.Throws<EdgeLearnException>(() => Roofline.Points(report));
        Assert.DoesNotContain("Roofline", new ReportDocument(report, "x.json", null, s_reasons).Write());
    }
}
