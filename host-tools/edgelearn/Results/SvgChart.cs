using System.Globalization;
using System.Net;
using System.Text;

namespace EdgeLearn.Cli;

/// <summary>A chart of lines or points as SVG text, readable on white and on black. Colours follow the order in which names first appear.</summary>
/// <param name="title">what a reader without pictures is told</param>
/// <param name="xName">below the chart</param>
/// <param name="yName">beside it</param>
sealed class SvgChart(string title, string xName, string yName)
{
    const double Left = 70, Top = 30, Legend = 150, Bottom = 50;

    readonly List<(string Name, (double X, double Y)[] Points, bool IsLine)> _series = [];

    /// <summary>Width of the plot.</summary>
    public double Width { get; init; } = 520;

    /// <summary>Height of the plot.</summary>
    public double Height { get; init; } = 300;

    /// <summary>Whether the horizontal axis is logarithmic.</summary>
    public bool IsLogarithmic { get; init; }

    /// <summary>Whether the vertical axis starts at 0 and not at the least value.</summary>
    public bool StartsAtZero { get; init; }

    /// <summary>Where the horizontal axis has numbers; empty chooses them.</summary>
    public IReadOnlyList<double> XTicks { get; init; } = [];

    /// <summary>The names in the order of their colours; charts that belong together share them.</summary>
    public IList<string> Colours { get; init; } = new List<string>();

    /// <summary>Adds points that are joined.</summary>
    public void AddLine(string name, (double X, double Y)[] points) => _series.Add((name, points, true));

    /// <summary>Adds single points.</summary>
    public void AddPoints(string name, params (double X, double Y)[] points) => _series.Add((name, points, false));

    /// <summary>The SVG text.</summary>
    public string Draw()
    {
        var svg = new StringBuilder();
        svg.Append(Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Left + Width + Legend:F0} {Top + Height + Bottom:F0}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#777\" stroke=\"none\">\n"));
        svg.Append(Invariant($"<title>{Escaped(title)}</title>\n<text x=\"{Left:F0}\" y=\"18\" font-size=\"13\">{Escaped(title)}</text>\n"));
        var points = _series.SelectMany(series => series.Points).ToList();
        if (points.Count > 0) DrawPlot(svg, points);
        return svg.Append("</svg>\n").ToString();
    }

    void DrawPlot(StringBuilder svg, List<(double X, double Y)> points)
    {
        double leastX = points.Min(point => point.X), mostX = points.Max(point => point.X);
        double leastY = StartsAtZero ? 0 : points.Min(point => point.Y), mostY = points.Max(point => point.Y);
        if (IsLogarithmic) (leastX, mostX) = (leastX / 1.15, mostX * 1.15);
        double margin = mostY > leastY ? 0.06 * (mostY - leastY) : 0.5;
        (leastY, mostY) = (StartsAtZero ? 0 : leastY - margin, mostY + margin);
        if (mostX <= leastX) (leastX, mostX) = (leastX - 0.5, leastX + 0.5);
        double Place(double x) => IsLogarithmic ? Math.Log(x / leastX) / Math.Log(mostX / leastX) : (x - leastX) / (mostX - leastX);
        double X(double x) => Left + Width * Place(x);
        double Y(double y) => Top + Height * (1 - (y - leastY) / (mostY - leastY));
        foreach (double x in XTicks.Count > 0 ? XTicks : IsLogarithmic ? Decades(leastX, mostX) : Round(leastX, mostX)) Tick(svg, X(x), Top + Height, X(x), Top, Number(x), X(x), Top + Height + 16, "middle");
        foreach (double y in Round(leastY, mostY)) Tick(svg, Left, Y(y), Left + Width, Y(y), Number(y), Left - 6, Y(y) + 4, "end");
        svg.Append(Invariant($"<text x=\"{Left + Width / 2:F0}\" y=\"{Top + Height + 38:F0}\" text-anchor=\"middle\">{Escaped(xName)}</text>\n"));
        svg.Append(Invariant($"<text transform=\"translate(16 {Top + Height / 2:F0}) rotate(-90)\" text-anchor=\"middle\">{Escaped(yName)}</text>\n"));
        var named = new List<string>();
        foreach (var (name, places, isLine) in _series)
        {
            string colour = Colour(name);
            if (isLine) svg.Append(Invariant($"<polyline points=\"{string.Join(' ', places.Select(point => Invariant($"{X(point.X):F1},{Y(point.Y):F1}")))}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n"));
            foreach (var point in places) svg.Append(Invariant($"<circle cx=\"{X(point.X):F1}\" cy=\"{Y(point.Y):F1}\" r=\"4\" fill=\"{colour}\"/>\n"));
            if (named.Contains(name)) continue;
            double row = Top + 8 + 18 * named.Count;
            svg.Append(Invariant($"<circle cx=\"{Left + Width + 16:F0}\" cy=\"{row:F0}\" r=\"4\" fill=\"{colour}\"/><text x=\"{Left + Width + 26:F0}\" y=\"{row + 4:F0}\">{Escaped(name)}</text>\n"));
            named.Add(name);
        }
    }

    string Colour(string name)
    {
        if (!Colours.Contains(name)) Colours.Add(name);
        return Invariant($"hsl({(210 + Colours.IndexOf(name) * 137) % 360} 70% 45%)");
    }

    // 1, 2 or 5 times a power of ten apart, about five of them.
    static IEnumerable<double> Round(double least, double most)
    {
        double raw = (most - least) / 5, power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10);
        for (long i = (long)Math.Ceiling(least / step); i * step <= most; i++) yield return i * step;
    }

    static IEnumerable<double> Decades(double least, double most)
    {
        double[] steps = most / least < 30 ? [1, 2, 5] : [1];
        for (double power = Math.Pow(10, Math.Floor(Math.Log10(least))); power <= most; power *= 10)
        {
            foreach (double step in steps)
            {
                if (step * power >= least && step * power <= most) yield return step * power;
            }
        }
    }

    static void Tick(StringBuilder svg, double x1, double y1, double x2, double y2, string text, double x, double y, string anchor)
    {
        svg.Append(Invariant($"<line x1=\"{x1:F1}\" y1=\"{y1:F1}\" x2=\"{x2:F1}\" y2=\"{y2:F1}\" stroke=\"#777\" stroke-opacity=\"0.25\"/>"));
        svg.Append(Invariant($"<text x=\"{x:F1}\" y=\"{y:F1}\" text-anchor=\"{anchor}\">{text}</text>\n"));
    }

    static string Number(double value) => Math.Abs(value) switch
    {
        >= 1e6 => (value / 1e6).ToString("0.###", CultureInfo.InvariantCulture) + " M",
        >= 1e4 => (value / 1e3).ToString("0.###", CultureInfo.InvariantCulture) + " k",
        _ => value.ToString("0.###", CultureInfo.InvariantCulture),
    };

    static string Escaped(string text) => WebUtility.HtmlEncode(text);

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
