namespace EdgeLearn.Results;

/// <summary>
/// The smallest piece of work of <c>results</c>: one run of one rule with one seed. Runs on one thread beside others, and is stored as soon
/// as it has ended.
/// </summary>
/// <param name="Row">the row's name</param>
/// <param name="Name">tells it from the row's other jobs, such as <c>tpsgd seed 1</c></param>
/// <param name="Settings">everything its values depend on beside the program: network, rule, rates, data. A stored job with other settings
/// is run again</param>
/// <param name="Cost">multiply-adds, roughly: orders the jobs and tells the time left</param>
/// <param name="Run">computes its values by name; shares nothing with other jobs that it changes</param>
sealed record ResultJob(string Row, string Name, string Settings, double Cost,
    Func<CancellationToken, IReadOnlyDictionary<string, double>> Run);
