using System.Globalization;
using EdgeLearn.Drawing;

namespace EdgeLearn.Results;

/// <summary>
/// A chart of lines or points as SVG text, readable on white and on black. A name has the same colour in every chart that knows it.
/// </summary>
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

    /// <summary>The names in the order of their colours; what is not among them gets the next ones.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Adds points that are joined.</summary>
    public void AddLine(string name, (double X, double Y)[] points) => _series.Add((name, points, true));

    /// <summary>Adds single points.</summary>
    public void AddPoints(string name, params (double X, double Y)[] points) => _series.Add((name, points, false));

    /// <summary>The SVG text.</summary>
    public string Draw()
    {
        var picture = new SvgPicture(Left + Width + Legend, Top + Height + Bottom, title);
        picture.Text(Left, 18, title, size: 13);
        var points = _series.SelectMany(series => series.Points).ToList();
        if (points.Count > 0) DrawPlot(picture, points);
        return picture.ToString();
    }

    void DrawPlot(SvgPicture picture, List<(double X, double Y)> points)
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
        foreach (double x in XTicks.Count > 0 ? XTicks : IsLogarithmic ? Decades(leastX, mostX) : Round(leastX, mostX))
        {
            picture.Grid(X(x), Top + Height, X(x), Top);
            picture.Text(X(x), Top + Height + 16, Number(x), "middle");
        }

        foreach (double y in Round(leastY, mostY))
        {
            picture.Grid(Left, Y(y), Left + Width, Y(y));
            picture.Text(Left - 6, Y(y) + 4, Number(y), "end");
        }

        picture.Text(Left + Width / 2, Top + Height + 38, xName, "middle");
        picture.Text(16, Top + Height / 2, yName, "middle", degrees: -90);
        var named = new List<string>();
        foreach (var (name, places, isLine) in _series)
        {
            string colour = Colour(name);
            if (isLine) picture.Curve(places.Select(point => (X(point.X), Y(point.Y))), colour);
            foreach (var point in places) picture.Dot(X(point.X), Y(point.Y), 4, colour);
            if (named.Contains(name)) continue;
            double row = Top + 8 + 18 * named.Count;
            picture.Dot(Left + Width + 16, row, 4, colour);
            picture.Text(Left + Width + 26, row + 4, name);
            named.Add(name);
        }
    }

    string Colour(string name)
        => SvgPicture.Colour(Names.Concat(_series.Select(series => series.Name)).Distinct().Index()
            .First(known => known.Item == name).Index);

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

    static string Number(double value) => Math.Abs(value) switch
    {
        >= 1e6 => (value / 1e6).ToString("0.###", CultureInfo.InvariantCulture) + " M",
        >= 1e4 => (value / 1e3).ToString("0.###", CultureInfo.InvariantCulture) + " k",
        _ => value.ToString("0.###", CultureInfo.InvariantCulture),
    };
}
