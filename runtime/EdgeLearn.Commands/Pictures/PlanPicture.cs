using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>
/// The buffers of a plan as an SVG: moments from left to right (those of a step, then those of an evaluation), bytes of the workspace from
/// bottom to top, a rectangle for each buffer with its name and size when the pointer rests on it. Two overlap only where one of them is in
/// use at its beginning alone by then.
/// </summary>
static class PlanPicture
{
    const double Left = 110, Top = 40, Width = 900, Height = 520, Right = 160, Bottom = 60, Opacity = 0.75;

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
        var svg = new Drawing();
        svg.Text(Left, 20, title);
        foreach (var buffer in buffers.Where(buffer => buffer.Bytes > 0))
        {
            int first = Array.BinarySearch(moments, buffer.FirstUse);
            int last = buffer.LastUse is { } use ? Array.FindLastIndex(moments, moment => moment <= use) : moments.Length - 1;
            double top = Y(buffer.Offset + buffer.Bytes);
            svg.Rectangle(X(first), top, X(last + 1) - X(first), Y(buffer.Offset) - top,
                Array.Find(s_colours, known => known.Category == buffer.Category).Colour ?? Drawing.Ink,
                string.Create(CultureInfo.InvariantCulture, $"{buffer.Name}: {buffer.Bytes:N0} bytes at {buffer.Offset:N0}, moments ")
                    + $"{BufferPlan.Moment(buffer.FirstUse)} to {BufferPlan.Moment(buffer.LastUse)}", Opacity);
        }

        for (int tick = 0; tick <= 4; tick++)
        {
            long bytes = workspaceBytes * tick / 4;
            svg.Text(8, Y(bytes) + 4, bytes.ToString("N0", CultureInfo.InvariantCulture));
        }

        svg.Text(Left, Top + Height + 20, "step: its moments in their order, beside them bytes of the workspace");
        int evaluation = Array.FindIndex(moments, moment => moment >= PlanTime.Evaluation);
        if (evaluation > 0) svg.Text(X(evaluation), Top + Height + 40, "from here on an evaluation");
        for (int i = 0; i < s_colours.Length; i++)
        {
            svg.Rectangle(Left + Width + 16, Top + 18 * i, 10, 10, s_colours[i].Colour, s_colours[i].Name, Opacity);
            svg.Text(Left + Width + 32, Top + 18 * i + 10, s_colours[i].Name);
        }

        return svg.Finish(Left + Width + Right, Top + Height + Bottom);
    }
}
