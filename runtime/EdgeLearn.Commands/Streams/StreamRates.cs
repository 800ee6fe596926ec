namespace EdgeLearn.Commands;

/// <summary>Rates that learned side by side.</summary>
/// <param name="Chosen">whose answers were best lately</param>
/// <param name="Candidates">all of them</param>
/// <param name="Losses">mean loss of the answers of each lately</param>
public sealed record StreamRates(float Chosen, IReadOnlyList<float> Candidates, IReadOnlyList<double> Losses);
