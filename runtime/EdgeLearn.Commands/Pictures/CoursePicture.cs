using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>
/// The course of a run: loss and, below it, accuracy over its steps. Lines are named at their ends and told apart by colour (of Okabe and
/// Ito's, which the colour-blind tell apart) and by dashes (on paper).
/// </summary>
static class CoursePicture
{
    const double Left = 70, Width = 560, Right = 170, Height = 180, Head = 24, Foot = 46;

    // More moments are one wide band of noise.
    const int MostPoints = 150;

    // From here on the end of a run would lie on the axis.
    const double LogarithmicFrom = 100;

    /// <summary>Columns that a picture of a course takes.</summary>
    public const double TotalWidth = Left + Width + Right;

    /// <summary>Draws a course.</summary>
    /// <param name="svg">the picture</param>
    /// <param name="top">where it begins</param>
    /// <param name="points">moments in order</param>
    /// <returns>where it ends</returns>
    public static double Draw(Drawing svg, double top, IReadOnlyList<CoursePoint> points)
    {
        double lastStep = points.Count > 0 ? points[^1].Step : 0;
        var losses = Means([.. points.Where(point => point.Loss is not null).Select(point => (point.Step, point.Loss!.Value))]);
        var accuracies = points.Where(point => point.Accuracy is not null).Select(point => (point.Step, point.Accuracy!.Value)).ToList();
        if (losses.Count > 0) top = Chart(svg, top, "loss", Axis.Of(losses), losses, lastStep, "#0072B2", "none");
        if (accuracies.Count > 0)
        {
            top = Chart(svg, top, "accuracy on up to 1,000 test samples", new Axis(0, 1, false), accuracies, lastStep, "#D55E00", "6 3");
        }
        return top;
    }

    // Means of as many moments at a time as leave few enough.
    static List<(long Step, double Value)> Means((long Step, double Value)[] points)
        => [.. points.Chunk(Math.Max(1, (points.Length + MostPoints - 1) / MostPoints))
            .Select(chunk => (chunk[^1].Step, chunk.Average(point => point.Value)))];

    static double Chart(Drawing svg, double top, string name, Axis axis, List<(long Step, double Value)> values, double lastStep,
        string colour, string dashes)
    {
        double bottom = top + Head + Height;
        double X(double step) => Left + (Width * step / Math.Max(1, lastStep));
        double Y(double value) => bottom - (Height * axis.ShareOf(value));
        svg.Text(Left, top + 12, axis.IsLogarithmic ? $"{name}, logarithmic" : name);
        foreach (double tick in axis.Ticks)
        {
            svg.Line(Left, Y(tick), Left + Width, Y(tick), 0.35);
            svg.Text(Left - 8, Y(tick) + 4, tick.ToString("G4", CultureInfo.InvariantCulture), "end");
        }

        foreach (double tick in new Axis(0, Math.Max(1, lastStep), false).Ticks.Where(tick => tick == Math.Floor(tick)))
        {
            svg.Line(X(tick), bottom, X(tick), bottom + 5);
            svg.Text(X(tick), bottom + 18, tick.ToString("N0", CultureInfo.InvariantCulture), "middle");
        }

        svg.Text(Left + (Width / 2), bottom + 34, "step", "middle");
        svg.Path([.. values.Select(value => (X(value.Step), Y(value.Value)))], colour, dashes);
        svg.Text(Left + Width + 10, Y(values[^1].Value) + 4, string.Create(CultureInfo.InvariantCulture,
            $"{name.Split(' ')[0]} {values[^1].Value:G4}"));
        return bottom + Foot;
    }

    /// <summary>An axis of values.</summary>
    readonly record struct Axis(double Least, double Most, bool IsLogarithmic)
    {
        /// <summary>From 0, or from the least where it lies lower; logarithmic where the values differ by orders of magnitude.</summary>
        public static Axis Of(List<(long Step, double Value)> values)
        {
            double least = values.Min(value => value.Value), most = values.Max(value => value.Value);
            if (least > 0 && most / least >= LogarithmicFrom)
                return new Axis(Math.Pow(10, Math.Floor(Math.Log10(least))), Math.Pow(10, Math.Ceiling(Math.Log10(most))), true);
            return new Axis(Math.Min(0, least), most > Math.Min(0, least) ? most : Math.Min(0, least) + 1, false);
        }

        public double ShareOf(double value) => IsLogarithmic
            ? Math.Log(value / Least) / Math.Log(Most / Least)
            : (value - Least) / (Most - Least);

        /// <summary>Round values, six at most.</summary>
        public IEnumerable<double> Ticks
        {
            get
            {
                if (IsLogarithmic)
                {
                    int first = (int)Math.Round(Math.Log10(Least)), last = (int)Math.Round(Math.Log10(Most)), step = (last - first + 5) / 6;
                    for (int power = first; power <= last; power += step) yield return Math.Pow(10, power);
                    yield break;
                }

                double rough = (Most - Least) / 5, unit = Math.Pow(10, Math.Floor(Math.Log10(rough)));
                double width = unit * (rough > 5 * unit ? 10 : rough > 2 * unit ? 5 : rough > unit ? 2 : 1);
                for (double i = Math.Ceiling(Least / width); i * width <= Most * (1 + 1e-9); i++) yield return i * width;
            }
        }
    }
}
