namespace EdgeLearn;

/// <summary>
/// How a step takes its batch through a network: in stretches of neighbouring units, each of which sees the batch a few rows at a time.
/// Units need no signal from each other and everything in a step uses the weights from before it, so every cut computes the same step; it
/// only takes other memory. What the last unit of a stretch leaves is kept for the whole batch, so are the sums of the gradients of its
/// weights; all else is as short as the rows.
/// </summary>
/// <param name="Stretches">first to last; the units of each follow those of the one before</param>
readonly record struct StepCut(IReadOnlyList<Stretch> Stretches)
{
    /// <summary>
    /// Whether what scores a large vocabulary takes some words for all steps, and makes the scores twice, in place of all words for some
    /// steps: then neither the scores nor the gradient of its weights are ever there as a whole.
    /// </summary>
    public bool ByWords { get; init; }

    /// <summary>Whether the two signs of a probe go through the network one after the other, see <c>--signs-in-turn</c>.</summary>
    public bool SignsInTurn { get; init; }

    /// <summary>
    /// Whether the last hidden unit learns behind the last, which reads its output: then nobody needs the output any more, and the gradient
    /// is written over it.
    /// </summary>
    public bool OverOutput { get; init; }

    /// <summary>
    /// Whether signs and places of maxima are kept as bits in place of the maps that have them (<see cref="Layer.LeavesMarks"/>), layers
    /// write over their inputs where they can, and what a unit's objective and the next unit both read is made once, by the unit.
    /// </summary>
    public bool IsCompact { get; init; }

    /// <summary>Each unit a stretch of its own that sees the whole batch, so that its gradients are used up as they are formed.</summary>
    public static StepCut Whole(int units, int batch) => new([.. Enumerable.Range(0, units).Select(u => new Stretch(u, u + 1, batch))]);

    /// <summary>In words, such as <c>units 1-2 by 8 rows at a time</c>; empty when every stretch sees the whole batch.</summary>
    /// <param name="batch">rows of the whole</param>
    public string Describe(int batch) => string.Join(", ", (IEnumerable<string>)
        [
            .. DescribeStretches(batch),
            .. ByWords ? ["the vocabulary by blocks of words"] : (string[])[],
            .. SignsInTurn ? ["the two signs of a probe in turn"] : (string[])[],
            .. OverOutput ? ["the last hidden gradient over its output"] : (string[])[],
            .. IsCompact ? ["signs and maxima kept as bits"] : (string[])[],
        ]);

    IEnumerable<string> DescribeStretches(int batch) => Stretches.Where(stretch => stretch.Rows < batch).Select(stretch
        => (stretch.End - stretch.First == 1 ? $"unit {stretch.End}" : $"units {stretch.First + 1}-{stretch.End}")
            + $" by {stretch.Rows} row{(stretch.Rows == 1 ? "" : "s")} at a time");
}

/// <summary>Neighbouring units that see the same rows at a time.</summary>
/// <param name="First">index of the first unit</param>
/// <param name="End">index behind the last</param>
/// <param name="Rows">rows at a time, at most the batch</param>
readonly record struct Stretch(int First, int End, int Rows);
