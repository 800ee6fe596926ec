namespace EdgeLearn.Results;

/// <summary>A job that has ended, as it is stored.</summary>
/// <param name="Row">the row's name</param>
/// <param name="Job">the job's name</param>
/// <param name="Key">digest of row, job, settings and program</param>
/// <param name="Seconds">wall time</param>
/// <param name="Values">by name</param>
/// <param name="Failure">why it has no values, such as a loss that ran away; null when it has</param>
sealed record ResultEntry(string Row, string Job, string Key, double Seconds, IReadOnlyDictionary<string, double> Values, string? Failure);
