using System.Globalization;
using System.Net;
using System.Text;

namespace EdgeLearn.Drawing;

/// <summary>
/// Writes an SVG file piece by piece: grey lines and small text that can be read on white and on black, and marks of any colour. All texts
/// are escaped.
/// </summary>
sealed class SvgPicture
{
    /// <summary>The colour of everything that says no other.</summary>
    public const string Grey = "#777";

    readonly StringBuilder _svg = new();

    /// <param name="width">in pixels at natural size</param>
    /// <param name="height">in pixels at natural size</param>
    /// <param name="title">what a reader without pictures is told</param>
    public SvgPicture(double width, double height, string title)
    {
        _svg.Append(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:F0} {height:F0}\" font-family=\"sans-serif\" "
            + $"font-size=\"12\" fill=\"{Grey}\" stroke=\"none\">\n");
        _svg.Append(Invariant($"<title>{Escaped(title)}</title>\n"));
    }

    /// <summary>The colour of the i-th series; neighbours are far apart.</summary>
    public static string Colour(int index) => Invariant($"hsl({index * 137 % 360} 70% 45%)");

    /// <summary>Text at a place.</summary>
    /// <param name="x">where it is anchored</param>
    /// <param name="y">its base line</param>
    /// <param name="text">of any characters</param>
    /// <param name="anchor">start, middle or end</param>
    /// <param name="size">of the letters</param>
    /// <param name="degrees">that it is turned by, clockwise</param>
    public void Text(double x, double y, string text, string anchor = "start", double size = 12, double degrees = 0)
    {
        string place = degrees == 0
            ? Invariant($"x=\"{x:F1}\" y=\"{y:F1}\"")
            : Invariant($"transform=\"translate({x:F1} {y:F1}) rotate({degrees:F1})\"");
        _svg.Append(Invariant($"<text {place} text-anchor=\"{anchor}\" font-size=\"{size:0.#}\">{Escaped(text)}</text>\n"));
    }

    /// <summary>A line.</summary>
    public void Line(double x1, double y1, double x2, double y2, double width = 1.5, double opacity = 1)
        => _svg.Append(CultureInfo.InvariantCulture,
            $"<line x1=\"{x1:F1}\" y1=\"{y1:F1}\" x2=\"{x2:F1}\" y2=\"{y2:F1}\" stroke=\"{Grey}\" stroke-width=\"{width:0.##}\" "
            + $"stroke-opacity=\"{opacity:0.##}\"/>\n");

    /// <summary>A line of the grid.</summary>
    public void Grid(double x1, double y1, double x2, double y2) => Line(x1, y1, x2, y2, width: 1, opacity: 0.25);

    /// <summary>Points joined in their order.</summary>
    public void Curve(IEnumerable<(double X, double Y)> points, string colour)
        => _svg.Append(CultureInfo.InvariantCulture,
            $"<polyline points=\"{string.Join(' ', points.Select(point => Invariant($"{point.X:F1},{point.Y:F1}")))}\" "
            + $"fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n");

    /// <summary>A mark.</summary>
    public void Dot(double x, double y, double radius, string colour)
        => _svg.Append(Invariant($"<circle cx=\"{x:F1}\" cy=\"{y:F1}\" r=\"{radius:0.#}\" fill=\"{colour}\"/>\n"));

    /// <summary>Another picture inside this one.</summary>
    /// <param name="svg">the whole text of a picture</param>
    /// <param name="x">its left edge</param>
    /// <param name="y">its top</param>
    /// <param name="width">its width here</param>
    /// <param name="height">its height here</param>
    public void Inset(string svg, double x, double y, double width, double height)
        => _svg.Append(
            svg.Replace("<svg ", Invariant($"<svg x=\"{x:F0}\" y=\"{y:F0}\" width=\"{width:F0}\" height=\"{height:F0}\" "),
            StringComparison.Ordinal));

    /// <summary>The whole text; to be called once.</summary>
    public override string ToString() => _svg.Append("</svg>\n").ToString();

    static string Escaped(string text) => WebUtility.HtmlEncode(text);

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
