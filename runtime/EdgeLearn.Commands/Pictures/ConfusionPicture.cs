using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>
/// A confusion matrix: a row for what samples are, a column for what was found, each cell with its count and as dark as its share of the
/// row. It brings its own white ground, on which counts are readable everywhere.
/// </summary>
static class ConfusionPicture
{
    const double CellHeight = 26, LetterWidth = 7, LabelWidth = 100, RecallWidth = 60;
    const int LabelLength = 12;

    /// <summary>Draws a matrix.</summary>
    /// <param name="svg">the picture</param>
    /// <param name="top">where it begins</param>
    /// <param name="classes">in the order of rows and columns</param>
    /// <param name="counts">by row</param>
    /// <returns>where it ends, to the right and below</returns>
    public static (double Right, double Bottom) Draw(Drawing svg, double top, IReadOnlyList<ClassFigure> classes,
        IReadOnlyList<IReadOnlyList<long>> counts)
    {
        double cell = Math.Max(30, (LetterWidth * counts.Max(row => row.Max(count => Text(count).Length))) + 8);
        // The names of the columns lean to the right.
        double y0 = top + 40 + (LetterWidth * classes.Max(one => Math.Min(one.Name.Length, LabelLength)));
        double right = LabelWidth + (cell * classes.Count);
        svg.Text(8, top + 12, "rows: what it is; columns: what was found; the darker, the greater a part of its row");
        svg.Text(right + 8, y0 - 8, "recall");
        for (int row = 0; row < classes.Count; row++)
        {
            double x = LabelWidth + (cell * (row + 0.5)), y = y0 + (CellHeight * row);
            svg.Text(LabelWidth - 6, y + 17, Terminal.Cut(classes[row].Name, LabelLength), "end");
            svg.Text(x, y0 - 6, Terminal.Cut(classes[row].Name, LabelLength), turn: -60);
            svg.Text(right + 8, y + 17, classes[row].Recall is { } recall
                ? recall.ToString("F3", CultureInfo.InvariantCulture) : NumberText.None);
            long sum = counts[row].Sum();
            for (int column = 0; column < classes.Count; column++)
            {
                long count = counts[row][column];
                double share = sum > 0 ? (double)count / sum : 0;
                svg.Rectangle(LabelWidth + (cell * column), y, cell, CellHeight, Shade(share),
                    $"{classes[row].Name} taken for {classes[column].Name}: {Text(count)} of {Text(sum)}");
                svg.Text(LabelWidth + (cell * (column + 0.5)), y + 17, Text(count), "middle",
                    share >= 0.9 ? "#ffffff" : count == 0 ? Drawing.Ink : "#000000");
            }
        }

        return (right + RecallWidth, y0 + (CellHeight * classes.Count) + 20);
    }

    static string Text(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    // From white to Okabe and Ito's blue.
    static string Shade(double share)
    {
        int Part(int full) => (int)Math.Round(255 + (share * (full - 255)));
        return string.Create(CultureInfo.InvariantCulture, $"#{Part(0x00):x2}{Part(0x72):x2}{Part(0xB2):x2}");
    }
}
