using EdgeLearn.Drawing;

namespace EdgeLearn.Results;

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
        int lines = (rows.Length + Columns - 1) / Columns;
        var picture = new SvgPicture(Columns * CellWidth, lines * CellHeight, "Test accuracy against the memory that training needs");
        for (int i = 0; i < rows.Length; i++)
        {
            var chart = new SvgChart(rows[i], "weights and workspace, bytes", "test accuracy, %")
            {
                Width = 330,
                Height = 230,
                IsLogarithmic = true,
                Names = ResultRule.Words
            };
            foreach (var point in points.Where(point => point.Row == rows[i]))
                chart.AddPoints(point.Rule, (point.Bytes, 100 * point.Accuracy));
            picture.Inset(chart.Draw(), i % Columns * CellWidth, i / Columns * CellHeight, CellWidth, CellHeight);
        }

        return picture.ToString();
    }
}
