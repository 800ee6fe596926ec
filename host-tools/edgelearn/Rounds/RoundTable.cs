using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary>Rounds as people read them: one row each.</summary>
static class RoundTable
{
    /// <summary>Prints the rows, and below them why rounds were abandoned or updates refused.</summary>
    public static void Write(IReadOnlyList<RoundResult> rounds, TextWriter output)
    {
        var table = new TextTable("round", "accuracy", "up", "down", "updates", "reported", "seconds", "codec", "state", "model");
        foreach (var round in rounds)
        {
            table.Add(
                $"{round.Round}", Figures.Fraction(round.Accuracy), Figures.Bytes(round.BytesUp), Figures.Bytes(round.BytesDown),
                Figures.Bytes(round.UpdateBytesUp),
                $"{round.Reported}/{round.Expected}", Figures.Tenths(round.Seconds), round.Codec, round.State,
                round.ModelVersion == 0 ? Figures.None : $"v{round.ModelVersion}");
        }

        table.Write(output);
        foreach (var round in rounds)
        {
            if (round.Reason is { } reason) output.WriteLine($"round {round.Round} was abandoned: {reason}");
            if (round.Refused.Count > 0)
            {
                output.WriteLine($"round {round.Round} "
                    + $"refused {string.Join(", ", round.Refused.Select(pair => $"{pair.Value} {pair.Key}"))}");
            }
        }
    }

    /// <summary>A round in one line.</summary>
    public static string Line(RoundResult round)
    {
        string outcome = round.State == "committed"
            ? $"{(round.Accuracy is { } accuracy ? $"accuracy {Figures.Fraction(accuracy)}, " : "")}{round.Reported}/{round.Expected} "
                + $"boards, {Figures.Bytes(round.BytesUp)} up, {Figures.Bytes(round.BytesDown)} down, {Figures.Tenths(round.Seconds)} s"
            : round.Reason ?? $"{round.Reported}/{round.Expected} boards";
        return $"round {round.Round} {round.State}: {outcome}";
    }
}
