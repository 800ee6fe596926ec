namespace EdgeLearn.Benchmarks;

/// <summary>How long and how often contenders take turns.</summary>
/// <param name="Rounds">values of each contender</param>
/// <param name="Cycles">turns of each contender in a round</param>
/// <param name="BlockMs">length of a turn</param>
readonly record struct Pace(int Rounds, int Cycles, double BlockMs);

/// <summary>
/// Lets contenders take turns in short blocks, so that whatever else the machine does meets all of them alike. A contender's value in a
/// round is the median of its blocks; ratios are taken inside a round and only then summarised.
/// </summary>
static class Interleaving
{
    /// <summary>Microseconds of a step, [contender][round].</summary>
    public static double[][] Measure(IReadOnlyList<Contender> contenders, Pace pace, CancellationToken stop)
    {
        double[][] values = contenders.Select(_ => new double[pace.Rounds]).ToArray();
        double[][] blocks = contenders.Select(_ => new double[pace.Cycles]).ToArray();
        for (int round = -1; round < pace.Rounds; round++)
        {
            foreach (var contender in contenders) contender.BeginRound();
            // Round -1 warms up: one turn each.
            for (int cycle = 0; cycle < (round < 0 ? 1 : pace.Cycles); cycle++)
            {
                for (int i = 0; i < contenders.Count; i++)
                {
                    stop.ThrowIfCancellationRequested();
                    blocks[i][cycle] = contenders[i].MedianMicroseconds(pace.BlockMs);
                }
            }

            for (int i = 0; round >= 0 && i < contenders.Count; i++) values[i][round] = Spread.Of(blocks[i]).Median;
        }

        return values;
    }
}
