using System.Globalization;
using System.Security;
using System.Text;

namespace EdgeLearn.Commands;

/// <summary>An SVG, piece by piece; text in it is escaped, and readable on white and on black.</summary>
sealed class Drawing
{
    /// <summary>As far from white as from black: a contrast of 4.5 on either.</summary>
    public const string Ink = "#767676";

    readonly StringBuilder _pieces = new();

    /// <summary>The SVG text.</summary>
    public string Finish(double width, double height)
        => string.Create(CultureInfo.InvariantCulture, $"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:F0} {height:F0}' ")
            + $"font-family='sans-serif' font-size='12' fill='{Ink}'>\n{_pieces}</svg>\n";

    /// <summary>Writes a text.</summary>
    /// <param name="x">of its anchor</param>
    /// <param name="y">of its base line</param>
    /// <param name="text">one line</param>
    /// <param name="anchor">start, middle or end</param>
    /// <param name="fill">its colour</param>
    /// <param name="turn">degrees around the anchor</param>
    public void Text(double x, double y, string text, string anchor = "start", string fill = Ink, double turn = 0)
    {
        string turned = turn == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" transform='rotate({turn:F0} {x:F1} {y:F1})'");
        Add($"<text x='{x:F1}' y='{y:F1}' text-anchor='{anchor}' fill='{fill}'{turned}>{Escape(text)}</text>\n");
    }

    public void Line(double x1, double y1, double x2, double y2, double opacity = 1)
        => Add($"<line x1='{x1:F1}' y1='{y1:F1}' x2='{x2:F1}' y2='{y2:F1}' stroke='{Ink}' stroke-opacity='{opacity:F2}'/>\n");

    /// <summary>A line through points, with a dot at its end.</summary>
    public void Path(IReadOnlyList<(double X, double Y)> points, string colour, string dashes)
    {
        if (points.Count == 0) return;
        string path = string.Join(' ', points.Select(point
            => string.Create(CultureInfo.InvariantCulture, $"{point.X:F1},{point.Y:F1}")));
        Add($"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2' stroke-dasharray='{dashes}'/>\n");
        Add($"<circle cx='{points[^1].X:F1}' cy='{points[^1].Y:F1}' r='3' fill='{colour}'/>\n");
    }

    /// <summary>A rectangle with a name that shows when the pointer rests on it.</summary>
    public void Rectangle(double x, double y, double width, double height, string fill, string name, double opacity = 1)
    {
        Add($"<rect x='{x:F1}' y='{y:F1}' width='{width:F1}' height='{height:F1}' fill='{fill}' ");
        Add($"fill-opacity='{opacity:0.##}' stroke='#ffffff' stroke-width='0.5'><title>{Escape(name)}</title></rect>\n");
    }

    void Add(FormattableString piece) => _pieces.Append(piece.ToString(CultureInfo.InvariantCulture));

    // Class names come from folders and files: XML has no place for control characters and halves of pairs.
    static string Escape(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) clean.Append(Rune.IsControl(rune) || rune.Value is 0xFFFE or 0xFFFF ? " " : $"{rune}");
        return SecurityElement.Escape(clean.ToString());
    }
}
