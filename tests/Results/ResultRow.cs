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
