namespace EdgeLearn;

/// <summary>How a stream is learned.</summary>
public sealed record StreamSettings
{
    /// <summary>
    /// Rule, update, seed, replay. A rate here is taken alone; without one several are tried side by side. What belongs to a run with an
    /// end, such as epochs, is left aside.
    /// </summary>
    public TrainingSettings Training { get; init; } = new() { Rule = new LocalHeadsSettings(), Update = new SgdSettings() };

    /// <summary>
    /// Labels that arrived last and are inputs of the next row: one number each, of more than two classes one for each class.
    /// </summary>
    public int Lags { get; init; }

    /// <summary>Most rows that wait for their labels at a time; an older one is forgotten.</summary>
    public int MostWaiting { get; init; } = 1;

    /// <summary>Rows over which inputs and targets are scaled, see <see cref="RunningScale"/>.</summary>
    public int Horizon { get; init; } = RunningScale.UsualHorizon;

    /// <summary>Most rates that are tried side by side; there are fewer where memory is short.</summary>
    public int Candidates { get; init; } = OnlineLearner.UsualCount;

    /// <summary>What watches the errors, one of <see cref="DriftDetector.Words"/>.</summary>
    public string Drift { get; init; } = Adwin.Name;

    /// <summary>Most bytes of all weights, workspaces and waiting rows; null = no limit.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Inputs of a network for rows of some values.</summary>
    /// <param name="values">of a row</param>
    /// <param name="scores">classes that the network tells apart, or real targets</param>
    /// <param name="isClassification">whether they are classes</param>
    public int InputsFor(int values, int scores, bool isClassification) => values + (Lags * LagWidth(scores, isClassification));

    internal static int LagWidth(int scores, bool isClassification) => isClassification && scores == 2 ? 1 : scores;
}
