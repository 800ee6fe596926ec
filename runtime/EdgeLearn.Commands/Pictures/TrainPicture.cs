using System.Text;

namespace EdgeLearn.Commands;

/// <summary>The pictures of <c>train --svg</c> and <c>evaluate --svg</c>.</summary>
static class TrainPicture
{
    const double Title = 40;

    // So much of a long network fits the width.
    const int TitleLength = 115;

    /// <summary>Draws a run: loss and accuracy over its steps, and what became of each class where they are few.</summary>
    public static string Draw(TrainResult result, IReadOnlyList<CoursePoint> points)
    {
        string tested = result.Stopped is { } stopped
            ? $"stopped after step {stopped.Step:N0} of {stopped.Of:N0}"
            : Tested(result.TestAccuracy, result.TestLoss, result.TestExamples);
        var svg = Begin($"{result.Rule} with {result.Update}, {result.Network}", tested);
        double bottom = CoursePicture.Draw(svg, Title, points);
        return Finish(svg, bottom, result.Figures);
    }

    /// <summary>Draws what became of each class.</summary>
    public static string Draw(EvaluateResult result)
        => Finish(Begin($"{result.Model}: {result.Network}", Tested(result.TestAccuracy, result.TestLoss, result.TestExamples)), Title,
            result.Figures);

    /// <summary>Draws a run into a file.</summary>
    /// <exception cref="EdgeLearnException">It cannot be written.</exception>
    public static void Save(string path, TrainResult result, IReadOnlyList<CoursePoint> points)
        => DurableFile.Replace(path, Encoding.UTF8.GetBytes(Draw(result, points)));

    /// <summary>Draws a test into a file.</summary>
    /// <exception cref="EdgeLearnException">It cannot be written.</exception>
    public static void Save(string path, EvaluateResult result) => DurableFile.Replace(path, Encoding.UTF8.GetBytes(Draw(result)));

    static string Tested(double? accuracy, double? loss, int samples)
        => $"{(accuracy is { } share ? $"accuracy {NumberText.Fraction(share)}, " : "")}loss {NumberText.Fraction(loss)} on "
            + NumberText.Counted(samples, "test sample");

    static Drawing Begin(string what, string how)
    {
        var svg = new Drawing();
        svg.Text(8, 14, Terminal.Cut(what, TitleLength));
        svg.Text(8, 30, how);
        return svg;
    }

    static string Finish(Drawing svg, double bottom, TestFigures? figures)
    {
        double width = CoursePicture.TotalWidth;
        if (figures is { Classes: { } classes, Confusion: { } counts })
        {
            var (right, end) = ConfusionPicture.Draw(svg, bottom + 10, classes, counts);
            (width, bottom) = (Math.Max(width, right), end);
        }
        return svg.Finish(width, bottom);
    }
}
