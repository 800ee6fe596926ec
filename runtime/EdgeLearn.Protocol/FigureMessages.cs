namespace EdgeLearn.Protocol;

/// <summary>What a test says beside accuracy and loss, as a message.</summary>
public static class FigureMessages
{
    /// <summary>Up to so many classes every pair is told; more fill neither a table nor a line of a board.</summary>
    public const int MostClasses = 20;

    const int LongestName = 200;

    /// <summary>Of an evaluation; null where it says nothing more.</summary>
    /// <param name="evaluation">of a test</param>
    /// <param name="classNames">of the model; null = its classes have none</param>
    public static Figures? Of(in Evaluation evaluation, IReadOnlyList<string>? classNames)
    {
        var figures = new Figures();
        if (evaluation.Classes is { } classes)
        {
            if (double.IsFinite(classes.BalancedAccuracy)) figures.BalancedAccuracy = classes.BalancedAccuracy;
            if (double.IsFinite(classes.MacroF1)) figures.MacroF1 = classes.MacroF1;
            if (classes.ClassCount > MostClasses || classes.Confusion is not { } confusion) return figures;
            foreach (var row in confusion)
            {
                foreach (long count in row) figures.Confusion.Add((ulong)count);
            }

            if (classNames?.Count == classes.ClassCount) figures.Classes.Add(classNames);
            return figures;
        }

        if (evaluation.Targets is not { } targets) return null;
        if (targets.R2 is { } share && double.IsFinite(share)) figures.R2 = share;
        if (double.IsFinite(targets.MeanAbsoluteError)) figures.MeanAbsoluteError = targets.MeanAbsoluteError;
        return figures;
    }

    /// <summary>Whether a board's figures have a form that <see cref="Of"/> gives; others are not kept.</summary>
    public static bool IsSound(Figures figures)
    {
        int classes = ClassesOf(figures);
        return classes >= 0 && (figures.Classes.Count == 0 || figures.Classes.Count == classes)
            && figures.Classes.All(name => name.Length <= LongestName)
            && figures.Confusion.All(count => count <= long.MaxValue / (MostClasses * MostClasses))
            && double.IsFinite(figures.BalancedAccuracy) && double.IsFinite(figures.MacroF1) && double.IsFinite(figures.R2)
            && double.IsFinite(figures.MeanAbsoluteError);
    }

    /// <summary>Classes that the counts are of: 0 where there are none, -1 where they are no square.</summary>
    public static int ClassesOf(Figures figures)
    {
        int classes = (int)Math.Round(Math.Sqrt(figures.Confusion.Count));
        return classes * classes == figures.Confusion.Count && classes <= MostClasses ? classes : -1;
    }
}
