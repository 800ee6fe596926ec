namespace EdgeLearn.Cli;

/// <summary>Accuracy against the memory of training, one chart a row, in one SVG.</summary>
static class MemoryPicture
{
    const int Columns = 2;
    const double CellWidth = 560, CellHeight = 320;

    /// <summary>Draws it; empty without points.</summary>
    public static string Draw(IReadOnlyList<MemoryPoint> points)
    {
        string[] rows = [.. points.Select(point => point.Row).Distinct()];
        if (rows.Length == 0) return "";
        var colours = new List<string>();
        var svg = new System.Text.StringBuilder();
        int lines = (rows.Length + Columns - 1) / Columns;
        svg.Append(FormattableString.Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Columns * CellWidth:F0} {lines * CellHeight:F0}\">\n<title>Test accuracy against the memory that training needs</title>\n"));
        for (int i = 0; i < rows.Length; i++)
        {
            var chart = new SvgChart(rows[i], "weights and workspace, bytes", "test accuracy, %") { Width = 330, Height = 230, IsLogarithmic = true, Colours = colours };
            foreach (var point in points.Where(point => point.Row == rows[i])) chart.AddPoints(point.Rule, (point.Bytes, 100 * point.Accuracy));
            svg.Append(chart.Draw().Replace("<svg ", FormattableString.Invariant($"<svg x=\"{i % Columns * CellWidth:F0}\" y=\"{i / Columns * CellHeight:F0}\" width=\"{CellWidth:F0}\" height=\"{CellHeight:F0}\" "), StringComparison.Ordinal));
        }

        return svg.Append("</svg>\n").ToString();
    }
}
