using System.Globalization;
using System.Net;
using System.Text;
using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>The roofline as an SVG: operations a byte across, GFLOP/s up, both logarithmic; readable on white and on black.</summary>
static class RooflinePicture
{
    const double Left = 70, Top = 20, Width = 640, Height = 380, Legend = 300;
    const double LeastIntensity = 0.125, MostIntensity = 512;

    /// <summary>Draws it.</summary>
    public static string Draw(BenchReport report)
    {
        var points = Roofline.Points(report);
        var limits = report.Limits!;
        double most = limits.PeakGflops * 1.6, least = Math.Min(1, points.Count == 0 ? 1 : points.Min(point => point.Gflops) / 1.6);
        double X(double intensity) => Left + Width * Math.Log(intensity / LeastIntensity) / Math.Log(MostIntensity / LeastIntensity);
        double Y(double gflops) => Top + Height * (1 - Math.Log(gflops / least) / Math.Log(most / least));
        var svg = new StringBuilder();
        svg.Append(Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Left + Width + Legend:F0} {Top + Height + 50:F0}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#777\" stroke=\"none\">\n"));
        svg.Append("<title>Attained GFLOP/s of each kernel against the measured limits of one core</title>\n");
        for (double x = LeastIntensity; x <= MostIntensity; x *= 4) Tick(svg, X(x), Top + Height, X(x), Top, Number(x), X(x), Top + Height + 16, "middle");
        for (double y = Math.Pow(10, Math.Ceiling(Math.Log10(least))); y <= most; y *= 10) Tick(svg, Left, Y(y), Left + Width, Y(y), Number(y), Left - 6, Y(y) + 4, "end");
        svg.Append(Invariant($"<text x=\"{Left + Width / 2:F0}\" y=\"{Top + Height + 38:F0}\" text-anchor=\"middle\">floating-point operations a byte</text>\n"));
        svg.Append(Invariant($"<text transform=\"translate(16 {Top + Height / 2:F0}) rotate(-90)\" text-anchor=\"middle\">GFLOP/s</text>\n"));
        foreach (var peak in limits.Peaks.DistinctBy(peak => Math.Round(peak.Gflops / limits.PeakGflops, 1)))
        {
            Line(svg, X(peak.Gflops / limits.Memory.Max(level => level.ReadGbs)), Y(peak.Gflops), Left + Width, Y(peak.Gflops));
            svg.Append(Invariant($"<text x=\"{Left + Width - 4:F0}\" y=\"{Y(peak.Gflops) - 5:F1}\" text-anchor=\"end\">multiply-adds, {peak.VectorBits} bits: {peak.Gflops:F0}</text>\n"));
        }

        double drawn = double.MaxValue;
        foreach (var level in limits.Memory)
        {
            // Lines that nearly touch say nothing.
            if (level.ReadGbs > drawn / 1.3) continue;
            drawn = level.ReadGbs;
            Slope(svg, $"{ByteCount.Format(level.WorkingSetBytes)}, read", drawn, limits.PeakGflops, least, X, Y);
        }

        Slope(svg, $"{ByteCount.Format(limits.Memory[^1].WorkingSetBytes)}, in place", limits.Memory[^1].InPlaceGbs, limits.PeakGflops, least, X, Y);
        for (int i = 0; i < points.Count; i++) Point(svg, i, points[i], X, Y);
        return svg.Append("</svg>\n").ToString();
    }

    static void Slope(StringBuilder svg, string name, double gbs, double peak, double least, Func<double, double> x, Func<double, double> y)
    {
        double from = Math.Max(LeastIntensity, least / gbs), to = peak / gbs;
        Line(svg, x(from), y(from * gbs), x(to), y(peak));
        double angle = Math.Atan2(y(peak) - y(from * gbs), x(to) - x(from)) * 180 / Math.PI;
        svg.Append(Invariant($"<text transform=\"translate({x(from) + 4:F1} {y(from * gbs) - 6:F1}) rotate({angle:F1})\" font-size=\"10\">{name}: {gbs:F0} GB/s</text>\n"));
    }

    static void Point(StringBuilder svg, int index, RooflinePoint point, Func<double, double> x, Func<double, double> y)
    {
        string colour = Invariant($"hsl({index * 137 % 360} 70% 45%)");
        svg.Append(Invariant($"<circle cx=\"{x(Math.Clamp(point.Intensity, LeastIntensity, MostIntensity)):F1}\" cy=\"{y(point.Gflops):F1}\" r=\"5\" fill=\"{colour}\"/>\n"));
        double row = Top + 8 + 17 * index;
        svg.Append(Invariant($"<circle cx=\"{Left + Width + 16:F0}\" cy=\"{row:F0}\" r=\"4\" fill=\"{colour}\"/><text x=\"{Left + Width + 26:F0}\" y=\"{row + 4:F0}\">{WebUtility.HtmlEncode(point.Name)}: {point.Gflops:F0} ({100 * point.Share:F0} %)</text>\n"));
    }

    static void Tick(StringBuilder svg, double x1, double y1, double x2, double y2, string text, double x, double y, string anchor)
    {
        svg.Append(Invariant($"<line x1=\"{x1:F1}\" y1=\"{y1:F1}\" x2=\"{x2:F1}\" y2=\"{y2:F1}\" stroke=\"#777\" stroke-opacity=\"0.25\"/>"));
        svg.Append(Invariant($"<text x=\"{x:F1}\" y=\"{y:F1}\" text-anchor=\"{anchor}\">{text}</text>\n"));
    }

    static void Line(StringBuilder svg, double x1, double y1, double x2, double y2) => svg.Append(Invariant($"<line x1=\"{x1:F1}\" y1=\"{y1:F1}\" x2=\"{x2:F1}\" y2=\"{y2:F1}\" stroke=\"#777\" stroke-width=\"1.5\"/>\n"));

    static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
