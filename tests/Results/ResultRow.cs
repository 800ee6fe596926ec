namespace EdgeLearn.Results;

/// <summary>
/// One row of docs/results.md, or one small table of it: it says what has to be computed, in jobs, and writes itself from their values. A
/// row that needs nothing but numbers known beforehand has no jobs.
/// </summary>
/// <param name="Name">what <c>--only</c> selects it by, and its heading in the store</param>
abstract record ResultRow(string Name)
{
    /// <summary>The heading that it stands under; rows with the same heading follow each other.</summary>
    public abstract string Section { get; }

    /// <summary>
    /// What stands once under the heading, before the first of its rows: a sentence, or the head of the table that the rows belong to. May
    /// be empty.
    /// </summary>
    public virtual string Head => "";

    /// <summary>What has to be computed.</summary>
    /// <param name="scope">seeds, shortcuts, and the data, which jobs share</param>
    /// <exception cref="EdgeLearnException">Its data is not on this machine.</exception>
    public abstract IEnumerable<ResultJob> Jobs(ResultScope scope);

    /// <summary>Writes the row.</summary>
    /// <param name="scope">as the jobs were made with</param>
    /// <param name="values">of its jobs; all of them have ended</param>
    /// <param name="document">takes text, targets and pictures</param>
    public abstract void Render(ResultScope scope, ResultValues values, ResultDocument document);
}

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
