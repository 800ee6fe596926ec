using EdgeLearn.Commands;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>Figures of the protocol as all commands print them.</summary>
static class ShownFigures
{
    /// <summary>The same; null where there are none, or they have no sound form.</summary>
    public static TestFigures? Shown(this Figures? figures) => figures is null || !FigureMessages.IsSound(figures)
        ? null
        : TestFigures.OfCounts(figures.Confusion, figures.Classes, (figures.HasBalancedAccuracy ? figures.BalancedAccuracy : null,
            figures.HasMacroF1 ? figures.MacroF1 : null, figures.HasR2 ? figures.R2 : null,
            figures.HasMeanAbsoluteError ? figures.MeanAbsoluteError : null));
}
