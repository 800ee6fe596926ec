using System.Globalization;
using System.Security;
using System.Text;

namespace EdgeLearn.Commands;

/// <summary>
/// The buffers of a plan as an SVG: moments from left to right (those of a step, then those of an evaluation), bytes of the workspace from
/// bottom to top, a rectangle for each buffer with its name and size when the pointer rests on it. Two overlap only where one of them is in
/// use at its beginning alone by then.
/// </summary>
static class PlanPicture
{
    const double Left = 110, Top = 40, Width = 900, Height = 520, Right = 160, Bottom = 60;

    // Readable on white and on black; by category, in the order of a report.
    static readonly (string Category, string Name, string Colour)[] s_colours =
    [
        ("activations", "activations", "#4c86c6"), ("panels", "panels", "#d98f3d"), ("updatestate", "update state", "#8d6cc0"),
        ("batch", "batch", "#4fa36c"), ("past", "past", "#b85c72"),
    ];

    /// <summary>The SVG text.</summary>
    /// <param name="title">above the picture</param>
    /// <param name="buffers">of the plan</param>
    /// <param name="workspaceBytes">of the plan</param>
    public static string Draw(string title, IReadOnlyList<BufferPlan> buffers, long workspaceBytes)
    {
        int[] moments = [.. buffers.Select(buffer => buffer.FirstUse).Distinct().Order()];
        double X(int moment) => Left + Width * moment / Math.Max(1, moments.Length);
        double Y(long offset) => Top + Height * (1 - (double)offset / Math.Max(1, workspaceBytes));
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture,
            $"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {Left + Width + Right} {Top + Height + Bottom}' ");
        svg.Append("font-family='sans-serif' font-size='12' fill='#808080'>\n");
        Text(svg, Left, 20, title);
        foreach (var buffer in buffers.Where(buffer => buffer.Bytes > 0))
        {
            int first = Array.BinarySearch(moments, buffer.FirstUse);
            int last = buffer.LastUse is { } use ? Array.FindLastIndex(moments, moment => moment <= use) : moments.Length - 1;
            double top = Y(buffer.Offset + buffer.Bytes);
            Rectangle(svg, X(first), top, X(last + 1) - X(first), Y(buffer.Offset) - top,
                Array.Find(s_colours, known => known.Category == buffer.Category).Colour,
                string.Create(CultureInfo.InvariantCulture, $"{buffer.Name}: {buffer.Bytes:N0} bytes at {buffer.Offset:N0}, moments ")
                    + $"{BufferPlan.Moment(buffer.FirstUse)} to {BufferPlan.Moment(buffer.LastUse)}");
        }

        for (int tick = 0; tick <= 4; tick++)
        {
            long bytes = workspaceBytes * tick / 4;
            Text(svg, 8, Y(bytes) + 4, bytes.ToString("N0", CultureInfo.InvariantCulture));
        }

        Text(svg, Left, Top + Height + 20, "step: its moments in their order, beside them bytes of the workspace");
        int evaluation = Array.FindIndex(moments, moment => moment >= PlanTime.Evaluation);
        if (evaluation > 0) Text(svg, X(evaluation), Top + Height + 40, "from here on an evaluation");
        for (int i = 0; i < s_colours.Length; i++)
        {
            Rectangle(svg, Left + Width + 16, Top + 18 * i, 10, 10, s_colours[i].Colour, s_colours[i].Name);
            Text(svg, Left + Width + 32, Top + 18 * i + 10, s_colours[i].Name);
        }

        return svg.Append("</svg>\n").ToString();
    }

    static void Text(StringBuilder svg, double x, double y, string text)
        => svg.Append(CultureInfo.InvariantCulture, $"<text x='{x:F1}' y='{y:F1}'>{SecurityElement.Escape(text)}</text>\n");

    static void Rectangle(StringBuilder svg, double x, double y, double width, double height, string? colour, string name)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<rect x='{x:F1}' y='{y:F1}' width='{width:F1}' height='{height:F1}' fill='{colour}' ");
        svg.Append(CultureInfo.InvariantCulture, $"fill-opacity='0.75' stroke='#ffffff' stroke-width='0.5'><title>");
        svg.Append(SecurityElement.Escape(name)).Append("</title></rect>\n");
    }
}
