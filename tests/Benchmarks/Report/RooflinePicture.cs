using System.Globalization;
using EdgeLearn.Commands;
using EdgeLearn.Drawing;

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
        var picture = new SvgPicture(Left + Width + Legend, Top + Height + 50,
            "Attained GFLOP/s of each kernel against the measured limits of one core");
        for (double x = LeastIntensity; x <= MostIntensity; x *= 4)
        {
            picture.Grid(X(x), Top + Height, X(x), Top);
            picture.Text(X(x), Top + Height + 16, Number(x), "middle");
        }

        for (double y = Math.Pow(10, Math.Ceiling(Math.Log10(least))); y <= most; y *= 10)
        {
            picture.Grid(Left, Y(y), Left + Width, Y(y));
            picture.Text(Left - 6, Y(y) + 4, Number(y), "end");
        }

        picture.Text(Left + Width / 2, Top + Height + 38, "floating-point operations a byte", "middle");
        picture.Text(16, Top + Height / 2, "GFLOP/s", "middle", degrees: -90);
        foreach (var peak in limits.Peaks.DistinctBy(peak => Math.Round(peak.Gflops / limits.PeakGflops, 1)))
        {
            picture.Line(X(peak.Gflops / limits.Memory.Max(level => level.ReadGbs)), Y(peak.Gflops), Left + Width, Y(peak.Gflops));
            picture.Text(Left + Width - 4, Y(peak.Gflops) - 5, Invariant($"multiply-adds, {peak.VectorBits} bits: {peak.Gflops:F0}"),
                "end");
        }

        double drawn = double.MaxValue;
        foreach (var level in limits.Memory)
        {
            // Lines that nearly touch say nothing.
            if (level.ReadGbs > drawn / 1.3) continue;
            drawn = level.ReadGbs;
            Slope(picture, $"{ByteCount.Format(level.WorkingSetBytes)}, read", drawn, limits.PeakGflops, least, X, Y);
        }

        Slope(picture, $"{ByteCount.Format(limits.Memory[^1].WorkingSetBytes)}, in place", limits.Memory[^1].InPlaceGbs, limits.PeakGflops,
            least, X, Y);
        for (int i = 0; i < points.Count; i++) Point(picture, i, points[i], X, Y);
        return picture.ToString();
    }

    static void Slope(SvgPicture picture, string name, double gbs, double peak, double least, Func<double, double> x,
        Func<double, double> y)
    {
        double from = Math.Max(LeastIntensity, least / gbs), to = peak / gbs;
        picture.Line(x(from), y(from * gbs), x(to), y(peak));
        double degrees = Math.Atan2(y(peak) - y(from * gbs), x(to) - x(from)) * 180 / Math.PI;
        picture.Text(x(from) + 4, y(from * gbs) - 6, Invariant($"{name}: {gbs:F0} GB/s"), size: 10, degrees: degrees);
    }

    static void Point(SvgPicture picture, int index, RooflinePoint point, Func<double, double> x, Func<double, double> y)
    {
        string colour = SvgPicture.Colour(index);
        picture.Dot(x(Math.Clamp(point.Intensity, LeastIntensity, MostIntensity)), y(point.Gflops), 5, colour);
        double row = Top + 8 + 17 * index;
        picture.Dot(Left + Width + 16, row, 4, colour);
        picture.Text(Left + Width + 26, row + 4, Invariant($"{point.Name}: {point.Gflops:F0} ({100 * point.Share:F0} %)"));
    }

    static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
