namespace EdgeLearn.Commands;

/// <summary>Where a run was stopped.</summary>
/// <param name="Step">steps done</param>
/// <param name="Of">steps of the whole run</param>
public sealed record StoppedResult(long Step, long Of);
