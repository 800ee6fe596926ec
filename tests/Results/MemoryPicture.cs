using EdgeLearn.Drawing;

namespace EdgeLearn.Results;

/// <summary>Accuracy against memory, one chart a row, in one SVG.</summary>
/// <param name="Title">what a reader without pictures is told</param>
/// <param name="XName">what stands below each chart</param>
/// <param name="Names">all that has points, in the order of colours</param>
sealed record MemoryPicture(string Title, string XName, IReadOnlyList<string> Names)
{
    const int Columns = 2;
    const double CellWidth = 560, CellHeight = 320;

    /// <summary>Whether bytes grow by factors and not by sums.</summary>
    public bool IsLogarithmic { get; init; }

    /// <summary>Draws it; empty without points.</summary>
    public string Draw(IReadOnlyList<MemoryPoint> points)
    {
        string[] rows = [.. points.Select(point => point.Row).Distinct()];
        if (rows.Length == 0) return "";
        int lines = (rows.Length + Columns - 1) / Columns;
        var picture = new SvgPicture(Columns * CellWidth, lines * CellHeight, Title);
        for (int i = 0; i < rows.Length; i++)
        {
            var chart = new SvgChart(rows[i], XName, "test accuracy, %")
            {
                Width = 330,
                Height = 230,
                IsLogarithmic = IsLogarithmic,
                Names = Names
            };
            foreach (var point in points.Where(point => point.Row == rows[i]))
                chart.AddPoints(point.Rule, (point.Bytes, 100 * point.Accuracy));
            picture.Inset(chart.Draw(), i % Columns * CellWidth, i / Columns * CellHeight, CellWidth, CellHeight);
        }

        return picture.ToString();
    }
}
